package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/tieout/tieout/cmd/internal/app"
	"github.com/tieout/tieout/cmd/internal/wayin"
	"github.com/tieout/tieout/schema"
)

// errNotProven ends `deliveries test`; the steps have said why.
var errNotProven = errors.New("the way in is not proven")

// triedWayIn is what `deliveries test --json` writes.
type triedWayIn struct {
	Company schema.CompanyID  `json:"company"`
	URL     string            `json:"url"`
	Direct  bool              `json:"direct"` // the listener itself was tried, since no public address is known
	ID      schema.DeliveryID `json:"delivery_id"`
	Proven  bool              `json:"proven"`
	Steps   []triedStep       `json:"steps"`
}

type triedStep struct {
	Step    string  `json:"step"`
	OK      bool    `json:"ok"`
	Detail  string  `json:"detail"`
	Warning string  `json:"warning,omitempty"`
	Cause   string  `json:"cause,omitempty"`
	Next    string  `json:"next,omitempty"`
	TookMs  float64 `json:"took_ms"`
}

func newTriedStep(s wayin.Step) triedStep {
	tried := triedStep{
		Step: s.Name, OK: s.Trouble == nil, Detail: s.Detail, Warning: s.Warning, TookMs: float64(s.Took.Microseconds()) / 1000,
	}
	if s.Trouble != nil {
		tried.Cause, tried.Next = s.Trouble.Cause, s.Trouble.Next
	}
	return tried
}

func (r *root) deliveriesTest() *cobra.Command {
	command := &cobra.Command{
		Use:   "test",
		Short: "Prove the way in: send a signed test event to the public address and follow it to its outcome",
		Long: "Prove the way in: send a signed test event to the public address and follow it to its outcome.\n\n" +
			"It goes the way that Ontop's deliveries go: name, connection, TLS, proxy, signature, origin, journal, store and\n" +
			"transform, each told as it is taken. What is sent holds no invoice and is never booked; it is signed with the\n" +
			"newest secret that is believed now. `tieout serve` has to run. The address is --url, else public.url of the\n" +
			"configuration, else the listener itself, which proves nothing of names, TLS and proxies. Only that Ontop's own\n" +
			"network gets through is not proven.",
		Args: noArgs,
	}
	only, asJSON := companyFlag(command), jsonFlag(command)
	var how app.WayIn
	flags := command.Flags()
	flags.StringVar(&how.URL, "url", "", "the `URL` where Ontop reaches the company, such as https://hooks.example.com")
	flags.DurationVar(&how.Follow, "wait", time.Minute, "how long it may take into the store, and from there to its outcome")
	cert := flags.String("client-cert", "", "certificate `FILE` in PEM, for a listener that asks for one")
	key := flags.String("client-key", "", "private key `FILE` in PEM, of that certificate")
	command.RunE = func(c *cobra.Command, _ []string) error {
		if how.Follow <= 0 {
			return usageError{fmt.Errorf("--wait: must be above 0s, is %s", how.Follow)}
		}
		if (*cert == "") != (*key == "") {
			return usageError{errors.New("--client-cert and --client-key: belong together")}
		}
		if *cert != "" {
			pair, err := tls.LoadX509KeyPair(*cert, *key)
			if err != nil {
				return fmt.Errorf("--client-cert: %w", err)
			}
			how.Certificate = &pair
		}
		return r.withCompany(c.Context(), *only, func(a *app.App, id schema.CompanyID) error {
			return r.proveWayIn(*asJSON, id, func(tell func(wayin.Step)) (app.WayInProof, error) {
				return a.ProveWayIn(c.Context(), id, how, tell)
			})
		})
	}
	return command
}

// proveWayIn writes the steps as they are taken or, in JSON, at the end.
func (r *root) proveWayIn(asJSON bool, id schema.CompanyID, run func(func(wayin.Step)) (app.WayInProof, error)) error {
	var written error
	proof, err := run(func(s wayin.Step) {
		if !asJSON {
			_, wrong := io.WriteString(r.out, stepText(s))
			written = errors.Join(written, wrong)
		}
	})
	if err = errors.Join(err, written); err != nil {
		return err
	}
	if asJSON {
		tried := triedWayIn{Company: id, URL: proof.URL, Direct: proof.Direct, ID: proof.ID, Proven: proof.Proven, Steps: []triedStep{}}
		for _, s := range proof.Steps {
			tried.Steps = append(tried.Steps, newTriedStep(s))
		}
		err = writeJSON(r.out, tried)
	} else {
		_, err = io.WriteString(r.out, proofText(proof))
	}
	if !proof.Proven {
		err = errors.Join(err, errNotProven)
	}
	return err
}

// stepText writes a step, with a tick or a cross.
func stepText(s wayin.Step) string {
	text := ""
	if s.Trouble == nil {
		took := ""
		if s.Name != wayin.StepSigned {
			took = fmt.Sprintf(" (%s)", s.Took.Round(100*time.Microsecond))
		}
		text = wrapped(0, "✓ "+s.Name, orDash(s.Detail)+took)
	} else {
		text = wrapped(0, "✗ "+s.Name, s.Trouble.Cause)
		if s.Trouble.Next != "" {
			text += wrapped(4, "next", s.Trouble.Next)
		}
	}
	if s.Warning != "" {
		text += wrapped(4, "but", s.Warning)
	}
	return text
}

func proofText(p app.WayInProof) string {
	if !p.Proven {
		return wrapped(0, "", "tried "+p.URL)
	}
	text := wrapped(0, "", fmt.Sprintf("%s leads all the way; the test event is %s", p.URL, p.ID))
	if p.Direct {
		text += wrapped(4, "but", "this is the listener itself: it proves nothing of DNS, TLS and the proxy that Ontop meets. Set public.url in the "+
			"configuration to the address that Ontop was given, or give it with --url, and run this again")
	}
	return text
}
