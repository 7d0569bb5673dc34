package engine

import (
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Database is where a statement runs whose request names no database. The
// engine makes it at the first start. It is not ClickHouse's "default", which
// libchdb overlays with the files of the working directory: a file there could
// pose as a table.
const Database = "tieout"

// maxStatement bounds the text of a statement, which is held in memory; rows
// that follow an INSERT in the body of a request are not part of it.
const maxStatement = 64 << 20

// A statement is one request, understood.
type statement struct {
	outline
	sql      string            // the whole text
	database string            // where it runs
	format   string            // of the answer, unless the text names one
	settings map[string]string // what its request sets
	params   map[string]string // {name:Type} values
	revision uint64            // of the Native format, as the client asked
	rows     io.Reader         // an INSERT's data from the body; nil when there is none
}

// carrier are the parameters of ClickHouse's HTTP interface that are neither
// settings nor values: they concern the transport, and it has none here.
func carrier(name string) bool {
	switch name {
	case "query", "database", "default_format", "client_protocol_version", "query_id", "wait_end_of_query",
		"buffer_size", "user", "password", "quota_key", "compress", "decompress", "enable_http_compression",
		"network_compression_method", "network_zstd_compression_level", "send_progress_in_http_headers",
		"cancel_http_readonly_queries_on_client_close", "add_http_cors_header", "close_session", "session_timeout",
		"session_check", "stacktrace", "role":
		return true
	}
	return strings.HasPrefix(name, "http_")
}

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// parse reads a request. What it refuses is an [*Exception].
func parse(req *http.Request) (*statement, error) {
	query, err := url.ParseQuery(req.URL.RawQuery)
	if err != nil {
		return nil, raise(codeBadArguments, "BAD_ARGUMENTS", "the URL cannot be read: "+err.Error())
	}
	if err := refuse(req, query); err != nil {
		return nil, err
	}
	s := &statement{
		database: cmp.Or(query.Get("database"), Database),
		format:   cmp.Or(query.Get("default_format"), req.Header.Get("X-ClickHouse-Format"), "TabSeparated"),
	}
	if !settingName.MatchString(s.format) {
		return nil, raise(codeBadArguments, "BAD_ARGUMENTS", "the format's name cannot be right: "+strconv.Quote(s.format))
	}
	if version := query.Get("client_protocol_version"); version != "" {
		if s.revision, err = strconv.ParseUint(version, 10, 32); err != nil {
			return nil, raise(codeBadArguments, "BAD_ARGUMENTS", "client_protocol_version is not a number")
		}
	}
	if s.settings, s.params, err = variables(query); err != nil {
		return nil, err
	}
	if err := s.read(req, query); err != nil {
		return nil, err
	}
	return s, nil
}

// refuse names what the engine does not serve, rather than serve it wrongly.
func refuse(req *http.Request, query url.Values) error {
	on := func(name string) bool {
		return query.Get(name) != "" && query.Get(name) != "0" && query.Get(name) != "false"
	}
	encoding := req.Header.Get("Content-Encoding")
	switch {
	case on("compress"), on("decompress"):
		return unsupported("native compression (LZ4, ZSTD) is not served: nothing leaves this machine; set the client's compression to none")
	case !slices.Contains([]string{"", "identity", "gzip"}, encoding):
		return unsupported("the request's encoding is not served: " + strconv.Quote(encoding))
	case query.Get("session_id") != "":
		return unsupported("sessions are not served: each statement stands alone")
	case strings.HasPrefix(req.Header.Get("Content-Type"), "multipart/"):
		return unsupported("external tables are not served")
	}
	return nil
}

func unsupported(text string) error { return raise(codeNotImplemented, "NOT_IMPLEMENTED", text) }

// variables splits the URL into settings and the values of {name:Type}.
func variables(query url.Values) (settings, params map[string]string, err error) {
	settings, params = map[string]string{}, map[string]string{}
	for name, values := range query {
		value := values[len(values)-1]
		if param, ok := strings.CutPrefix(name, "param_"); ok {
			params[param] = value
			continue
		}
		if carrier(name) {
			continue
		}
		if !settingName.MatchString(name) {
			return nil, nil, raise(codeBadArguments, "BAD_ARGUMENTS", "not a setting: "+strconv.Quote(name))
		}
		settings[name] = value
	}
	return settings, params, nil
}

// read finds the statement's text, which is in the URL, in the body or begins
// in the one and ends in the other, and leaves an INSERT's data to be streamed.
func (s *statement) read(req *http.Request, query url.Values) error {
	body := io.Reader(req.Body)
	if req.Body == nil {
		body = http.NoBody
	}
	if req.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			return raise(codeBadArguments, "BAD_ARGUMENTS", "the body is not gzip: "+err.Error())
		}
		body = unpacked
	}
	s.sql = query.Get("query")
	s.outline = sketch(s.sql)
	if s.insert && (s.outline.format != "" || s.sql != "") {
		s.rows = body
		return s.check()
	}
	rest, err := io.ReadAll(io.LimitReader(body, maxStatement+1))
	if err != nil {
		return fmt.Errorf("read the statement: %w", err)
	}
	if len(rest) > maxStatement {
		return raise(codeBadArguments, "BAD_ARGUMENTS", "the statement is longer than 64 MiB; send the rows in the body of an INSERT whose text is in the URL")
	}
	if len(rest) > 0 {
		s.sql = strings.TrimPrefix(s.sql+"\n"+string(rest), "\n")
		s.outline = sketch(s.sql)
	}
	return s.check()
}

func (s *statement) check() error {
	switch {
	case s.verb == "":
		return raise(codeSyntaxError, "SYNTAX_ERROR", "Empty query")
	case s.many:
		return raise(codeSyntaxError, "SYNTAX_ERROR", "Multi-statements are not allowed")
	}
	return nil
}

// source returns the format and the rows of an INSERT: those in its text, then
// those in the body.
func (s *statement) source() (format string, rows io.Reader) {
	rows = strings.NewReader(s.data)
	if s.rows != nil {
		rows = io.MultiReader(rows, s.rows)
	}
	return cmp.Or(s.outline.format, "Values"), rows
}

// output returns the format of the answer.
func (s *statement) output() string { return cmp.Or(s.outline.format, s.format) }

// streams reports whether the answer can be passed on block by block: the
// statement gives rows, and its format has nothing before or after them.
func (s *statement) streams() bool {
	switch s.output() {
	case "Native", "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "CSV", "JSONEachRow", "RowBinary", "JSONCompactEachRow":
		return s.reads()
	}
	return false
}
