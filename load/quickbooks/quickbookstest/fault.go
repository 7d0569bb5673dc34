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

// in translates the messages that were seen translated. Details are left: what
// clients read from them are ids.
func (f *Fault) in(language string) *Fault {
	for i := range f.Errors {
		if message, ok := translated(language, f.Errors[i].Code); ok {
			f.Errors[i].Message = message
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
	case "120", "3100", "5020":
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

func faultMessages() map[string]string {
	return map[string]string{
		"100": "General Authentication Error", "110": "OAuth Authentication Error", "120": "Authorization Failure",
		"130": "Wrong Cluster", "140": "Company Locked Out", "150": "Company Under Maintenance",
		"500": "Unsupported Operation", "600": "Duplicate Request Id", "610": "Object Not Found",
		"620": "Transaction Cannot Be Linked", "630": "Duplicate Object", "800": "Cannot Delete Object",
		"1040": "Batch size exceeds allowed limit", "2010": "Request has invalid or unsupported property",
		"2020": "Required param missing, need to supply the required value for the API", "2030": "Invalid ID",
		"2040": "Invalid String. The string contains unsupported or illegal chars",
		"2050": "String length is either shorter or longer than supported by specification",
		"2060": "Invalid Date Format", "2070": "Invalid Date", "2080": "Invalid Number", "2090": "Number Too Small",
		"2100": "Number Too Large", "2110": "Number Format Error", "2130": "Invalid Request Id",
		"2140": "Invalid Amount", "2170": "Invalid Enumeration", "2210": "Invalid Email Address format",
		"2220": "Invalid Currency", "2290": "Negative amounts aren't supported on transaction lines",
		"2500": "Invalid Reference Id", "3001": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
		"003001": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
		"3100":   "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
		"3200":   "message=AuthenticationFailed; errorCode=003200; statusCode=401",
		"3202":   "message=EmptyField; errorCode=003202; statusCode=401",
		"4000":   "Error parsing query", "4001": "Invalid query", "4002": "Query failed",
		"5010": "Stale Object Error", "5020": "Permission Denied Error", "5030": "Feature Not Supported Error",
		"6000": "A business validation error has occurred while processing your request",
		"6030": "Upload Too Large", "6040": "Invalid Upload Metadata", "6041": "Unsupported File Type",
		"6050": "Unsupported Entity Type", "6070": "Amount is not equal to UnitPrice * Qty",
		"6080": "No Name Provided", "6100": "Invalid Tax Code", "6140": "Duplicate Document Number Error",
		"6160": "Invalid Tax Rate", "6170": "Invalid Tax Detail", "6190": "Invalid Company Status",
		"6200": "Account Period Closed", "6210": "Account Period Closed, Cannot Update Through Services API",
		"6220": "Object Has Balance", "6240": "Duplicate Name Exists Error", "6250": "Invalid Customer",
		"6310": "Customer Missing", "6430": "Invalid Account Type", "6440": "Account Or Item Missing",
		"6480": "Matched Transaction", "10000": "System Fault", "10100": "Result Set Too Large",
		"10200": "Company Reset",
	}
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
