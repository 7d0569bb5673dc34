package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/config"
	"github.com/tieout/tieout/cmd/internal/webhookload"
)

// loadFlags say how much to send, and to whom.
type loadFlags struct {
	url, secret     string
	config, company string
	metrics         string
	connections     int
	rate            int
	duration        time.Duration
	bodyBytes       int
	seed            uint64
	json            bool
}

func load() *cobra.Command {
	var f loadFlags
	command := &cobra.Command{
		Use:   "load",
		Short: "Measure a receiver: send signed webhooks as fast as it answers, or at a rate, and account for each",
		Long: `Sends signed webhooks to one company, each with an id and a body of its own.

With --rate 0 every connection sends its next request as soon as the last one is
answered. With a rate, requests are due at random moments of that rate, and every time
counts from when a request was meant to be sent: a receiver that stalls cannot hide
those that its stall kept back.

The exit code is 1 when the ledger does not balance; the numbers are void then.`,
		Example: `  sim load --config tieout.yaml --connections 256 --duration 30s
  sim load --url http://127.0.0.1:8080/webhooks/ontop/acme --secret whsec_... --rate 2000`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return f.run(c) },
	}
	flags := command.Flags()
	flags.StringVar(&f.url, "url", "", "`URL` to post to, such as http://127.0.0.1:8080/webhooks/ontop/acme")
	flags.StringVar(&f.secret, "secret", "", "signing `SECRET`, whsec_ and base64")
	flags.StringVar(&f.config, "config", "", "take the address and the secret from tieout's `FILE` of settings")
	flags.StringVar(&f.company, "company", "", "`ID` of the company in it (default the only one)")
	flags.StringVar(&f.metrics, "metrics", "", "compare with what the server counts at `URL`, such as http://127.0.0.1:8090/metrics; nobody else may send meanwhile")
	flags.IntVar(&f.connections, "connections", 64, "keep `N` connections")
	flags.IntVar(&f.rate, "rate", 0, "send `N` a second whatever the answers take; 0 sends the next when the last is answered")
	flags.DurationVar(&f.duration, "duration", 10*time.Second, "send for `D`")
	flags.IntVar(&f.bodyBytes, "body-bytes", 1536, "size of a body, from 256 bytes")
	flags.Uint64Var(&f.seed, "seed", 1, "`N` that makes bodies differ; ids differ always")
	flags.BoolVar(&f.json, "json", false, "print one JSON document")
	return command
}

func (f loadFlags) run(c *cobra.Command) error {
	if f.rate < 0 || f.duration <= 0 {
		return errors.New("--rate must not be negative, and --duration must be positive")
	}
	url, secret, err := f.target()
	if err != nil {
		return err
	}
	generator, err := webhookload.New(webhookload.Config{
		URL: url, Secret: secret, Connections: f.connections, BodyBytes: f.bodyBytes, Seed: f.seed,
	}, time.Now)
	if err != nil {
		return err
	}
	before, err := f.answered(c.Context())
	if err != nil {
		return err
	}
	result, err := f.send(c.Context(), generator)
	if result.Sent == 0 && err != nil {
		return err
	}
	// An interrupt ends the run; what was sent until then counts.
	after, asking := f.answered(context.WithoutCancel(c.Context()))
	verdict := result.Balance()
	if asking != nil {
		f.metrics = "" // what it says is compared with nothing
	}
	if f.metrics != "" {
		verdict = result.Check("the server's count of answers 202", after-before)
	}
	if f.json {
		err = errors.Join(err, printLoadJSON(c.OutOrStdout(), f, url, result, verdict))
	} else {
		err = errors.Join(err, printLoad(c.OutOrStdout(), f, url, result, verdict))
	}
	return errors.Join(verdict, err, asking)
}

func (f loadFlags) send(ctx context.Context, g *webhookload.Generator) (webhookload.Result, error) {
	if f.rate > 0 {
		return g.Open(ctx, f.rate, f.duration)
	}
	return g.Closed(ctx, f.duration)
}

// answered asks the server how many requests it has answered 202.
func (f loadFlags) answered(ctx context.Context) (int64, error) {
	if f.metrics == "" {
		return 0, nil
	}
	client := &http.Client{Timeout: 10 * time.Second}
	count, err := webhookload.Asked(ctx, client, f.metrics)
	return count.Answered, err
}

