package wayin

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/tieout/tieout/schema"
)

// Records is where a delivery shows once it was received.
type Records interface {
	// Delivered returns everything that the store holds under an id, bodies
	// included, and what became of it. None is no error.
	Delivered(ctx context.Context, id schema.DeliveryID) ([]schema.Receipt, error)

	// Waiting returns how many deliveries are in this machine's journal and not in
	// the store yet.
	Waiting(ctx context.Context) (int64, error)

	// Refused returns how many requests the running server could not verify, by
	// cause.
	Refused(ctx context.Context) (map[string]int64, error)
}

// Config says which way is proven. URL, Company, Records and Now are required.
type Config struct {
	// URL is the whole address, as [Address] returns it.
	URL     string
	Company schema.CompanyID
	Signing Signing
	Records Records
	// Now is the clock, which dates the signature.
	Now func() time.Time

	// Local says that an address which only this machine can reach is tried on purpose.
	Local bool
	// Certificate is shown to a listener that asks for one.
	Certificate *tls.Certificate
	// Roots are the authorities that are believed. Defaults to the system's, which a
	// sender on the internet believes too.
	Roots *x509.CertPool

	// Bound is how long each of the steps up to the answer may take.
	//
	// Defaults to 10 seconds.
	Bound time.Duration
	// Follow is how long the delivery may take from the answer into the store, and
	// from there to its outcome.
	//
	// Defaults to 60 seconds: twice the default schedule of the transform.
	Follow time.Duration
}

// Proof is how far the test event came.
type Proof struct {
	ID     schema.DeliveryID // of the test event; empty when none could be signed
	Steps  []Step
	Proven bool // all the way
}

// Address returns the whole address of a company's webhooks, given its base, or given
// itself.
func Address(base string, company schema.CompanyID) string {
	path := "/webhooks/ontop/" + string(company)
	base = strings.TrimRight(base, "/")
	if strings.HasSuffix(base, path) {
		return base
	}
	return base + path
}

// Prove goes the whole way, or as far as it leads, and tells of every step once it is
// taken. It returns soon after ctx ends.
func Prove(ctx context.Context, cfg Config, tell func(Step)) Proof {
	cfg.Bound, cfg.Follow = cmp.Or(cfg.Bound, 10*time.Second), cmp.Or(cfg.Follow, time.Minute)
	w := &way{cfg: cfg, tell: tell}
	defer w.close()
	for _, step := range []struct {
		name string
		take func(context.Context, *Step)
	}{
		{StepSigned, w.sign},
		{StepResolved, w.resolve},
		{StepConnected, w.connect},
		{StepTLS, w.handshake},
		{StepAnswered, w.post},
		{StepStored, w.store},
		{StepRead, w.read},
	} {
		if !w.take(ctx, step.name, step.take) {
			return w.proof
		}
	}
	w.proof.Proven = true
	return w.proof
}

// way is a proof under way.
type way struct {
	cfg   Config
	tell  func(Step)
	proof Proof

	target    *url.URL
	sample    sample
	addresses []net.IPAddr
	conn      net.Conn
	receipt   schema.Receipt
}

func (w *way) close() {
	if w.conn != nil {
		_ = w.conn.Close() // nothing is on the way any more
	}
}

// take takes one step, and reports whether the way goes on.
func (w *way) take(ctx context.Context, name string, do func(context.Context, *Step)) bool {
	step, began := Step{Name: name}, w.cfg.Now()
	bound := w.cfg.Bound
	if name == StepStored || name == StepRead {
		bound = w.cfg.Follow
	}
	bounded, cancel := context.WithTimeout(ctx, bound)
	do(bounded, &step)
	cancel()
	if ctx.Err() != nil && step.Trouble != nil {
		step.Trouble = &Trouble{Cause: "was stopped"}
	}
	if step.Took == 0 {
		step.Took = w.cfg.Now().Sub(began)
	}
	if step.Detail == "" && step.Trouble == nil && step.Warning == "" {
		return true // there is nothing to this step
	}
	w.proof.Steps = append(w.proof.Steps, step)
	w.tell(step)
	return step.Trouble == nil
}

func (w *way) sign(_ context.Context, step *Step) {
	target, err := url.Parse(w.cfg.URL)
	if err != nil || target.Hostname() == "" || target.Scheme != "http" && target.Scheme != "https" {
		step.Trouble = troubled("give an address such as https://hooks.example.com", "%q is no http(s) address", w.cfg.URL)
		return
	}
	w.target = target
	if w.sample, step.Trouble = w.cfg.Signing.newSample(w.cfg.Now()); step.Trouble != nil {
		return
	}
	w.proof.ID = w.sample.id
	step.Detail = fmt.Sprintf("a test event of %d bytes, %s", len(w.sample.body), w.sample.how)
	if w.cfg.Signing.UnsafeAcceptUnsigned {
		step.Warning = "anybody who can reach the listener can invent invoices; nothing is proven of signatures"
	}
}
