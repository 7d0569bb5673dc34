package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// measureLoad runs TestThrottle, which needs the fake clock that only tests have,
// and reads what it found.
func measureLoad(ctx context.Context, l *lab) ([]row, error) {
	command := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "-run", "^TestThrottle$", "github.com/tieout/tieout/cmd/internal/bench")
	out, err := command.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("post in virtual time: %w\n%s", err, bytes.TrimSpace(out))
	}
	found := attributes(string(out))
	if len(found) != len(throttleCases()) {
		return nil, fmt.Errorf("post in virtual time: %d of %d results in\n%s", len(found), len(throttleCases()), out)
	}
	var rows []row
	for _, c := range throttleCases() {
		f := found[c.name()]
		rows = append(rows, row{
			What:   fmt.Sprintf("load of %s bills, %d a batch, against the documented throttles", number(c.bills), c.size),
			Target: "≥ 95 % of the allowed rate, no 429", Measured: f["measured"], Ratio: f["share"],
		})
	}
	l.say("posted in virtual time")
	return rows, nil
}

// throttleCase is one run against the throttles.
type throttleCase struct{ bills, size int }

func (c throttleCase) name() string { return fmt.Sprintf("%dBillsBy%d", c.bills, c.size) }

func throttleCases() []throttleCase {
	return []throttleCase{{1000, 30}, {1000, 10}, {1000, 1}, {10_000, 30}}
}

// attributes reads what tests said of themselves, by the last part of their name
// and the attribute's key.
func attributes(text string) map[string]map[string]string {
	found := map[string]map[string]string{}
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), "=== ATTR")
		if !ok {
			continue
		}
		fields := strings.SplitN(strings.TrimSpace(rest), " ", 3)
		if len(fields) < 3 {
			continue
		}
		name := fields[0][strings.LastIndexByte(fields[0], '/')+1:]
		if found[name] == nil {
			found[name] = map[string]string{}
		}
		found[name][fields[1]] = fields[2]
	}
	return found
}
