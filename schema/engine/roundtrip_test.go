package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"
)

func TestRoundTrip_Types(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	require.NoError(t, conn.Exec(t.Context(), `CREATE TABLE every (
		s String, l LowCardinality(String), at DateTime64(6, 'UTC'), day Date, minor Int64, flag UInt8,
		names Array(String), numbers Array(Int64), labels Map(String, String), maybe Nullable(String),
		hash FixedString(32)) ENGINE = MergeTree ORDER BY s`))

	type row struct {
		S       string            `ch:"s"`
		L       string            `ch:"l"`
		At      time.Time         `ch:"at"`
		Day     time.Time         `ch:"day"`
		Minor   int64             `ch:"minor"`
		Flag    uint8             `ch:"flag"`
		Names   []string          `ch:"names"`
		Numbers []int64           `ch:"numbers"`
		Labels  map[string]string `ch:"labels"`
		Maybe   *string           `ch:"maybe"`
		Hash    string            `ch:"hash"`
	}
	some := "some"
	want := []row{
		{
			S: "a\x00'\\\n", L: "low", At: time.Date(2026, 8, 31, 23, 59, 59, 999999000, time.UTC),
			Day: time.Date(2026, 8, 31, 0, 0, 0, 0, time.UTC), Minor: -1 << 63, Flag: 255,
			Names: []string{"", "ü"}, Numbers: []int64{1<<63 - 1, 0}, Labels: map[string]string{"k": "v", "": ""},
			Maybe: &some, Hash: strings.Repeat("\x00\xff", 16),
		},
		{
			S: "b", L: "low", At: time.Unix(0, 0).UTC(), Day: time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
			Names: []string{}, Numbers: []int64{}, Labels: map[string]string{}, Hash: strings.Repeat("x", 32),
		},
	}
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO every")
	require.NoError(t, err)
	for _, one := range want {
		require.NoError(t, batch.AppendStruct(&one))
	}
	require.NoError(t, batch.Send())

	var got []row
	require.NoError(t, conn.Select(t.Context(), &got, "SELECT * FROM every ORDER BY s"))
	require.Equal(t, want, got)
}

func TestRoundTrip_Insert(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE big (id UInt64, body String) ENGINE = MergeTree ORDER BY id"))

	t.Run("TenMegabytesInOneBatch", func(t *testing.T) {
		batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO big (id, body)")
		require.NoError(t, err)
		body := strings.Repeat("0123456789abcdef", 64)
		for id := range uint64(10_240) {
			require.NoError(t, batch.Append(id, body))
		}
		require.NoError(t, batch.Send())

		var rows, bytes, parts uint64
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(), sum(length(body)), uniqExact(_part) FROM big").Scan(&rows, &bytes, &parts))
		require.Equal(t, []uint64{10_240, 10 << 20, 1}, []uint64{rows, bytes, parts})
	})
	t.Run("RowsInTheText", func(t *testing.T) {
		require.NoError(t, conn.Exec(t.Context(), "INSERT INTO big (id, body) VALUES (100001, 'a;b'), (100002, 'FORMAT (')"))
		require.NoError(t, conn.Exec(t.Context(), "INSERT INTO big SELECT number + 200000, 'x' FROM numbers(3)"))
		var rows uint64
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT count() FROM big WHERE id > 100000").Scan(&rows))
		require.Equal(t, uint64(5), rows)
	})
	t.Run("BodyThatBreaksOffIsNotCommitted", func(t *testing.T) {
		body := io.MultiReader(strings.NewReader("300000\tone\n300001\ttwo\n"), brokenBody{})
		status, text := post(t, conn2url(t, "INSERT INTO big FORMAT TSV"), body)
		require.Equal(t, http.StatusBadRequest, status)
		require.Contains(t, text, "cable cut")
		var rows uint64
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT count() FROM big WHERE id >= 300000").Scan(&rows))
		require.Zero(t, rows)
	})
	t.Run("BadRowsAreRefusedWithTheirCode", func(t *testing.T) {
		err := conn.Exec(t.Context(), "INSERT INTO big FORMAT TSV\nnot a number\tx\n")
		requireCode(t, err, 27)
	})
}

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("cable cut") }

