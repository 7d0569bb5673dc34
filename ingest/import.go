package ingest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/tieout/tieout/schema"
)

// ImportConfig tunes [Import]. The zero ImportConfig is ready to use.
type ImportConfig struct {
	// MaxLine is the most bytes of one line.
	//
	// Defaults to 1 MiB, as for a webhook's body.
	MaxLine int

	// BlockDeliveries and BlockBytes bound one block. A file is cut the same
	// way each time only when they stay the same.
	//
	// Default to 10,000 and 16 MiB.
	BlockDeliveries int
	BlockBytes      int64

	// Patience is how long the same block is offered again to a store that
	// fails.
	//
	// Defaults to 1 minute.
	Patience time.Duration

	// ReceivedAt is when the deliveries count as received, such as the time of
	// the file.
	//
	// Defaults to now.
	ReceivedAt time.Time
}

func (c ImportConfig) withDefaults(env Env) ImportConfig {
	c.MaxLine = cmp.Or(c.MaxLine, 1<<20)
	c.BlockDeliveries = cmp.Or(c.BlockDeliveries, 10_000)
	c.BlockBytes = cmp.Or(c.BlockBytes, 16<<20)
	c.Patience = cmp.Or(c.Patience, time.Minute)
	if c.ReceivedAt.IsZero() {
		c.ReceivedAt = env.Now()
	}
	c.ReceivedAt = c.ReceivedAt.UTC().Truncate(time.Microsecond)
	return c
}

// RefusedLine is a line of a file that was not staged.
type RefusedLine struct {
	Line   int    // counted from 1
	Reason string // fit to show to a person
}

// Most refused lines that are listed; all are counted.
const maxRefused = 100

// ImportResult says what became of a file.
type ImportResult struct {
	Lines   int // lines that are not blank
	Staged  int // deliveries that the store has now, whether it had them before or not
	Blocks  int
	Refused int
	First   []RefusedLine // the first of the refused, at most 100
}

// Import stages the bodies in r, one to a line, as deliveries of the company. A
// line that is not a JSON object is refused with its number, and the rest goes
// on. A body is known by its event_id, else by itself; blocks are named for what
// they hold, so that importing a file again stages nothing again.
//
// An error is either of reading r, with the line, or of the store, after which
// importing the file again is safe. The result counts what was done until then.
func Import(ctx context.Context, r io.Reader, company schema.CompanyID, store Stager, cfg ImportConfig, env Env) (ImportResult, error) {
	env, err := env.withDefaults()
	if err != nil {
		return ImportResult{}, err
	}
	if company == "" {
		return ImportResult{}, errors.New("company: is missing")
	}
	i := &importing{cfg: cfg.withDefaults(env), env: env, store: store, company: company}
	lines := bufio.NewReaderSize(r, 64<<10)
	for number := 1; ; number++ {
		line, long, readErr := readLine(lines, i.cfg.MaxLine)
		if readErr != nil && !errors.Is(readErr, io.EOF) {
			return i.result, fmt.Errorf("read line %d: %w", number, readErr)
		}
		if err := i.line(ctx, number, line, long); err != nil {
			return i.result, err
		}
		if readErr != nil {
			return i.result, i.flush(ctx)
		}
	}
}

// readLine returns the next line without its end. Of a line that is too long it
// returns nothing but that fact.
func readLine(r *bufio.Reader, most int) (line []byte, long bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if !long {
			line = append(line, part...)
		}
		if len(bytes.TrimRight(line, "\r\n")) > most {
			line, long = nil, true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, long, err
		}
	}
}

// importing is one file on its way.
type importing struct {
	cfg     ImportConfig
	env     Env
	store   Stager
	company schema.CompanyID
	block   []schema.Delivery
	bytes   int64
	result  ImportResult
}

// line takes one line, and stages a block when it is full.
func (i *importing) line(ctx context.Context, number int, line []byte, long bool) error {
	if number == 1 {
		line = bytes.TrimPrefix(line, []byte("\ufeff")) // spreadsheets put it there
	}
	body := bytes.TrimSpace(line)
	if len(body) == 0 && !long {
		return nil
	}
	i.result.Lines++
	if long {
		i.refuse(number, fmt.Sprintf("is longer than %d bytes", i.cfg.MaxLine))
		return nil
	}
	id, err := bodyName(body)
	if err != nil {
		i.refuse(number, err.Error())
		return nil
	}
	if n := len(i.block); n > 0 && (n >= i.cfg.BlockDeliveries || i.bytes+int64(len(body)) > i.cfg.BlockBytes) {
		if err := i.flush(ctx); err != nil {
			return err
		}
	}
	i.bytes += int64(len(body))
	i.block = append(i.block, schema.Delivery{
		Company: i.company, ID: id, ReceivedAt: i.cfg.ReceivedAt, Channel: schema.ChannelImport, Body: body,
	})
	return nil
}

func (i *importing) refuse(number int, reason string) {
	i.result.Refused++
	if len(i.result.First) < maxRefused {
		i.result.First = append(i.result.First, RefusedLine{Line: number, Reason: reason})
	}
}

// flush stages what was gathered, offering the same block until the store says
// that it has it, or for as long as patience lasts.
func (i *importing) flush(ctx context.Context) error {
	if len(i.block) == 0 {
		return nil
	}
	block := schema.Block{ID: "import:" + sumDeliveries(i.block, false).String(), Deliveries: i.block}
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 100*time.Millisecond, 5*time.Second
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := i.store.Stage(ctx, block)
		if err != nil {
			i.env.Metrics.drainErrors.Inc()
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pause), backoff.WithMaxElapsedTime(i.cfg.Patience))
	if err != nil {
		return fmt.Errorf("stage block %s: %w", block.ID, err)
	}
	i.result.Blocks++
	i.result.Staged += len(i.block)
	i.env.Metrics.staged.WithLabelValues("import").Add(float64(len(i.block)))
	i.block, i.bytes = nil, 0
	return nil
}

// bodyName returns the id of a body: its event_id where that can be an id, else
// the hash of all of it.
func bodyName(body []byte) (schema.DeliveryID, error) {
	if !json.Valid(body) {
		return "", errors.New("is not JSON")
	}
	if body[0] != '{' {
		return "", errors.New("is not a JSON object, as a delivery's body is")
	}
	var named struct {
		EventID json.RawMessage `json:"event_id"`
	}
	var id string
	if json.Unmarshal(body, &named) == nil && json.Unmarshal(named.EventID, &id) == nil && validEventID(id) {
		return schema.DeliveryID(id), nil
	}
	return schema.BodyID(body), nil
}

// validEventID reports whether an event_id can be kept as an id. Unlike a
// webhook-id it may have dots.
func validEventID(id string) bool {
	if id == "" || len(id) > maxDeliveryID {
		return false
	}
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}
