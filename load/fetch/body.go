package fetch

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// errMore means that a file is larger than allowed.
var errMore = errors.New("it is larger than allowed")

// take reads the file that an answer holds.
func (f *Fetcher) take(ctx context.Context, t target, resp *http.Response, fallback string) (File, error) {
	if err := f.refusal(t, resp); err != nil {
		return File{}, err
	}
	if resp.ContentLength > f.cfg.Limit {
		return File{}, f.tooLarge(t)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	body := &counted{r: resp.Body}
	defer f.watch(body, func() { cancel(errSlow); resp.Body.Close() })()
	content, err := f.decode(resp, body)
	switch cause := context.Cause(ctx); {
	case cause != nil: // first: a body that is given up may look as if it had ended
		return File{}, t.problem(TooSlow, cause)
	case errors.Is(err, errMore):
		return File{}, f.tooLarge(t)
	case errors.Is(err, errEncoding):
		return File{}, t.problem(Refused, err).says("was not fetched, because %s sends it packed in a way that was not asked for", t.host())
	case err != nil:
		return File{}, t.problem(BrokenOff, err)
	case len(content) == 0:
		return File{}, t.problem(Empty, nil)
	}
	return f.recognise(t, resp, content, fallback)
}

func (f *Fetcher) tooLarge(t target) error {
	return t.problem(TooLarge, nil).
		says("was not fetched from %s, because it is larger than %s", t.host(), megabytes(f.cfg.Limit)).mended(Source, byHand)
}

func megabytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// errEncoding is a content encoding that nobody asked for and we do not undo.
var errEncoding = errors.New("unknown content encoding")

// decode reads a body to its end, or to the limit. We ask for the file as it is;
// stores that keep files packed send them packed all the same.
func (f *Fetcher) decode(resp *http.Response, body io.Reader) ([]byte, error) {
	switch encoding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); encoding {
	case "", "identity":
		return readAll(body, resp.ContentLength, f.cfg.Limit)
	case "gzip", "x-gzip":
		// What comes in is bounded as well as what comes out: a stream can go on
		// for ever and unpack to nothing.
		unpacked, err := gzip.NewReader(io.LimitReader(body, f.cfg.Limit+1))
		if err != nil {
			return nil, err
		}
		content, err := readAll(unpacked, 0, f.cfg.Limit)
		if _, corrupt := errors.AsType[flate.CorruptInputError](err); corrupt {
			return nil, io.ErrUnexpectedEOF
		}
		return content, err
	default:
		return nil, fmt.Errorf("%w: %.20q", errEncoding, encoding)
	}
}

// readAll reads everything, unless it is more than limit. Announced is what the
// header promises, which is believed for the first buffer only.
func readAll(r io.Reader, announced, limit int64) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(min(max(announced, 0), limit)) + bytes.MinRead)
	n, err := b.ReadFrom(io.LimitReader(r, limit+1))
	if n > limit {
		return nil, errMore
	}
	return b.Bytes(), err
}

// counted counts what is read.
type counted struct {
	r io.Reader
	n atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// watch calls giveUp once less comes than has to. The function that it returns ends
// the watch.
func (f *Fetcher) watch(body *counted, giveUp func()) (stop func()) {
	window := max(f.cfg.Begin/4, time.Second)
	least := int64(float64(f.cfg.Slowest) * window.Seconds())
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(window)
		defer tick.Stop()
		for before := int64(0); ; {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			now := body.n.Load()
			if now-before < least {
				giveUp()
				return
			}
			before = now
		}
	}()
	return func() { close(done) }
}

// recognise makes a file of bytes.
func (f *Fetcher) recognise(t target, resp *http.Response, content []byte, fallback string) (File, error) {
	name := t.wanted
	if _, params, err := mime.ParseMediaType(resp.Header.Get("Content-Disposition")); err == nil && ending(name) == "" && params["filename"] != "" {
		name = stem(params["filename"])
	}
	if stripped(name) == "" {
		name = fallback
	}
	k, err := sniff(content, name)
	switch {
	case errors.Is(err, errHTML):
		return File{}, t.problem(HTMLPage, nil)
	case err != nil:
		return File{}, t.problem(WrongKind, err).
			says("at %s is no kind of file that QuickBooks takes (%s)", t.host(), err).mended(Source, askAgain)
	case k.mime == pdf && !complete(content):
		return File{}, t.problem(BrokenOff, io.ErrUnexpectedEOF)
	}
	sum := sha256.Sum256(content)
	return File{Content: content, Type: k.mime, Name: Clean(name, k.endings...), Sum: hex.EncodeToString(sum[:])}, nil
}