// conn2url names the database that connect made for the test t belongs to.
func conn2url(t *testing.T, query string) string {
	t.Helper()
	database, _, _ := strings.Cut(strings.ToLower(t.Name()), "/")
	return "http://engine/?" + url.Values{"query": {query}, "database": {database}}.Encode()
}

// post sends a request straight to the transport.
func post(t *testing.T, to string, body io.Reader) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, body)
	require.NoError(t, err)
	resp, err := shared.RoundTrip(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(content)
}

// requireCode asserts that err is ClickHouse's exception with that code.
func requireCode(t *testing.T, err error, code int32) {
	t.Helper()
	var exception *clickhouse.Exception
	require.ErrorAs(t, err, &exception)
	require.Equal(t, code, exception.Code, exception.Message)
}

func TestRoundTrip_SelectIsStreamed(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	const rows, width = 1_000_000, 1_000 // a gigabyte, were it all held at once
	result, err := conn.Query(t.Context(), "SELECT number, repeat('x', 1000) FROM numbers(1000000) SETTINGS max_block_size = 8192")
	require.NoError(t, err)
	defer result.Close()
	var count, bytes, peak uint64
	for result.Next() {
		var number uint64
		var text string
		require.NoError(t, result.Scan(&number, &text))
		require.Equal(t, count, number)
		count++
		bytes += uint64(len(text))
		if count%100_000 == 0 {
			var memory runtime.MemStats
			runtime.ReadMemStats(&memory)
			peak = max(peak, memory.HeapInuse)
		}
	}
	require.NoError(t, result.Err())
	require.Equal(t, []uint64{rows, rows * width}, []uint64{count, bytes})
	require.Less(t, peak, uint64(300<<20))
}

func TestRoundTrip_Parameters(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	ctx := clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{
		"n": "7", "s": "it's; -- {x}", "list": "['a','b']",
	}))
	var n int64
	var s string
	var list []string
	require.NoError(t, conn.QueryRow(ctx, "SELECT {n:Int64}, {s:String}, {list:Array(String)}").Scan(&n, &s, &list))
	require.Equal(t, int64(7), n)
	require.Equal(t, "it's; -- {x}", s)
	require.Equal(t, []string{"a", "b"}, list)

	require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE p (n Int64) ENGINE = MergeTree ORDER BY n"))
	require.NoError(t, conn.Exec(ctx, "INSERT INTO p SELECT {n:Int64}"))
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT n FROM p WHERE n = $1", int64(7)).Scan(&n))
	requireCode(t, conn.QueryRow(t.Context(), "SELECT {n:Int64}").Scan(&n), 456)
}

func TestRoundTrip_Settings(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	read := func(ctx context.Context, name string) string {
		var value string
		require.NoError(t, conn.QueryRow(ctx, "SELECT value FROM system.settings WHERE name = '"+name+"'").Scan(&value))
		return value
	}
	with := func(name string, value any) context.Context {
		return clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{name: value}))
	}

	t.Run("HoldForOneStatement", func(t *testing.T) {
		for range 20 { // more than there are connections, so that each is used again
			require.Equal(t, "17", read(with("max_block_size", 17), "max_block_size"))
			require.NotEqual(t, "17", read(t.Context(), "max_block_size"))
		}
	})
	t.Run("OwnOnesComeBackToTheBaseline", func(t *testing.T) {
		for range 20 {
			require.Equal(t, "1", read(with("async_insert", 1), "async_insert"))
			require.Equal(t, "0", read(t.Context(), "async_insert"))
		}
	})
	t.Run("UnknownOnesAreRefusedAndHarmless", func(t *testing.T) {
		for range 20 {
			requireCode(t, conn.Exec(with("no_such_setting", 1), "SELECT 1"), 115)
			require.Equal(t, "0", read(t.Context(), "async_insert"))
		}
	})
	t.Run("SetAndUseReachNoOtherStatement", func(t *testing.T) {
		for range 20 {
			require.NoError(t, conn.Exec(t.Context(), "SET max_block_size = 19"))
			require.NoError(t, conn.Exec(t.Context(), "USE system"))
			require.NotEqual(t, "19", read(t.Context(), "max_block_size"))
			var database string
			require.NoError(t, conn.QueryRow(t.Context(), "SELECT currentDatabase()").Scan(&database))
			require.Equal(t, "testroundtrip_settings", database)
		}
	})
	t.Run("AreWhatTheProductRelysOn", func(t *testing.T) {
		for name, want := range map[string]string{
			"async_insert": "0", "log_queries": "0", "query_profiler_real_time_period_ns": "0",
			"query_profiler_cpu_time_period_ns": "0", "session_timezone": "UTC", "implicit_select": "0",
			"max_execution_time": "3600", "use_skip_indexes_if_final_exact_mode": "1",
		} {
			require.Equal(t, want, read(t.Context(), name), name)
		}
		for name, want := range map[string]string{
			"fsync_after_insert": "1", "fsync_part_directory": "1", "min_rows_to_fsync_after_merge": "1",
			"non_replicated_deduplication_window": "0",
		} {
			var value string
			require.NoError(t, conn.QueryRow(t.Context(), "SELECT value FROM system.merge_tree_settings WHERE name = '"+name+"'").Scan(&value))
			require.Equal(t, want, value, name)
		}
	})
}

