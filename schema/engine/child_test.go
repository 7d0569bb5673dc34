package engine_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"github.com/tieout/tieout/schema/engine"
)

// The tests in this file need processes of their own: they run this test
// binary again, in the role that the environment names.
const (
	childRole = "TIEOUT_ENGINE_TEST_ROLE"
	childDir  = "TIEOUT_ENGINE_TEST_DIR"
)

// child is the main function of such a process. Each line that it prints is
// something its parent waits for; it ends when its standard input does.
func child(role string) int {
	ctx := context.Background()
	attached, err := engine.Attach(ctx, engine.Config{Dir: os.Getenv(childDir), Grace: 2 * time.Second})
	if err != nil {
		return complain(err)
	}
	conn, err := clickhouse.Open(options(attached, ""))
	if err != nil {
		return complain(err)
	}
	fmt.Fprintln(os.Stdout, "open owner", attached.Owner())
	switch role {
	case "hold":
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "insert":
		if err := conn.Exec(ctx, "CREATE TABLE IF NOT EXISTS kept (n UInt64) ENGINE = MergeTree ORDER BY n"); err != nil {
			return complain(err)
		}
		var next uint64
		if err := conn.QueryRow(ctx, "SELECT max(n) + 1 FROM kept").Scan(&next); err != nil {
			return complain(err)
		}
		for ; ; next++ {
			batch, err := conn.PrepareBatch(ctx, "INSERT INTO kept")
			if err == nil {
				err = errors.Join(batch.Append(next), batch.Send())
			}
			if err != nil {
				return complain(err)
			}
			fmt.Fprintln(os.Stdout, "kept", next)
		}
	case "reopen":
		// The engine starts and stops several times in one process, in one
		// folder and then in another.
		for _, dir := range []string{"", "", "-other"} {
			if err := errors.Join(conn.Close(), attached.Close(), attached.Close()); err != nil {
				return complain(err)
			}
			if attached, err = engine.Attach(ctx, engine.Config{Dir: os.Getenv(childDir) + dir}); err != nil {
				return complain(err)
			}
			if conn, err = clickhouse.Open(options(attached, "")); err != nil {
				return complain(err)
			}
			if err := conn.Ping(ctx); err != nil {
				return complain(err)
			}
		}
		fmt.Fprintln(os.Stdout, "reopened")
	case "busy":
		busy(ctx, attached, conn)
		return 0
	}
	if err := errors.Join(conn.Close(), attached.Close()); err != nil {
		return complain(err)
	}
	return 0
}

// busy closes the engine while statements run and rows wait to be read.
func busy(ctx context.Context, attached *engine.Attached, conn clickhouse.Conn) {
	failed := make(chan error)
	go func() {
		failed <- conn.Exec(ctx, "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))")
	}()
	rows, err := conn.Query(ctx, "SELECT number FROM numbers(1000000000000)")
	if err != nil {
		complain(err)
	}
	start := time.Now()
	err = attached.Close() //nolint:contextcheck // Close takes no context: it must finish
	fmt.Fprintln(os.Stdout, "closed", err, time.Since(start) < 10*time.Second)
	fmt.Fprintln(os.Stdout, "statement", errors.Is(<-failed, engine.ErrClosed))
	for rows.Next() {
	}
	fmt.Fprintln(os.Stdout, "rows", rows.Err() != nil)
	fmt.Fprintln(os.Stdout, "later", errors.Is(conn.Ping(ctx), engine.ErrClosed))
}

// A process is a child and the lines that it prints.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines *bufio.Scanner
	noise strings.Builder
}

func spawn(t *testing.T, role, dir string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(t.Context(), os.Args[0])}
	p.cmd.Env = append(os.Environ(), childRole+"="+role, childDir+"="+dir)
	p.cmd.Stderr = &p.noise
	var err error
	p.stdin, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.lines = bufio.NewScanner(stdout)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	return p
}

// line returns the child's next line.
func (p *process) line(t *testing.T) string {
	t.Helper()
	if !p.lines.Scan() {
		_ = p.cmd.Wait()
		require.Fail(t, "the child ended", p.noise.String())
	}
	return p.lines.Text()
}