// target returns where to send to and what signs.
func (f loadFlags) target() (url, secret string, err error) {
	if f.config == "" {
		if f.url == "" || f.secret == "" {
			return "", "", errors.New("--url and --secret are needed, or --config")
		}
		return f.url, f.secret, nil
	}
	cfg, err := config.Load(f.config, config.Source{})
	if err != nil {
		return "", "", err
	}
	company, err := f.chosen(cfg)
	if err != nil {
		return "", "", err
	}
	if url = f.url; url == "" {
		if url, err = address(cfg.Public, company.ID); err != nil {
			return "", "", err
		}
	}
	if secret = f.secret; secret == "" {
		secret, err = signing(company, time.Now())
	}
	return url, secret, err
}

// chosen returns the company that is named, or the only one.
func (f loadFlags) chosen(cfg config.Config) (config.Company, error) {
	var ids []string
	for _, company := range cfg.Companies {
		if company.ID == f.company || f.company == "" && len(cfg.Companies) == 1 {
			return company, nil
		}
		ids = append(ids, company.ID)
	}
	return config.Company{}, fmt.Errorf("--company: name one of %s", strings.Join(ids, ", "))
}

// address is where a server on this machine takes the company's webhooks.
func address(public config.Public, company string) (string, error) {
	host, port, err := net.SplitHostPort(public.Listen)
	if err != nil {
		return "", fmt.Errorf("public.listen: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if public.TLS.CertFile != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/webhooks/ontop/" + company, nil
}

// signing returns a secret of the company that is believed now.
func signing(company config.Company, now time.Time) (string, error) {
	if prefix := company.Ontop.HeaderPrefix; company.Ontop.Signature != "standard-webhooks" || prefix != "" && prefix != "webhook-" {
		return "", fmt.Errorf("company %s: load signs as Standard Webhooks does, with its own header names", company.ID)
	}
	for _, secret := range company.Ontop.Secrets {
		early := !secret.NotBefore.IsZero() && now.Before(secret.NotBefore)
		late := !secret.NotAfter.IsZero() && !now.Before(secret.NotAfter)
		if !early && !late && strings.HasPrefix(secret.Secret.Reveal(), "whsec_") {
			return secret.Secret.Reveal(), nil
		}
	}
	return "", fmt.Errorf("company %s: has no whsec_ secret that is believed now; give one by --secret", company.ID)
}

// loadReport is what --json prints. Times are in milliseconds, from when a request
// was meant to be sent.
type loadReport struct {
	URL         string             `json:"url"`
	Connections int                `json:"connections"`
	Rate        int                `json:"rate"` // that was asked for; 0 in closed loop
	Seconds     float64            `json:"seconds"`
	Ledger      webhookload.Ledger `json:"ledger"`
	Void        string             `json:"void,omitempty"` // why the numbers are worthless
	PerSecond   float64            `json:"acknowledged_per_second"`
	All         loadTimes          `json:"times_ms"`
	Acked       loadTimes          `json:"times_acknowledged_ms"`
	Statuses    map[int]int64      `json:"statuses"` // 0 counts requests without an answer
	Late        int64              `json:"late"`     // no connection was free when they were due
	Unsent      int64              `json:"unsent"`
	LagMS       float64            `json:"sender_lag_ms"`
}

type loadTimes struct {
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p99_9"`
	Worst float64 `json:"worst"`
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func timesOf(l webhookload.Latencies) loadTimes {
	return loadTimes{
		P50: milliseconds(l.Percentile(50)), P99: milliseconds(l.Percentile(99)), P999: milliseconds(l.Percentile(99.9)), Worst: milliseconds(l.Worst()),
	}
}

func printLoadJSON(w io.Writer, f loadFlags, url string, r webhookload.Result, verdict error) error {
	report := loadReport{
		URL: url, Connections: f.connections, Rate: f.rate, Seconds: r.Took.Seconds(), Ledger: r.Ledger, PerSecond: r.Rate(),
		All: timesOf(r.Times), Acked: timesOf(r.Acked), Statuses: r.Answers, Late: r.Late, Unsent: r.Unsent, LagMS: milliseconds(r.Lag),
	}
	if verdict != nil {
		report.Void = verdict.Error()
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}
