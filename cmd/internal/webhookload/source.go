package webhookload

import (
	"crypto/hmac"
	cryptorand "crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"math/rand/v2"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// Different bodies before their event ids make them unique. They do not fit into
	// the processor's caches, as those of real senders do not; large ones are fewer.
	mostBodies  = 4096
	bodiesBytes = 16 << 20

	smallestBody = 256
	largestBody  = 16 << 20

	signatureSize = 44 // a sum of SHA-256 in base64
)

// source makes requests, each with an id and a body of its own.
type source struct {
	key    []byte
	head   string // of every request, up to its id
	run    string // the part of ids that differs between sources
	bodies [][]byte
	mark   int           // where the event id stands in each of them
	taken  atomic.Uint64 // numbers given out

	presigned []([signatureSize]byte)
	first     uint64 // the number that the first of them is for
	signedAt  string // the time in all of them
	late      atomic.Int64
}

func newSource(target *url.URL, cfg Config) (*source, error) {
	encoded, ok := strings.CutPrefix(cfg.Secret, "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) == 0 {
		return nil, errors.New(`the secret must be "whsec_" and base64`)
	}
	var run [8]byte
	cryptorand.Read(run[:])
	s := &source{
		key: key, run: hex.EncodeToString(run[:]),
		head: fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nwebhook-id: ", target.RequestURI(), target.Host),
	}
	random := rand.New(rand.NewPCG(cfg.Seed, 2))
	s.bodies = make([][]byte, min(max(bodiesBytes/cfg.BodyBytes, 1), mostBodies))
	for i := range s.bodies {
		s.bodies[i] = sizedBody(random, cfg.BodyBytes)
	}
	s.mark = strings.Index(string(s.bodies[0]), noEvent)
	return s, nil
}

// noEvent stands for the event id in a body that has none yet.
const noEvent = "0000000000000000"

// sizedBody makes up JSON that compresses about as well as invoices do.
func sizedBody(random *rand.Rand, size int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `{"event_type":"TIMESHEET_SUBMITTED","event_id":"evt_%s","data":{"client_id":999,"items":[`, noEvent)
	const line = 128 // more than a line and the end take
	for n := 1; b.Len() < size-line; n++ {
		fmt.Fprintf(&b, `{"item_id":%d,"concept":"FIXED_PAYMENT","amount":%d.%02d,"reference":"%08x"},`,
			n, random.IntN(9000), random.IntN(100), random.Uint32())
	}
	const end = `{"item_id":0}],"note":"%s"}}`
	fmt.Fprintf(&b, end, strings.Repeat("x", size-b.Len()-len(end)+len("%s")))
	return []byte(b.String())
}

// id returns the id of request n.
func (s *source) id(n uint64) string { return string(s.appendID(nil, n)) }

func (s *source) appendID(b []byte, n uint64) []byte {
	b = append(append(b, "msg_"...), s.run...)
	return appendNumber(append(b, '_'), n)
}

// appendNumber appends n in as many digits as noEvent has.
func appendNumber(b []byte, n uint64) []byte {
	var text [len(noEvent)]byte
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = byte('0' + n%10)
		n /= 10
	}
	return append(b, text[:]...)
}

// presign signs the next count requests ahead, so that signing takes nothing of the
// processors that the generator shares with the server.
func (s *source) presign(count int, now time.Time) {
	s.first, s.signedAt = s.taken.Load(), strconv.FormatInt(now.Unix(), 10)
	s.presigned = make([][signatureSize]byte, count)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			p := s.pen()
			for i := w; i < count; i += workers {
				n := s.first + uint64(i)
				p.body(n)
				p.sign(p.signature[:], n, s.signedAt)
				s.presigned[i] = p.signature
			}
		})
	}
	wg.Wait()
}

// pen writes requests, one at a time.
type pen struct {
	source    *source
	mac       hash.Hash
	signed    []byte // what is signed before the body
	content   []byte
	request   []byte
	signature [signatureSize]byte
}

func (s *source) pen() *pen { return &pen{source: s, mac: hmac.New(sha256.New, s.key)} }

func (p *pen) body(n uint64) {
	p.content = append(p.content[:0], p.source.bodies[n%uint64(len(p.source.bodies))]...)
	appendNumber(p.content[:p.source.mark], n)
}

func (p *pen) sign(to []byte, n uint64, at string) {
	p.signed = append(append(append(p.source.appendID(p.signed[:0], n), '.'), at...), '.')
	p.mac.Reset()
	p.mac.Write(p.signed)
	p.mac.Write(p.content)
	base64.StdEncoding.Encode(to, p.mac.Sum(p.signed[:0]))
}

// write returns request n as it goes over the wire. It is valid until the next call.
func (p *pen) write(n uint64, now time.Time) []byte {
	s := p.source
	p.body(n)
	at := s.signedAt
	if i := n - s.first; n >= s.first && i < uint64(len(s.presigned)) {
		p.signature = s.presigned[i]
	} else {
		s.late.Add(1)
		at = strconv.FormatInt(now.Unix(), 10)
		p.sign(p.signature[:], n, at)
	}
	b := s.appendID(append(p.request[:0], s.head...), n)
	b = append(append(b, "\r\nwebhook-timestamp: "...), at...)
	b = append(append(b, "\r\nwebhook-signature: v1,"...), p.signature[:]...)
	b = strconv.AppendInt(append(b, "\r\nContent-Length: "...), int64(len(p.content)), 10)
	p.request = append(append(b, "\r\n\r\n"...), p.content...)
	return p.request
}
