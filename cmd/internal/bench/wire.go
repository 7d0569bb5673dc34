package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ring is how many different requests are sent in turn. They are signed before, so
// that the sender takes little of the processors that it shares.
const ring = 4096

// requests returns signed webhooks with bodies of 1.5 KB, as they go over the wire.
func requests(key []byte) [][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	at := strconv.FormatInt(time.Now().Unix(), 10)
	all := make([][]byte, ring)
	for i := range all {
		id := fmt.Sprintf("msg_%016x%04d", random.Uint64(), i)
		body := sizedBody(random)
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + at + "." + body))
		all[i] = fmt.Appendf(nil, "POST /webhooks/ontop/%s HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"+
			"webhook-id: %s\r\nwebhook-timestamp: %s\r\nwebhook-signature: v1,%s\r\nContent-Length: %d\r\n\r\n%s",
			company, id, at, base64.StdEncoding.EncodeToString(mac.Sum(nil)), len(body), body)
	}
	return all
}

// sizedBody makes up 1.5 KB of JSON that compresses about as well as invoices do.
func sizedBody(random *rand.Rand) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"event_type":"TIMESHEET_SUBMITTED","event_id":"evt_%016x","data":{"client_id":999,"items":[`, random.Uint64())
	for n := 1; b.Len() < 1400; n++ {
		fmt.Fprintf(&b, `{"item_id":%d,"concept":"FIXED_PAYMENT","amount":%d.%02d,"reference":"%08x"},`,
			n, random.IntN(9000), random.IntN(100), random.Uint32())
	}
	fmt.Fprintf(&b, `{"item_id":0}],"note":"%s"}}`, strings.Repeat("x", 1500-b.Len()-26))
	return b.String()
}

// line is a connection to a receiver.
type line struct {
	conn   net.Conn
	reader *bufio.Reader
}

func dial(ctx context.Context, address string) (*line, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &line{conn: conn, reader: bufio.NewReaderSize(conn, 1024)}, nil
}

// exchange sends one request and returns the status of its answer.
func (l *line) exchange(request []byte) (int, error) {
	if _, err := l.conn.Write(request); err != nil {
		return 0, err
	}
	code, length := 0, 0
	for first := true; ; first = false {
		text, err := l.reader.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		text = bytes.TrimRight(text, "\r\n")
		switch {
		case first:
			if len(text) < 12 {
				return 0, fmt.Errorf("the answer begins with %q", text)
			}
			if code, err = strconv.Atoi(string(text[9:12])); err != nil {
				return 0, err
			}
		case len(text) == 0:
			_, err := l.reader.Discard(length)
			return code, err
		case bytes.HasPrefix(text, []byte("Content-Length: ")):
			if length, err = strconv.Atoi(string(text[16:])); err != nil {
				return 0, err
			}
		}
	}
}

// loop is what a run of requests came to.
type loop struct {
	ledger
	times []time.Duration
	took  time.Duration
	cpu   time.Duration // of sender, receiver and all that ran beside them in this process
}

// effort is the processor time for one acknowledged request. Other programs on the
// machine hardly show in it, as they do in the rate.
func (l loop) effort() time.Duration { return l.cpu / time.Duration(max(l.acked, 1)) }

// rate is how many requests a second were acknowledged.
func (l loop) rate() float64 { return float64(l.acked) / l.took.Seconds() }

// sender sends requests over its connections.
type sender struct {
	address     string
	requests    [][]byte
	connections int
}

// closed sends for as long as told, on every connection the next request as soon as
// the last one is answered.
func (s sender) closed(ctx context.Context, d time.Duration) (loop, error) {
	end := time.Now().Add(d)
	return s.all(ctx, func(_ int, next func(due time.Time) bool) {
		for now := time.Now(); now.Before(end) && ctx.Err() == nil; now = time.Now() {
			if !next(now) {
				return
			}
		}
	})
}

// open sends at a fixed rate with random gaps, whether earlier requests are
// answered or not, and measures from when each was meant to be sent.
func (s sender) open(ctx context.Context, perSecond int, d time.Duration) (loop, error) {
	random := rand.New(rand.NewPCG(3, 4))
	var due []time.Duration
	for at := 0.0; at < d.Seconds(); at += random.ExpFloat64() / float64(perSecond) {
		due = append(due, time.Duration(at*float64(time.Second)))
	}
	began := time.Now().Add(50 * time.Millisecond)
	var turn atomic.Int64
	return s.all(ctx, func(_ int, next func(due time.Time) bool) {
		for ctx.Err() == nil {
			n := int(turn.Add(1)) - 1
			if n >= len(due) {
				return
			}
			at := began.Add(due[n])
			time.Sleep(time.Until(at))
			if !next(at) {
				return
			}
		}
	})
}

// all runs drive on every connection and adds up what became of its requests. Next
// sends one request and reports whether the connection can still be used.
func (s sender) all(ctx context.Context, drive func(connection int, next func(due time.Time) bool)) (loop, error) {
	lines := make([]*line, s.connections)
	for i := range lines {
		l, err := dial(ctx, s.address)
		if err != nil {
			return loop{}, err
		}
		defer l.conn.Close()
		lines[i] = l
	}
	var mu sync.Mutex
	var total loop
	var errs []error
	var wg sync.WaitGroup
	began, used := time.Now(), cpuTime()
	for i, l := range lines {
		wg.Go(func() {
			var mine loop
			var broke error
			turn := i * ring / s.connections
			drive(i, func(due time.Time) bool {
				mine.sent++
				code, err := l.exchange(s.requests[turn%len(s.requests)])
				turn++
				switch {
				case err != nil:
					mine.cut++
					broke = err
					return false
				case code == 202:
					mine.acked++
				default:
					mine.refused++
				}
				mine.times = append(mine.times, time.Since(due))
				return true
			})
			mu.Lock()
			defer mu.Unlock()
			total.ledger = total.plus(mine.ledger)
			total.times = append(total.times, mine.times...)
			errs = append(errs, broke)
		})
	}
	wg.Wait()
	total.took, total.cpu = time.Since(began), cpuTime()-used
	if err := errors.Join(errs...); err != nil && total.acked == 0 {
		return total, err
	}
	return total, ctx.Err()
}
