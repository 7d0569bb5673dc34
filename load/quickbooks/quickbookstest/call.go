package quickbookstest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// call is one request on its way.
type call struct {
	server *Server
	gone   <-chan struct{} // closed when the client went away
	method string
	path   string
	host   string
	secure bool
	params url.Values
	header http.Header
	body   []byte

	kind  string // what it asks for: see [Trouble].On
	tid   string // intuit_tid
	realm *realm
	app   string // client id behind the access token
	rest  []string
	items []Trouble // faults for single items
}

// begin numbers and classifies the call.
func (c *call) begin() {
	c.server.tids++
	c.tid = fmt.Sprintf("1-%08x-%024x", c.server.now().Unix(), c.server.tids)
	c.kind = c.classify()
	c.server.stats.Requests[c.kind]++
}

func (c *call) tidHeader(h http.Header) http.Header {
	h = maps.Clone(h)
	if h == nil {
		h = make(http.Header)
	}
	h.Set("intuit_tid", c.tid)
	return h
}

func (c *call) classify() string {
	switch {
	case c.path == "/oauth2/v1/tokens/bearer":
		return "token"
	case c.path == "/v2/oauth2/tokens/revoke":
		return "revoke"
	case c.path == "/connect/oauth2":
		return "authorize"
	case strings.HasPrefix(c.path, "/.well-known/"):
		return "discovery"
	case strings.HasPrefix(c.path, downloadPath):
		return "attachment"
	}
	parts := strings.Split(strings.Trim(c.path, "/"), "/")
	if len(parts) < 4 || parts[0] != "v3" || parts[1] != "company" {
		return "other"
	}
	c.rest = parts[2:]
	switch what := strings.ToLower(parts[3]); {
	case what == "batch", what == "query", what == "cdc", what == "upload":
		return what
	case c.method == http.MethodGet:
		return "read"
	case c.params.Get("operation") == "delete":
		return "delete"
	default:
		return "write"
	}
}

// dispatch answers the call. The server is locked.
func (c *call) dispatch() answer {
	switch c.kind {
	case "token":
		return c.exchange()
	case "revoke":
		return c.revoke()
	case "authorize":
		return c.authorize()
	case "discovery":
		return c.discovery()
	case "attachment":
		return c.attachment()
	case "other":
		return answer{status: http.StatusNotFound, contentType: "text/plain", body: []byte("no such page")}
	}
	if a, refused := c.admit(); refused {
		return a
	}
	a := c.company()
	if a.status == http.StatusOK {
		c.server.stats.meter(c)
	}
	return a
}

// admit checks what the gateway checks, in its order: token, company, throttle,
// form of the request.
func (c *call) admit() (answer, bool) {
	if fault := c.authenticate(); fault != nil {
		c.server.stats.Unauthorized++
		return c.gateway(fault), true
	}
	if fault := c.throttled(); fault != nil {
		c.server.stats.Throttled++
		return c.faulted(fault), true
	}
	if fault := c.realm.refuses(c); fault != nil {
		return c.faulted(fault), true
	}
	if strings.Contains(c.header.Get("Accept"), "application/xml") {
		// The service speaks XML as well; the simulator does not.
		return answer{status: http.StatusNotAcceptable, contentType: "text/plain", body: []byte("no XML here")}, true
	}
	if c.kind != "upload" && !utf8.Valid(c.body) {
		return c.faulted(refuse("500", "Unsupported Operation : MalformedByteSequence: Invalid byte of a UTF-8 sequence", "")), true
	}
	return answer{}, false
}

// company answers inside a company.
func (c *call) company() answer {
	switch c.kind {
	case "batch":
		return c.batch()
	case "query":
		return c.query()
	case "cdc":
		return c.changes()
	case "upload":
		return c.upload()
	case "read":
		return c.read()
	default:
		return c.single()
	}
}

func (c *call) read() answer {
	entity, id := strings.ToLower(c.rest[1]), ""
	if len(c.rest) > 2 {
		id = c.rest[2]
	}
	switch {
	case entity == "preferences" && id == "":
		return c.ok(object{"Preferences": c.realm.preferences()})
	case entity == "companyinfo" && id == c.realm.ID:
		return c.ok(object{"CompanyInfo": c.realm.companyInfo()})
	case entity == "download":
		return c.download(id)
	}
	k := c.realm.kindOf(entity)
	if k == nil || len(c.rest) != 3 {
		return c.faulted(refuse("500", "Operation is not supported.", c.rest[1]))
	}
	rec := c.realm.tables[k.name].byID[id]
	switch {
	case !numeric(id):
		return c.faulted(unusableID(id, "Id"))
	case rec == nil:
		return c.faulted(notFound(id))
	case rec.deleted:
		return c.faulted(deletedByOther(k))
	}
	return c.ok(object{k.name: c.dressed(rec.obj)})
}

func (c *call) query() answer {
	statement := c.params.Get("query")
	if c.method == http.MethodPost {
		kind, _, _ := strings.Cut(c.header.Get("Content-Type"), ";")
		if kind != "application/text" && kind != "text/plain" { // assumed: text/plain works as well
			return c.faulted(refuse("500", "Unsupported Operation : a query is posted as application/text", ""))
		}
		statement = string(c.body)
	}
	response, fault := c.realm.search(statement, 0)
	if fault != nil {
		return c.faulted(fault)
	}
	return c.ok(object{"QueryResponse": c.dressedRows(response)})
}

// ok answers 200 with body and the time.
func (c *call) ok(body object) answer {
	return answer{status: http.StatusOK, contentType: "application/json;charset=UTF-8", body: mustJSON(with(body, "time", c.server.answerTime()))}
}

// faulted answers with a fault of the books.
func (c *call) faulted(f *Fault) answer {
	if c.realm != nil {
		f = f.in(c.realm.Language)
	}
	body := object{"Fault": f, "time": c.server.answerTime()}
	return answer{status: f.status, contentType: "application/json;charset=UTF-8", body: mustJSON(body)}
}

// gateway answers with a fault of the gateway, which spells its body in lower
// case.
func (c *call) gateway(f *Fault) answer {
	header := make(http.Header)
	if f.status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Bearer realm="Intuit", error="invalid_token"`)
	}
	return answer{
		status: f.status, header: header, contentType: "application/json",
		body: gatewayBody(f, c.server.now().UnixMilli()),
	}
}