func TestRoundTrip_Errors(t *testing.T) {
	t.Parallel()
	conn := connect(t)

	t.Run("CarryTheEnginesCode", func(t *testing.T) {
		requireCode(t, conn.Exec(t.Context(), "SELECT * FROM nowhere"), 60)
		requireCode(t, conn.Exec(t.Context(), "SELEC"), 62)
		requireCode(t, conn.Exec(t.Context(), "CREATE TABLE t (a Int64) ENGINE = NoSuch"), 56)
		_, err := conn.PrepareBatch(t.Context(), "INSERT INTO nowhere")
		requireCode(t, err, 60)
	})
	t.Run("SeveralStatementsAreRefused", func(t *testing.T) {
		requireCode(t, conn.Exec(t.Context(), "SELECT 1; DROP TABLE t"), 62)
	})
	t.Run("FailingHalfWayIsNoShortSuccess", func(t *testing.T) {
		// Many lengths of block, because the client finds the exception
		// behind what it could decode.
		for at := 1000; at < 200_000; at += 9_973 {
			rows, err := conn.Query(t.Context(), fmt.Sprintf(
				"SELECT number, throwIf(number = %d, 'half-way') FROM numbers(300000) SETTINGS max_block_size = 1000", at))
			if err == nil {
				for rows.Next() {
				}
				err = rows.Err()
				_ = rows.Close()
			}
			requireCode(t, err, 395)
		}
	})
	t.Run("MemoryCeilingFailsTheStatementOnly", func(t *testing.T) {
		requireCode(t, conn.Exec(t.Context(), "SELECT groupArray(number) FROM numbers(1000000000)"), 241)
		require.NoError(t, conn.Ping(t.Context()))
	})
}

func TestRoundTrip_Parallel(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE p (worker Int64, n Int64) ENGINE = MergeTree ORDER BY (worker, n)"))
	var workers sync.WaitGroup
	for worker := range int64(12) {
		workers.Go(func() {
			for n := range int64(10) {
				batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO p (worker, n)")
				if err == nil {
					err = errors.Join(batch.Append(worker, n), batch.Send())
				}
				var seen uint64
				err = errors.Join(err, conn.QueryRow(t.Context(), "SELECT count() FROM p WHERE worker = $1", worker).Scan(&seen))
				if err != nil || seen != uint64(n)+1 {
					t.Errorf("worker %d, insert %d: saw %d rows, error %v", worker, n, seen, err)
				}
			}
		})
	}
	workers.Wait()
}

