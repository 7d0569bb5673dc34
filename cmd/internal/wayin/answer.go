package wayin

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/tieout/tieout/ingest"
)

// maxAnswer bounds what is read of an answer; a proxy's page of error may be long.
const maxAnswer = 64 << 10

func (w *way) post(ctx context.Context, step *Step) {
	before, counted := w.cfg.Records.Refused(ctx)
	began := w.cfg.Now()
	answer, err := w.exchange(ctx)
	step.Took = w.cfg.Now().Sub(began) // without what the metrics took
	if err != nil {
		next := "see the logs of `tieout serve` and of the proxy in front of it"
		step.Trouble = troubled(next, "no answer: %s", plain(err))
		if w.target.Scheme == "https" && w.cfg.Certificate == nil && strings.Contains(err.Error(), "certificate required") {
			step.Trouble = troubled("give one with --client-cert and --client-key; Ontop has to have one too",
				"the server takes only clients with a certificate (public.tls.client_ca_file)")
		}
		return
	}
	step.Detail = answer.status
	if answer.code == http.StatusAccepted {
		step.Detail += ": on disk, in the journal"
		return
	}
	cause := ""
	if counted == nil && answer.code == http.StatusUnauthorized {
		if after, err := w.cfg.Records.Refused(ctx); err == nil {
			cause = grown(before, after)
		}
	}
	step.Trouble = w.refused(answer, cause)
}

// answered is the head of an answer.
type answered struct {
	status string
	code   int
	header http.Header
}

// exchange writes the request on the connection that was opened, and reads the
// answer. Redirects are not followed: no sender of webhooks does.
func (w *way) exchange(ctx context.Context) (answered, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.cfg.URL, bytes.NewReader(w.sample.body))
	if err != nil {
		return answered{}, err
	}
	request.Header = w.sample.header
	request.Header.Set("User-Agent", "tieout")
	if deadline, ok := ctx.Deadline(); ok {
		if err := w.conn.SetDeadline(deadline); err != nil {
			return answered{}, err
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = w.conn.Close() })
	defer stop()
	if err := request.Write(w.conn); err != nil {
		return answered{}, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(io.LimitReader(w.conn, maxAnswer)), request)
	if err != nil {
		return answered{}, err
	}
	// Nothing of the body is needed, and the connection is not used again.
	return answered{answer.Status, answer.StatusCode, answer.Header}, answer.Body.Close()
}

// grown names the cause that was counted in between, when it is only one.
func grown(before, after map[string]int64) string {
	var causes []string
	for cause, n := range after {
		if n > before[cause] {
			causes = append(causes, cause)
		}
	}
	if len(causes) != 1 {
		return ""
	}
	return causes[0]
}

// refused says why the answer is not 202, as far as can be told.
func (w *way) refused(answer answered, cause string) *Trouble {
	company := w.cfg.Company
	if cause != "" {
		return unverified(ingest.Rejection(cause))
	}
	switch code := answer.code; {
	case code == http.StatusUnauthorized:
		return troubled("compare the secrets, ontop.origins and the clock of the server; `tieout serve` counts the cause in "+
			"tieout_ingest_verification_failures_total, and reads the secrets again on SIGHUP",
			"401: what answers there does not believe the signature, or the address that this came from")
	case code == http.StatusNotFound:
		return troubled(fmt.Sprintf("have the proxy pass on the path as it is, /webhooks/ontop/%s, and restart `tieout serve` if the company is new", company),
			"404: what answers there does not know %s", w.target.Path)
	case code == http.StatusRequestEntityTooLarge:
		return troubled("raise the proxy's bound of bodies above 1 MiB", "413: what answers there takes no body of %d bytes", len(w.sample.body))
	case code == http.StatusTooManyRequests:
		return troubled("see ontop.rate_per_second, and try again", "429: more deliveries come in than the company may send")
	case code == http.StatusServiceUnavailable && answer.header.Get("Retry-After") != "":
		return troubled("see `tieout status` and the log of `tieout serve`: the journal may be full, or its disk",
			"503: tieout cannot store deliveries now")
	case slices.Contains([]int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, code):
		return troubled("start `tieout serve`, and have the proxy pass on to public.listen", "%d: the proxy does not reach tieout", code)
	case code >= 300 && code < 400:
		return troubled("give Ontop that address, or have the proxy pass on without a redirect: senders follow none",
			"%d: redirected to %s", code, answer.header.Get("Location"))
	case code >= 200 && code < 300:
		return troubled("see what listens at "+w.target.Host, "%d: this is not tieout, which answers 202", code)
	}
	return troubled("see the logs of `tieout serve` and of the proxy in front of it", "%s", answer.status)
}

// unverified says why the server did not believe the test event, by what it counted.
func unverified(cause ingest.Rejection) *Trouble {
	const reload = "send SIGHUP to `tieout serve` so that it reads the secrets of this configuration, and see that it is the one it runs with"
	head := "401: the server counted " + string(cause) + ": "
	switch cause {
	case ingest.RejectedSignature:
		return troubled(reload+"; or a proxy changes bodies, which it must not", "%sno secret that it believes made this signature of this body", head)
	case ingest.RejectedNoKey:
		return troubled(reload, "%snone of its secrets is believed now", head)
	case ingest.RejectedOrigin:
		return troubled("add the address that this machine shows to ontop.origins while you test, or run the test from where Ontop sends; behind a "+
			"proxy, public.proxies must name it", "%sthis machine's address is not in ontop.origins", head)
	case ingest.RejectedExpired, ingest.RejectedFuture:
		return troubled("set the clocks of both machines by NTP", "%sthe clocks of this machine and the server differ by more than ontop.tolerance", head)
	case ingest.RejectedMissing, ingest.RejectedMalformed, ingest.RejectedRepeated:
		return troubled("have the proxy pass on all headers as they are; or "+reload, "%sa header of the signature did not come through as it was sent", head)
	}
	return troubled(reload, "%s", head)
}
