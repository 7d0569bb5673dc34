package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Build compiles the program into a folder and returns its file.
func Build(ctx context.Context, dir string) (string, error) {
	program := filepath.Join(dir, "tieout")
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "github.com/tieout/tieout/cmd/tieout")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build tieout: %w\n%s", err, bytes.TrimSpace(out))
	}
	return program, nil
}

// Process is `tieout serve` as a child of this process.
type Process struct {
	command *exec.Cmd
	ended   chan struct{}
	err     error // once ended is closed
}

// readyWithin bounds how long the program may take to start.
const readyWithin = 60 * time.Second

// Serve starts the program and waits until it is ready to receive.
func (r *Rig) Serve(ctx context.Context) (*Process, error) {
	p, err := r.Launch(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.Ready(ctx, r); err != nil {
		return nil, errors.Join(err, p.Kill())
	}
	return p, nil
}

// Launch starts the program and does not wait.
func (r *Rig) Launch(ctx context.Context) (*Process, error) {
	// The child must outlive a cancelled context long enough to stop cleanly:
	// Stop and Kill end it.
	command := exec.CommandContext(context.WithoutCancel(ctx), r.cfg.Program, "serve", "--config", r.ConfigFile())
	command.Stdout, command.Stderr = r.log(), r.log()
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", r.cfg.Program, err)
	}
	p := &Process{command: command, ended: make(chan struct{})}
	go func() {
		p.err = command.Wait()
		close(p.ended)
	}()
	return p, nil
}

// Ready waits until the program says that it can store deliveries.
func (p *Process) Ready(ctx context.Context, r *Rig) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if isReady(ctx, r.Private+"/readyz") {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("tieout ended before it was ready: %w", p.err)
		case <-ctx.Done():
			return fmt.Errorf("tieout is not ready: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

func isReady(ctx context.Context, address string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// Kill ends the program as a power switch would, with SIGKILL, and waits.
func (p *Process) Kill() error {
	err := p.command.Process.Kill()
	<-p.ended
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// Stop asks the program to end and waits until it has, at most the time given.
func (p *Process) Stop(within time.Duration) error {
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.ended:
		return p.err
	case <-time.After(within):
		return errors.Join(fmt.Errorf("tieout did not stop within %s", within), p.Kill())
	}
}

// Memory returns the bytes that the program holds in memory now.
func (p *Process) Memory() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("the system does not tell memory")
}