// end lets the child finish in order.
func (p *process) end(t *testing.T) {
	t.Helper()
	require.NoError(t, p.stdin.Close())
	require.NoError(t, p.cmd.Wait(), &p.noise)
}

// kill ends the child as a crash would, and returns what it had printed.
func (p *process) kill(t *testing.T) (rest []string) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	for p.lines.Scan() {
		rest = append(rest, p.lines.Text())
	}
	_ = p.cmd.Wait()
	return rest
}

// follow attaches this process, whose own engine has another folder, to the
// folder that a child has open.
func follow(t *testing.T, dir string) (*engine.Attached, clickhouse.Conn) {
	t.Helper()
	attached, err := engine.Attach(t.Context(), engine.Config{Dir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { _ = attached.Close() })
	conn, err := clickhouse.Open(options(attached, ""))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return attached, conn
}

func TestAttach_SecondProcess(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	owner := spawn(t, "hold", dir)
	require.Equal(t, "open owner true", owner.line(t))
	attached, conn := follow(t, dir)
	require.False(t, attached.Owner())
	require.Equal(t, owner.cmd.Process.Pid, attached.PID())

	t.Run("WorksLikeTheOwner", func(t *testing.T) {
		require.NoError(t, conn.Exec(t.Context(), "CREATE TABLE s (n UInt64) ENGINE = MergeTree ORDER BY n"))
		batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO s")
		require.NoError(t, err)
		for n := range uint64(100_000) {
			require.NoError(t, batch.Append(n))
		}
		require.NoError(t, batch.Send())
		rows, err := conn.Query(t.Context(), "SELECT n FROM s")
		require.NoError(t, err)
		count := 0
		for rows.Next() {
			count++
		}
		require.NoError(t, errors.Join(rows.Err(), rows.Close()))
		require.Equal(t, 100_000, count)
		requireCode(t, conn.Exec(t.Context(), "SELECT * FROM nowhere"), 60)
	})
	t.Run("FailingHalfWayIsNoShortSuccess", func(t *testing.T) {
		rows, err := conn.Query(t.Context(), "SELECT throwIf(number = 200000) FROM numbers(300000)")
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
			_ = rows.Close()
		}
		requireCode(t, err, 395)
	})
	t.Run("CancellationReachesTheOwner", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		require.Error(t, conn.Exec(ctx, "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))"))
		require.Eventually(t, func() bool {
			var running uint64
			err := conn.QueryRow(t.Context(), "SELECT count() FROM system.processes").Scan(&running)
			return err == nil && running == 1
		}, 10*time.Second, 20*time.Millisecond)
	})
	t.Run("FolderAndSocketAreClosedToOthers", func(t *testing.T) {
		for path, mode := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "engine.sock"): 0o600} {
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.Equal(t, mode, info.Mode().Perm(), path)
		}
	})
	t.Run("OpenIsRefusedAndNamesTheOwner", func(t *testing.T) {
		_, err := engine.Open(t.Context(), engine.Config{Dir: dir})
		require.ErrorIs(t, err, engine.ErrOwned)
		require.ErrorContains(t, err, fmt.Sprint(owner.cmd.Process.Pid))
	})
	t.Run("OwnerLeavingIsSaidPlainly", func(t *testing.T) {
		owner.end(t)
		err := conn.Ping(t.Context())
		require.ErrorIs(t, err, engine.ErrOwnerGone)
		require.ErrorContains(t, err, "run the command again")
		_, err = os.Stat(filepath.Join(dir, "engine.sock"))
		require.ErrorIs(t, err, os.ErrNotExist)
	})
}

