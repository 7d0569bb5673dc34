package quickbooks

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"regexp"
	"strings"
)

// codePattern is what we accept as a code: anything else is foreign text that
// must not reach a log.
var (
	codePattern    = regexp.MustCompile(`^-?[A-Za-z0-9_.]{1,40}$`)
	elementPattern = regexp.MustCompile(`^[A-Za-z0-9_.\[\]]{1,80}$`)
	tidPattern     = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,80}$`)
)

// faultBody is a fault in any of its documented casings: JSON's matching of
// names ignores case, so Fault and fault, Error and error are the same.
type faultBody struct {
	Error json.RawMessage `json:"Error"`
	Type  looseText       `json:"type"`
}

type errorBody struct {
	Message looseText `json:"Message"`
	Detail  looseText `json:"Detail"`
	Code    looseText `json:"code"`
	Element looseText `json:"element"`
}

// looseText is a string that some gateways write as a number or leave null.
type looseText string

// UnmarshalJSON accepts any scalar, and takes anything else for nothing.
func (t *looseText) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case json.Unmarshal(b, &s) == nil:
		*t = looseText(s)
	case len(b) > 0 && b[0] != '{' && b[0] != '[':
		*t = looseText(b)
	default:
		*t = ""
	}
	return nil
}

// parseFault reads the fault out of a whole body, JSON or XML, and returns nil
// when there is none.
func parseFault(body []byte, status int, tid string) *Fault {
	body = bytes.TrimPrefix(bytes.TrimSpace(body), []byte("\ufeff"))
	if len(body) == 0 {
		return nil
	}
	if body[0] == '<' {
		return parseXMLFault(body, status, tid)
	}
	var envelope struct {
		Fault            json.RawMessage `json:"Fault"`
		Error            json.RawMessage `json:"error"`
		Errors           json.RawMessage `json:"errors"`
		ErrorDescription looseText       `json:"error_description"`
	}
	if !readable(body, &envelope) {
		return nil
	}
	if isObject(envelope.Fault) {
		return decodeFault(envelope.Fault, status, tid)
	}
	var word string
	if json.Unmarshal(envelope.Error, &word) == nil && word != "" {
		return newFault("", []Complaint{{Code: word, Detail: string(envelope.ErrorDescription)}}, status, tid)
	}
	for _, list := range []json.RawMessage{envelope.Error, envelope.Errors} {
		if complaints := decodeComplaints(list); len(complaints) > 0 {
			return newFault("", complaints, status, tid)
		}
	}
	return nil
}

// decodeFault reads the value of a Fault member, in an envelope or in an item of
// a batch.
func decodeFault(raw json.RawMessage, status int, tid string) *Fault {
	var fault faultBody
	if json.Unmarshal(raw, &fault) != nil {
		return newFault("", nil, status, tid)
	}
	return newFault(string(fault.Type), decodeComplaints(fault.Error), status, tid)
}

// decodeComplaints reads a list of errors, or a single one without its list.
func decodeComplaints(raw json.RawMessage) []Complaint {
	var list []errorBody
	if !readable(raw, &list) {
		var one errorBody
		if !isObject(raw) || !readable(raw, &one) {
			return nil
		}
		list = []errorBody{one}
	}
	complaints := make([]Complaint, 0, len(list))
	for _, e := range list {
		complaints = append(complaints, Complaint{
			Code: string(e.Code), Message: string(e.Message), Detail: string(e.Detail), Element: string(e.Element),
		})
	}
	return complaints
}

// parseXMLFault reads the form in which throttling is sometimes answered, with
// or without a namespace, whatever element it is wrapped in.
func parseXMLFault(body []byte, status int, tid string) *Fault {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, _ := decoder.Token()
		if token == nil {
			return nil // the end, or no XML
		}
		start, ok := token.(xml.StartElement)
		if !ok || !strings.EqualFold(start.Name.Local, "Fault") {
			continue
		}
		var fault struct {
			Type   string `xml:"type,attr"`
			Errors []struct {
				Code    string `xml:"code,attr"`
				Element string `xml:"element,attr"`
				Message string `xml:"Message"`
				Detail  string `xml:"Detail"`
			} `xml:"Error"`
		}
		if err := decoder.DecodeElement(&fault, &start); err != nil {
			return nil //nolint:nilerr // what cannot be read is no fault
		}
		var complaints []Complaint
		for _, e := range fault.Errors {
			complaints = append(complaints, Complaint{Code: e.Code, Message: e.Message, Detail: e.Detail, Element: e.Element})
		}
		return newFault(fault.Type, complaints, status, tid)
	}
}

// newFault cleans what came from outside: codes lose their leading zeros, and
// anything that does not look like a code or a field name is dropped.
func newFault(kind string, complaints []Complaint, status int, tid string) *Fault {
	for i, c := range complaints {
		complaints[i].Code = normaliseCode(c.Code)
		if !elementPattern.MatchString(c.Element) {
			complaints[i].Element = ""
		}
	}
	fault := &Fault{Type: kind, HTTPStatus: status, TID: tid, All: complaints}
	if len(complaints) > 0 {
		first := complaints[0]
		fault.Code, fault.Message, fault.Detail, fault.Element = first.Code, first.Message, first.Detail, first.Element
	}
	return fault
}

// normaliseCode makes 003001 and 3001 one code.
func normaliseCode(code string) string {
	code = strings.TrimSpace(code)
	if !codePattern.MatchString(code) {
		return ""
	}
	if trimmed := strings.TrimLeft(code, "0"); trimmed != "" && trimmed[0] >= '1' && trimmed[0] <= '9' {
		return trimmed
	}
	return code
}

// tidOf returns the number that Intuit's support asks for.
func tidOf(h http.Header) string {
	if tid := h.Get("Intuit_tid"); tidPattern.MatchString(tid) {
		return tid
	}
	return ""
}

// readable decodes what may well be something else; why it is not does not
// matter to anyone.
func readable(raw []byte, into any) bool { return json.Unmarshal(raw, into) == nil }

func isObject(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) > 0 && raw[0] == '{'
}