func TestRoundTrip_Cancellation(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	const endless = "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number)) SETTINGS max_threads = 1"

	idle := func(t *testing.T) {
		t.Helper()
		require.Eventually(t, func() bool {
			var running uint64
			err := conn.QueryRow(t.Context(), "SELECT count() FROM system.processes WHERE query LIKE '%1000000000000%' AND query NOT LIKE '%system.processes%'").Scan(&running)
			return err == nil && running == 0
		}, 10*time.Second, 20*time.Millisecond, "the engine still works for nobody")
	}
	t.Run("ReturnsAtOnceAndKillsTheStatement", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, conn.Exec(ctx, endless), context.DeadlineExceeded)
		require.Less(t, time.Since(start), 2*time.Second)
		idle(t)
	})
	t.Run("OfAStreamEndsIt", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		rows, err := conn.Query(ctx, "SELECT number FROM numbers(1000000000000)")
		require.NoError(t, err)
		require.True(t, rows.Next())
		cancel()
		for rows.Next() {
		}
		require.Error(t, rows.Err())
		_ = rows.Close()
		idle(t)
	})
	t.Run("WhileWaitingForAConnectionReturns", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		var workers sync.WaitGroup
		for range 12 { // more than there are connections
			workers.Go(func() { _ = conn.Exec(ctx, endless) })
		}
		workers.Wait()
		idle(t)
	})
	t.Run("OfAnInsertCommitsNothing", func(t *testing.T) {
		require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE c (n UInt64) ENGINE = MergeTree ORDER BY n"))
		reader, writer := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, conn2url(t, "INSERT INTO c FORMAT TSV"), reader)
		require.NoError(t, err)
		go func() {
			_, _ = writer.Write([]byte("1\n2\n"))
			cancel()
		}()
		resp, err := shared.RoundTrip(req)
		if err == nil {
			resp.Body.Close()
		}
		require.ErrorIs(t, err, context.Canceled)
		var rows uint64
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT count() FROM c").Scan(&rows))
		require.Zero(t, rows)
	})
}

// A DROP ... SYNC waits until nothing refers to the table any more. A
// statement that failed, or that nobody read to its end, once stayed on its
// idle connection and made the DROP wait for ever.
func TestRoundTrip_DropWaitsForNobody(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	for _, leave := range []struct {
		name string
		with func(t *testing.T)
	}{
		{"AfterASelect", func(t *testing.T) {
			t.Helper()
			var n uint64
			require.NoError(t, conn.QueryRow(t.Context(), "SELECT n FROM held LIMIT 1").Scan(&n))
		}},
		{"AfterASelectThatFailed", func(t *testing.T) {
			t.Helper()
			require.Error(t, conn.Exec(t.Context(), "SELECT throwIf(n = 5) FROM held"))
		}},
		{"AfterASelectGivenUp", func(t *testing.T) {
			t.Helper()
			ctx, cancel := context.WithCancel(t.Context())
			rows, err := conn.Query(ctx, "SELECT n FROM held SETTINGS max_block_size = 10")
			require.NoError(t, err)
			require.True(t, rows.Next())
			cancel()
			_ = rows.Close()
		}},
		{"AfterAnInsertThatFailed", func(t *testing.T) {
			t.Helper()
			require.Error(t, conn.Exec(t.Context(), "INSERT INTO held FORMAT TSV\n1\nx\n"))
		}},
		{"AfterAnInsertGivenUp", func(t *testing.T) {
			t.Helper()
			status, _ := post(t, conn2url(t, "INSERT INTO held FORMAT TSV"), io.MultiReader(strings.NewReader("1\n"), brokenBody{}))
			require.Equal(t, http.StatusBadRequest, status)
		}},
		{"AfterAnInsert", func(t *testing.T) {
			t.Helper()
			require.NoError(t, conn.Exec(t.Context(), "INSERT INTO held VALUES (1)"))
		}},
	} {
		t.Run(leave.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			require.NoError(t, conn.Exec(ctx, "CREATE TABLE held (n UInt64) ENGINE = MergeTree ORDER BY n"))
			require.NoError(t, conn.Exec(ctx, "INSERT INTO held SELECT number FROM numbers(100000)"))
			leave.with(t)
			require.NoError(t, conn.Exec(ctx, "DROP TABLE held SYNC"))
		})
	}
}
