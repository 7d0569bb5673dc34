package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program and simulator are the files of the two programs, built once for all
// tests, beside each other as the demo expects them.
var program, simulator string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tieout-e2e-")
	if err != nil {
		return complain(err)
	}
	defer os.RemoveAll(dir)
	program, simulator = filepath.Join(dir, "tieout"), filepath.Join(dir, "sim")
	build := exec.Command("go", "build", "-o", dir, "github.com/tieout/tieout/cmd/tieout", "github.com/tieout/tieout/cmd/sim")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return complain(fmt.Errorf("build the programs: %w\n%s", err, said))
	}
	check := exec.Command(program, "version")
	if said, err := check.CombinedOutput(); err != nil {
		return complain(errors.Join(err, errors.New(string(said))))
	}
	return m.Run()
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