func TestAttach_OwnerKilled(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	var last string
	for range 3 {
		owner := spawn(t, "insert", dir)
		require.Equal(t, "open owner true", owner.line(t), "a socket left behind must not look like an owner")
		for range 20 {
			last = owner.line(t)
		}
		if rest := owner.kill(t); len(rest) > 0 && strings.HasPrefix(rest[len(rest)-1], "kept ") {
			last = rest[len(rest)-1]
		}
		_, err := os.Stat(filepath.Join(dir, "engine.sock"))
		require.NoError(t, err, "a killed owner leaves its socket")
	}
	var acknowledged uint64
	_, err := fmt.Sscanf(last, "kept %d", &acknowledged)
	require.NoError(t, err, last)

	owner := spawn(t, "hold", dir)
	require.Equal(t, "open owner true", owner.line(t))
	_, conn := follow(t, dir)
	var rows, distinct, highest uint64
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(), uniqExact(n), countIf(n <= $1) FROM kept", acknowledged).Scan(&rows, &distinct, &highest))
	require.Equal(t, acknowledged, highest, "acknowledged rows are missing")
	require.Equal(t, rows, distinct)
	owner.end(t)
}

func TestAttach_LongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30), "data")
	owner := spawn(t, "hold", dir)
	require.Equal(t, "open owner true", owner.line(t))
	_, conn := follow(t, dir)
	require.NoError(t, conn.Ping(t.Context()))
	owner.end(t)
}

func TestAttach_OwnerThatServesNobody(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	owner := spawn(t, "hold", dir)
	require.Equal(t, "open owner true", owner.line(t))
	require.NoError(t, os.Remove(filepath.Join(dir, "engine.sock")))
	_, err := engine.Attach(t.Context(), engine.Config{Dir: dir, Grace: 200 * time.Millisecond})
	require.ErrorIs(t, err, engine.ErrOwned)
	require.ErrorContains(t, err, fmt.Sprint(owner.cmd.Process.Pid))
}

func TestAttached_Close(t *testing.T) {
	t.Parallel()

	t.Run("WhileBusyEndsEverything", func(t *testing.T) {
		t.Parallel()
		p := spawn(t, "busy", filepath.Join(t.TempDir(), "data"))
		for _, want := range []string{"open owner true", "closed <nil> true", "statement true", "rows true", "later true"} {
			require.Equal(t, want, p.line(t))
		}
		p.end(t)
	})
	t.Run("CanBeFollowedByAnotherOpen", func(t *testing.T) {
		t.Parallel()
		p := spawn(t, "reopen", filepath.Join(t.TempDir(), "data"))
		require.Equal(t, "open owner true", p.line(t))
		require.Equal(t, "reopened", p.line(t))
		p.end(t)
	})
}

func TestOpen_Faults(t *testing.T) {
	t.Parallel()

	t.Run("RelativePath", func(t *testing.T) {
		t.Parallel()
		_, err := engine.Open(t.Context(), engine.Config{Dir: "data"})
		require.ErrorIs(t, err, engine.ErrRelativePath)
	})
	t.Run("SecondFolder", func(t *testing.T) {
		t.Parallel()
		_, err := engine.Open(t.Context(), engine.Config{Dir: t.TempDir()})
		require.ErrorIs(t, err, engine.ErrSecondFolder)
	})
	t.Run("FileInPlaceOfTheFolder", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "file")
		require.NoError(t, os.WriteFile(file, nil, 0o600))
		_, err := engine.Open(t.Context(), engine.Config{Dir: filepath.Join(file, "data")})
		require.ErrorIs(t, err, engine.ErrNotWritable)
	})
	t.Run("DamagedFolderSaysWhy", func(t *testing.T) {
		t.Parallel()
		dir := filepath.Join(t.TempDir(), "data")
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "metadata"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "metadata", "broken.sql"), []byte("not sql"), 0o600))
		p := spawn(t, "hold", dir)
		require.False(t, p.lines.Scan())
		require.Error(t, p.cmd.Wait())
		require.Contains(t, p.noise.String(), "SYNTAX_ERROR")
		require.Contains(t, p.noise.String(), "the engine did not start: its reason is on standard error")
	})
	t.Run("ContextEndedBefore", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := engine.Open(ctx, engine.Config{Dir: t.TempDir()})
		require.ErrorIs(t, err, context.Canceled)
	})
}

var _ http.RoundTripper = (*engine.Attached)(nil)
