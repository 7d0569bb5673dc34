package engine_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkInsert sends blocks of rows of 1.5 KB, as the journal's drainer does.
func BenchmarkInsert(b *testing.B) {
	conn := connect(b)
	body := strings.Repeat("0123456789abcdef", 96)
	for _, rows := range []int{1, 1_000, 10_000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			table := fmt.Sprintf("b%d", rows)
			require.NoError(b, conn.Exec(b.Context(), "CREATE TABLE IF NOT EXISTS "+table+" (id UInt64, body String) ENGINE = MergeTree ORDER BY id"))
			b.SetBytes(int64(rows * len(body)))
			id := uint64(0)
			for b.Loop() {
				batch, err := conn.PrepareBatch(b.Context(), "INSERT INTO "+table)
				require.NoError(b, err)
				for range rows {
					id++
					require.NoError(b, batch.Append(id, body))
				}
				require.NoError(b, batch.Send())
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkPointSelect reads one row of 100,000, deduplicated by the reader.
func BenchmarkPointSelect(b *testing.B) {
	conn := connect(b)
	require.NoError(b, conn.Exec(b.Context(), "CREATE TABLE s (id UInt64, v UInt64) ENGINE = ReplacingMergeTree(v) ORDER BY id"))
	require.NoError(b, conn.Exec(b.Context(), "INSERT INTO s SELECT number, 1 FROM numbers(100000)"))
	n := uint64(0)
	for b.Loop() {
		n++
		var v uint64
		require.NoError(b, conn.QueryRow(b.Context(), "SELECT v FROM s FINAL WHERE id = $1", n%100_000).Scan(&v))
	}
}

// BenchmarkOpen starts a process that opens a folder, asks it for its largest
// row and ends: the cold start, from exec to exit.
func BenchmarkOpen(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "data")
	for b.Loop() {
		cmd := exec.CommandContext(b.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), childRole+"=hold", childDir+"="+dir)
		cmd.Stdin = strings.NewReader("")
		output, err := cmd.CombinedOutput()
		require.NoError(b, errors.Join(err), string(output))
	}
}
