package engine_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tieout/tieout/schema/engine"
)

func TestSketch(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, sql                string
		verb, format, head, data string
		insert, many             bool
	}{
		{name: "Select", sql: "select 1", verb: "SELECT", head: "select 1"},
		{name: "Comments", sql: "-- select\n/* insert */ WITH 1 AS x SELECT x", verb: "WITH", head: "-- select\n/* insert */ WITH 1 AS x SELECT x"},
		{name: "FormatOfASelect", sql: "SELECT 1 FORMAT JSON", verb: "SELECT", format: "JSON", head: "SELECT 1 FORMAT JSON"},
		{name: "FormatInBrackets", sql: "SELECT * FROM (SELECT 1 AS FORMAT)", verb: "SELECT", head: "SELECT * FROM (SELECT 1 AS FORMAT)"},
		{name: "FormatInText", sql: "SELECT ' FORMAT JSON'", verb: "SELECT", head: "SELECT ' FORMAT JSON'"},
		{name: "InsertFormat", sql: "INSERT INTO t (a, values) FORMAT Native", verb: "INSERT", format: "Native", head: "INSERT INTO t (a, values) ", insert: true},
		{name: "InsertData", sql: "insert into t format TSV\n1\t;2\n", verb: "INSERT", format: "TSV", head: "insert into t ", data: "1\t;2\n", insert: true},
		{name: "InsertValues", sql: "INSERT INTO `values` VALUES ('a;b'), (2)", verb: "INSERT", format: "Values", head: "INSERT INTO `values` ", data: "('a;b'), (2)", insert: true},
		{name: "InsertSettings", sql: "INSERT INTO t SETTINGS x = 'VALUES' VALUES (1)", verb: "INSERT", format: "Values", head: "INSERT INTO t SETTINGS x = 'VALUES' ", data: "(1)", insert: true},
		{name: "InsertSelect", sql: "INSERT INTO t SELECT 1", verb: "INSERT", head: "INSERT INTO t SELECT 1"},
		{name: "Trailing", sql: "SELECT 1;\n-- done", verb: "SELECT", head: "SELECT 1;\n-- done"},
		{name: "Several", sql: "SELECT ';'; DROP TABLE t", verb: "SELECT", head: "SELECT ';'; DROP TABLE t", many: true},
		{name: "EscapedQuote", sql: `SELECT 'it\'s; x', 'it''s; y'`, verb: "SELECT", head: `SELECT 'it\'s; x', 'it''s; y'`},
		{name: "Nothing", sql: " \n-- x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			verb, format, head, data, insert, many := engine.Sketch(test.sql)
			if test.head == "" {
				head = ""
			}
			require.Equal(t, []any{test.verb, test.format, test.head, test.data, test.insert, test.many},
				[]any{verb, format, head, data, insert, many})
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	request := func(query url.Values, body string) *http.Request {
		return httptest.NewRequest(http.MethodPost, "/?"+query.Encode(), strings.NewReader(body))
	}

	t.Run("SplitsTheURL", func(t *testing.T) {
		t.Parallel()
		sql, database, settings, params, err := engine.Parse(request(url.Values{
			"database": {"acme"}, "default_format": {"Native"}, "client_protocol_version": {"54485"}, "query_id": {"q"},
			"max_threads": {"2"}, "param_x": {"1"}, "http_make_head_request": {"0"}, "wait_end_of_query": {"1"},
		}, "SELECT {x:Int64}"))
		require.NoError(t, err)
		require.Equal(t, "SELECT {x:Int64}", sql)
		require.Equal(t, "acme", database)
		require.Equal(t, map[string]string{"max_threads": "2"}, settings)
		require.Equal(t, map[string]string{"x": "1"}, params)
	})
	t.Run("HasADatabaseOfItsOwn", func(t *testing.T) {
		t.Parallel()
		_, database, _, _, err := engine.Parse(request(nil, "SELECT 1"))
		require.NoError(t, err)
		require.Equal(t, engine.Database, database)
	})
	t.Run("JoinsURLAndBody", func(t *testing.T) {
		t.Parallel()
		sql, _, _, _, err := engine.Parse(request(url.Values{"query": {"SELECT"}}, "1"))
		require.NoError(t, err)
		require.Equal(t, "SELECT\n1", sql)
	})
	t.Run("RefusesWhatItCannotServe", func(t *testing.T) {
		t.Parallel()
		for name, bad := range map[string]*http.Request{
			"native compression": request(url.Values{"compress": {"1"}}, "SELECT 1"),
			"decompress":         request(url.Values{"decompress": {"1"}}, "SELECT 1"),
			"session":            request(url.Values{"session_id": {"s"}}, "SELECT 1"),
			"setting's name":     request(url.Values{"a = 1; b": {"1"}}, "SELECT 1"),
			"revision":           request(url.Values{"client_protocol_version": {"x"}}, "SELECT 1"),
			"format":             request(url.Values{"default_format": {"a b"}}, "SELECT 1"),
			"nothing":            request(nil, ""),
			"several":            request(nil, "SELECT 1; SELECT 2"),
			"broken URL":         {URL: &url.URL{RawQuery: "a=%zz"}, Body: http.NoBody},
		} {
			_, _, _, _, err := engine.Parse(bad)
			var exception *engine.Exception
			require.ErrorAs(t, err, &exception, name)
			require.Positive(t, exception.Code, name)
		}
	})
}

func TestRoundTrip_Compression(t *testing.T) {
	t.Parallel()
	for name, method := range map[string]clickhouse.CompressionMethod{
		"None": clickhouse.CompressionNone, "GZIP": clickhouse.CompressionGZIP,
	} {
		t.Run(name+"Works", func(t *testing.T) {
			t.Parallel()
			_, database := connectNamed(t)
			with := options(shared, database)
			with.Compression = &clickhouse.Compression{Method: method, Level: 1}
			conn, err := clickhouse.Open(with)
			require.NoError(t, err)
			defer conn.Close()
			require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE z (s String) ENGINE = MergeTree ORDER BY s"))
			batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO z")
			require.NoError(t, err)
			require.NoError(t, batch.Append("zipped"))
			require.NoError(t, batch.Send())
			var s string
			require.NoError(t, conn.QueryRow(t.Context(), "SELECT s FROM z").Scan(&s))
			require.Equal(t, "zipped", s)
		})
	}
	for name, method := range map[string]clickhouse.CompressionMethod{
		"LZ4": clickhouse.CompressionLZ4, "ZSTD": clickhouse.CompressionZSTD,
	} {
		t.Run(name+"IsRefusedPlainly", func(t *testing.T) {
			t.Parallel()
			with := options(shared, "")
			with.Compression = &clickhouse.Compression{Method: method}
			conn, err := clickhouse.Open(with)
			require.NoError(t, err)
			defer conn.Close()
			err = conn.Ping(t.Context())
			requireCode(t, err, 48)
			require.ErrorContains(t, err, "set the client's compression to none")
		})
	}
}

func TestServeHTTP_Formats(t *testing.T) {
	t.Parallel()
	ask := func(t *testing.T, query string) (int, string) {
		t.Helper()
		return post(t, "http://engine/", strings.NewReader(query))
	}
	for query, want := range map[string]string{
		"SELECT number FROM numbers(3) FORMAT CSV":                                         "0\n1\n2\n",
		"SELECT number FROM numbers(3)":                                                    "0\n1\n2\n",
		"SELECT number AS n FROM numbers(2) FORMAT JSONEachRow":                            "{\"n\":0}\n{\"n\":1}\n",
		"SELECT number AS n FROM numbers(2) SETTINGS max_block_size=1 FORMAT TSVWithNames": "n\n0\n1\n",
		"SELECT 1 WHERE 0":    "",
		"EXISTS TABLE tieout": "0\n",
	} {
		status, text := ask(t, query)
		require.Equal(t, http.StatusOK, status, text)
		require.Equal(t, want, text, query)
	}
	status, text := post(t, "http://engine/ping", http.NoBody)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "Ok.\n", text)
}

