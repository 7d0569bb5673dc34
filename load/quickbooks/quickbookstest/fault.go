package quickbookstest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// Fault is QuickBooks declining a request: what stands under "Fault".
type Fault struct {
	Errors []FaultError `json:"Error"`
	Type   string       `json:"type"`

	status int
}

// FaultError is one entry of a [Fault].
type FaultError struct {
	Message string `json:"Message"`
	Detail  string `json:"Detail"`
	Code    string `json:"code"`
	Element string `json:"element"`
}

// code is the first error's.
func (f *Fault) code() string { return f.Errors[0].Code }

// refuse builds a fault in the company's language.
func refuse(code, detail, element string) *Fault {
	text := faultText(code)
	if detail == "" {
		detail = text.message
	}
	return &Fault{
		Errors: []FaultError{{Message: text.message, Detail: detail, Code: code, Element: element}},
		Type:   text.kind,
		status: text.status,
	}
}

// in translates the messages that were seen translated. Details are left, for
// clients read ids from them, but for that of 610, which has none: a client must
// not decide by words.
func (f *Fault) in(language string) *Fault {
	for i := range f.Errors {
		message, ok := translated(language, f.Errors[i].Code)
		if !ok {
			continue
		}
		f.Errors[i].Message = message
		if f.Errors[i].Code == "610" {
			f.Errors[i].Detail = message
		}
	}
	return f
}

type faultWords struct {
	message string
	kind    string
	status  int
}

// faultText is the catalogue: every code that the simulator can be asked for.
func faultText(code string) faultWords {
	message, known := faultMessages()[code]
	if !known {
		message = "Business Validation Error"
	}
	words := faultWords{message: message, kind: "ValidationFault", status: http.StatusBadRequest}
	switch code {
	case "100", "110", "3200", "3202":
		words.kind, words.status = "AUTHENTICATION", http.StatusUnauthorized
	case "120": // with this status, as Intuit's list of frequent errors has it
		words.kind, words.status = "AuthorizationFault", http.StatusUnauthorized
	case "3100", "5020":
		words.kind, words.status = "AuthorizationFault", http.StatusForbidden
	case "3001", "003001":
		words.kind, words.status = "SERVICE", http.StatusTooManyRequests
	case "10000":
		words.kind, words.status = "SystemFault", http.StatusInternalServerError
	case "130", "150":
		words.kind, words.status = "SystemFault", http.StatusServiceUnavailable
	}
	return words
}

// translated returns the localised message of a code. Only the French 6240 was
// recorded live; the others are our own words.
func translated(language, code string) (string, bool) {
	words := map[string]map[string]string{
		"fr": {
			"6240": "Nom en double", "6140": "Numéro de document en double", "5010": "Objet périmé",
			"2020": "Paramètre requis manquant", "610": "Objet introuvable", "6210": "Période comptable fermée",
			"2500": "Identifiant de référence non valide", "6000": "Une erreur de validation s'est produite",
		},
		"es": {
			"6240": "Nombre duplicado", "6140": "Número de documento duplicado", "5010": "Objeto obsoleto",
			"2020": "Falta un parámetro obligatorio", "610": "Objeto no encontrado", "6210": "Período contable cerrado",
			"2500": "Identificador de referencia no válido", "6000": "Se produjo un error de validación",
		},
	}
	message, ok := words[language][code]
	return message, ok
}

// gatewayBody is the lower-case body that the gateway answers with, before a
// request reaches the books.
func gatewayBody(f *Fault, millis int64) []byte {
	type gatewayError struct {
		Message string  `json:"message"`
		Detail  string  `json:"detail"`
		Code    string  `json:"code"`
		Element *string `json:"element"`
	}
	errs := make([]gatewayError, 0, len(f.Errors))
	for _, e := range f.Errors {
		errs = append(errs, gatewayError{Message: e.Message, Detail: e.Detail, Code: e.Code})
	}
	return mustJSON(map[string]any{
		"warnings": nil, "intuitObject": nil,
		"fault":  map[string]any{"error": errs, "type": f.Type},
		"report": nil, "queryResponse": nil, "batchItemResponse": []any{}, "attachableResponse": []any{},
		"syncErrorResponse": nil, "requestId": nil, "time": millis, "status": nil, "cdcresponse": []any{},
	})
}

// mustJSON encodes what the simulator itself built, which cannot fail.
func mustJSON(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

// FaultCodes lists every code that the simulator has words for. Any of them can
// be asked for with [Code].
func FaultCodes() []string { return slices.Sorted(maps.Keys(faultMessages())) }
