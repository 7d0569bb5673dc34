package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/tieout/tieout/cmd/internal/figures"
)

// measureLoad runs TestThrottle and TestMemory, which need the fake clock that only
// tests have, and reads what they found.
func measureLoad(ctx context.Context, l *lab) ([]row, error) {
	command := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "-run", "^Test(Throttle|Memory)$", "github.com/tieout/tieout/cmd/internal/bench")
	command.Env = append(os.Environ(), measuringVariable+"=1")
	out, err := command.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("post in virtual time: %w\n%s", err, bytes.TrimSpace(out))
	}
	found := attributes(string(out))
	cases, marks := throttleCases(true), memoryMarks(true)
	if len(found) != len(cases)+1 {
		return nil, fmt.Errorf("post in virtual time: %d of %d results in\n%s", len(found), len(cases)+1, out)
	}
	var rows []row
	for _, c := range cases {
		f := found[c.name()]
		rows = append(rows, row{
			What:   fmt.Sprintf("load of %s bills, %d a batch, against the documented throttles", figures.Number(c.bills), c.size),
			Target: "≥ 95 % of the allowed rate, no 429", Measured: f["measured"], Ratio: f["share"],
		})
	}
	rows = append(rows, row{
		What:   fmt.Sprintf("heap while loading %s bills, store and company aside", figures.Number(marks[len(marks)-1])),
		Target: "flat", Measured: found["TestMemory"]["measured"], Ratio: found["TestMemory"]["share"],
	})
	l.say("posted in virtual time")
	return rows, nil
}

// measuringVariable tells the tests that they are asked for numbers. By themselves
// they run a tenth of it.
const measuringVariable = "TIEOUT_BENCH"

// memoryMarks are after how many bills the heap is looked at.
func memoryMarks(measuring bool) []int {
	if !measuring {
		return []int{1000, 5000, 10_000}
	}
	return []int{10_000, 50_000, 100_000}
}

// throttleCase is one run against the throttles.
type throttleCase struct{ bills, size int }

func (c throttleCase) name() string { return fmt.Sprintf("%dBillsBy%d", c.bills, c.size) }

func throttleCases(measuring bool) []throttleCase {
	if !measuring {
		return []throttleCase{{1000, 30}, {1000, 10}, {1000, 1}}
	}
	return []throttleCase{{10_000, 30}, {10_000, 10}, {10_000, 1}}
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
