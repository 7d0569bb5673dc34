package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/tieout/tieout/load/quickbooks/quickbookstest"
)

// misbehaviour is what goes wrong at random in a pretended company.
type misbehaviour struct {
	rates  []string
	seed   uint64
	on     string
	delay  time.Duration
	code   string
	status int
}

func (m *misbehaviour) flags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&m.rates, "faults", nil, "what goes wrong at random, as `KIND=CHANCE,...` with chances from 0 to 1; all=0.1 is a bit of everything")
	flags.Uint64Var(&m.seed, "faults-seed", 0, "`N` that decides what goes wrong when; the same requests meet the same faults (default: as --seed)")
	flags.StringVar(&m.on, "faults-on", "api", "which requests: batch, query, read, cdc, upload, write, delete, token, revoke, or api for all inside a company")
	flags.DurationVar(&m.delay, "faults-delay", 2*time.Second, "how `LONG` the kinds with a delay take")
	flags.StringVar(&m.code, "faults-code", "10000", "the `CODE` of item_fault and fault_on_200")
	flags.IntVar(&m.status, "faults-status", 503, "the `STATUS` of server_error, error_after and html_page")
}

// begin makes the company misbehave, if it is asked to.
func (m misbehaviour) begin(books *quickbookstest.Server, seed uint64) error {
	odds, err := oddsOf(m.rates)
	if err != nil {
		return fmt.Errorf("--faults: %w", err)
	}
	books.Chaos(cmp.Or(m.seed, seed), odds, quickbookstest.Trouble{On: m.on, Delay: m.delay, Code: m.code, Status: m.status})
	return nil
}

// oddsOf reads KIND=CHANCE. One chance for all is shared by every kind.
func oddsOf(rates []string) (quickbookstest.Odds, error) {
	odds, sum := make(quickbookstest.Odds), 0.0
	kinds := quickbookstest.TroubleKinds()
	for _, rate := range rates {
		name, text, _ := strings.Cut(rate, "=")
		chance, err := strconv.ParseFloat(text, 64)
		if err != nil || !(chance >= 0 && chance <= 1) {
			return nil, fmt.Errorf("%q: the chance must be a number from 0 to 1, as in throttle=0.05", rate)
		}
		known := false
		for _, help := range kinds {
			switch name {
			case string(help.Kind):
				odds[help.Kind] += chance
				known = true
			case "all":
				odds[help.Kind] += chance / float64(len(kinds))
				known = true
			}
		}
		if !known {
			return nil, fmt.Errorf("%q: there is no such kind; --help lists them", rate)
		}
		sum += chance
	}
	if sum > 1 {
		return nil, fmt.Errorf("the chances are %g together, and 1 is all there is", sum)
	}
	return odds, nil
}
