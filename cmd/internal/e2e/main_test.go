package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program is the file of the tieout program, built once for all tests.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tieout-e2e-")
	if err != nil {
		return complain(err)
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "tieout")
	build := exec.Command("go", "build", "-o", program, "github.com/tieout/tieout/cmd/tieout")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return complain(fmt.Errorf("build tieout: %w\n%s", err, said))
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
