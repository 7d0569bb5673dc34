package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tieout/tieout/cmd/internal/figures"
	"github.com/tieout/tieout/cmd/internal/webhookload"
)

// printLoad prints what a run came to, for people.
func printLoad(w io.Writer, f loadFlags, url string, r webhookload.Result, verdict error) error {
	how, from := fmt.Sprintf("closed loop, %d connections", f.connections), "ms"
	if f.rate > 0 {
		how = fmt.Sprintf("open loop, %s a second, %d connections", figures.Number(int64(f.rate)), f.connections)
		from = "ms from the intended time"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s, %s, bodies of %s bytes\n\n", url, how, r.Took.Round(10*time.Millisecond), figures.Number(int64(f.bodyBytes)))
	fmt.Fprintf(&b, "  %-14s %12s\n", "sent", figures.Number(r.Sent))
	fmt.Fprintf(&b, "  %-14s %12s   %s a second\n", "acknowledged", figures.Number(r.Acknowledged), figures.Number(int64(r.Rate())))
	fmt.Fprintf(&b, "  %-14s %12s\n", "refused", figures.Number(r.Refused))
	fmt.Fprintf(&b, "  %-14s %12s%s\n\n", "cut off", figures.Number(r.Cut), because(r.Broken))
	fmt.Fprintf(&b, "  %-14s %12s %12s %12s %12s   %s\n", "", "p50", "p99", "p99.9", "worst", from)
	for _, line := range []struct {
		name  string
		times webhookload.Latencies
	}{{"all", r.Times}, {"acknowledged", r.Acked}} {
		t := timesOf(line.times)
		fmt.Fprintf(&b, "  %-14s %12.2f %12.2f %12.2f %12.2f\n", line.name, t.P50, t.P99, t.P999, t.Worst)
	}
	b.WriteString("\n")
	for _, code := range slices.Sorted(maps.Keys(r.Answers)) {
		fmt.Fprintf(&b, "  %-3d %-22s %12s\n", code, meaning(code), figures.Number(r.Answers[code]))
	}
	if r.Answers[http.StatusTooManyRequests] > 0 {
		b.WriteString("\n  429 is more than the company may send: raise its ontop.rate_per_second to measure the machine\n")
	}
	if r.Unsent > 0 || r.Late > 0 {
		fmt.Fprintf(&b, "\n  %s were due when no connection was free, up to %.2f ms; %s were given up\n",
			figures.Number(r.Late), milliseconds(r.Lag), figures.Number(r.Unsent))
	}
	switch {
	case verdict != nil:
		fmt.Fprintf(&b, "\nVOID: %v\n", verdict)
	case f.metrics == "":
		b.WriteString("\nThe ledger balances: sent = acknowledged + refused + cut off. Nothing was compared with the server: see --metrics.\n")
	default:
		b.WriteString("\nThe ledger balances: sent = acknowledged + refused + cut off, and the server counts as many answers 202.\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return "   the first: " + err.Error()
}

// meaning is what a status says to a sender.
func meaning(code int) string {
	if code == 0 {
		return "no answer"
	}
	return http.StatusText(code)
}