func TestServeHTTP_BrokenGzip(t *testing.T) {
	t.Parallel()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://engine/", strings.NewReader("SELECT 1"))
	require.NoError(t, err)
	req.Header.Set("Content-Encoding", "gzip")
	resp, err := shared.RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)

	var packed strings.Builder
	zip := gzip.NewWriter(&packed)
	_, err = io.WriteString(zip, "SELECT 1")
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	req, err = http.NewRequestWithContext(t.Context(), http.MethodPost, "http://engine/", strings.NewReader(packed.String()))
	require.NoError(t, err)
	req.Header.Set("Content-Encoding", "gzip")
	resp, err = shared.RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// Whatever is quoted comes back from the engine as it was.
func TestQuote_RoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.String().Draw(rt, "value")
		status, text := post(t, "http://engine/", strings.NewReader("SELECT "+engine.QuoteText(value)+" FORMAT RowBinary"))
		require.Equal(t, http.StatusOK, status, text)
		require.Equal(t, value, text[len(text)-len(value):])
		verb, _, _, _, _, many := engine.Sketch("SELECT " + engine.QuoteText(value) + ", " + engine.QuoteName(value))
		require.Equal(t, "SELECT", verb)
		require.False(t, many)
	})
}

func FuzzParse(f *testing.F) {
	f.Add("query=INSERT+INTO+t+FORMAT+Native&param_x=1&max_threads=2", "SELECT 1")
	f.Add("database=a&client_protocol_version=54485", "/* x */ INSERT INTO t VALUES ('a', 1)")
	f.Add("a;b=%zz", "SELECT '\\")
	f.Fuzz(func(t *testing.T, query, body string) {
		req := (&http.Request{
			Method: http.MethodPost, URL: &url.URL{RawQuery: query}, Header: http.Header{},
			Body: io.NopCloser(strings.NewReader(body)),
		}).WithContext(context.Background())
		sql, database, settings, _, err := engine.Parse(req)
		if err != nil {
			return
		}
		require.NotEmpty(t, sql)
		require.NotEmpty(t, database)
		for name := range settings {
			require.NotContains(t, name, " ")
			require.NotContains(t, name, "'")
			require.NotContains(t, name, "=")
		}
		_, _, head, data, insert, many := engine.Sketch(sql)
		require.False(t, many)
		if insert {
			require.LessOrEqual(t, len(head)+len(data), len(sql))
			require.True(t, strings.HasPrefix(sql, head) && strings.HasSuffix(sql, data))
		}
	})
}

func TestException(t *testing.T) {
	t.Parallel()
	require.Equal(t, 60, engine.NewException("Code: 60. DB::Exception: no table. (UNKNOWN_TABLE)").Code)
	require.Equal(t, 1001, engine.NewException("Invalid or closed connection").Code)
	require.Contains(t, engine.NewException("no code").Error(), "Code: 1001.")
	require.ErrorIs(t, engine.NewException("Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)"), engine.ErrDiskFull)
	require.ErrorIs(t, engine.NewException("Code: 75. DB::ErrnoException: Cannot write: errno: 28, strerror: No space left on device. (CANNOT_WRITE)"), engine.ErrDiskFull)
	require.NotErrorIs(t, engine.NewException("Code: 60. x"), engine.ErrDiskFull)
}
