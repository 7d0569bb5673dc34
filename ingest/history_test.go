package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/tieout/tieout/ingest"
	"github.com/tieout/tieout/schema"
)

// mistake is something done wrong on purpose, which histories have to find.
type mistake string

const (
	nothingWrong               mistake = ""
	segmentsAreNotSynced       mistake = "SegmentsAreNotSynced"
	marksAreNotSynced          mistake = "MarksAreNotSynced"
	foldersAreNotSynced        mistake = "FoldersAreNotSynced"
	acknowledgedBeforeTheSync  mistake = "AcknowledgedBeforeTheSync"
	failedSyncsAreTakenForDone mistake = "FailedSyncsAreTakenForDone"
	forgottenBeforeTheStore    mistake = "ForgottenBeforeTheStoreHasIt"
	namesAreNotKept            mistake = "TheStoreDoesNotKnowABlockAgain"
)

func mistakes() []mistake {
	return []mistake{
		segmentsAreNotSynced, marksAreNotSynced, foldersAreNotSynced, acknowledgedBeforeTheSync,
		failedSyncsAreTakenForDone, forgottenBeforeTheStore, namesAreNotKept,
	}
}

// ledger is what the world outside of a machine knows: what was offered to the
// journal, what was acknowledged, and what the store has.
type ledger struct {
	wrong mistake

	mu      sync.Mutex
	offered map[schema.DeliveryID]schema.Delivery
	acked   map[schema.DeliveryID]bool
	staged  map[schema.DeliveryID]bool
	blocks  map[string]schema.Block
	newest  map[string]int // last delivery of each writer that the store got
	broken  error          // the first promise that was not kept
}

func newLedger(wrong mistake) *ledger {
	return &ledger{
		wrong: wrong, offered: make(map[schema.DeliveryID]schema.Delivery), acked: make(map[schema.DeliveryID]bool),
		staged: make(map[schema.DeliveryID]bool), blocks: make(map[string]schema.Block), newest: make(map[string]int),
	}
}

// write appends one delivery of a writer and notes the answer.
func (l *ledger) write(ctx context.Context, j *ingest.Journal, writer string, n, size int) error {
	d := delivery(n)
	d.ID = schema.DeliveryID(fmt.Sprintf("%s.%d", writer, n))
	d.Body = append(d.Body, bytes.Repeat([]byte{byte(n)}, size)...)
	l.mu.Lock()
	l.offered[d.ID] = d
	l.mu.Unlock()
	err := j.Append(ctx, d)
	if err == nil {
		l.mu.Lock()
		l.acked[d.ID] = true
		l.mu.Unlock()
	}
	return err
}

// stage takes a block exactly once, as the store does, and checks all that the
// journal promises about it.
func (l *ledger) stage(block schema.Block) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before, known := l.blocks[block.ID]; known && l.wrong != namesAreNotKept {
		l.check(len(before.Deliveries) == len(block.Deliveries), "block %s: offered again with other deliveries", block.ID)
		for i := range min(len(before.Deliveries), len(block.Deliveries)) {
			l.check(same(before.Deliveries[i], block.Deliveries[i]), "block %s: offered again with another delivery %d", block.ID, i)
		}
		return
	}
	l.blocks[block.ID] = block
	for _, d := range block.Deliveries {
		written, ok := l.offered[d.ID]
		l.check(ok && same(written, d), "%s: returned, and not what was written", d.ID)
		l.check(!l.staged[d.ID], "%s: staged twice", d.ID)
		l.staged[d.ID] = true
		writer, number, _ := strings.Cut(string(d.ID), ".")
		n, err := strconv.Atoi(number)
		l.check(err == nil && n > l.newest[writer], "%s: comes after %d of the same writer", d.ID, l.newest[writer])
		l.newest[writer] = n
	}
}

func same(a, b schema.Delivery) bool {
	return a.Company == b.Company && a.ID == b.ID && a.Channel == b.Channel &&
		a.ReceivedAt.Equal(b.ReceivedAt) && bytes.Equal(a.Body, b.Body)
}

// check notes the first promise that does not hold. It needs mu.
func (l *ledger) check(holds bool, format string, args ...any) {
	if !holds && l.broken == nil {
		l.broken = fmt.Errorf(format, args...)
	}
}

// settle drains what is left on a machine that is well again, and returns what is
// wrong with the whole history.
func (l *ledger) settle(t *testing.T, mem *vfs.MemFS) error {
	t.Helper()
	j, err := tryOpen(mem, small)
	if err != nil {
		return err
	}
	defer j.Close()
	for {
		block, err := j.Cut(t.Context(), all)
		if err != nil {
			return err
		}
		if len(block.Deliveries) == 0 {
			break
		}
		l.stage(block)
		if err := j.Forget(t.Context(), block); err != nil {
			return err
		}
	}
	stats := j.Stats()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.whole(j)
	l.check(stats.Deliveries == 0 && stats.Bytes == 0, "drained, and %d deliveries of %d bytes are said to wait", stats.Deliveries, stats.Bytes)
	for id := range l.acked {
		l.check(l.staged[id], "%s: acknowledged and lost", id)
	}
	return l.broken
}

// whole checks that the journal does not take an end of a machine for damage to
// the disk. It needs mu.
func (l *ledger) whole(j *ingest.Journal) {
	for _, loss := range j.Stats().Losses {
		l.check(!loss.Acknowledged, "deliveries %d to %d of %s are said to be lost to damage", loss.From, loss.To, loss.Path)
	}
}

// history is up to three lives of a machine, drawn from a seed.
type history struct {
	seed   uint64
	odds   int // of faults; 0 for none
	random *rand.Rand
	ledger *ledger
	mem    *vfs.MemFS
	inodes map[string]*inode // what the kernel knows of its files
}

// play plays one history and returns the first promise that was not kept. The
// seed draws who writes how much, how and at which operation each life ends, what
// of the unsynced is left, and the odds of faults. In which order writers and
// drainer come is left to the scheduler.
func play(t *testing.T, seed uint64, odds int, wrong mistake) error {
	t.Helper()
	h := &history{
		seed: seed, odds: odds, random: rand.New(rand.NewPCG(seed, 1)),
		ledger: newLedger(wrong), mem: vfs.NewCrashableMem(), inodes: make(map[string]*inode),
	}
	for life := range 1 + h.random.IntN(3) {
		if err := h.live(t, life); err != nil {
			return fmt.Errorf("life %d: %w", life, err)
		}
	}
	return h.ledger.settle(t, h.mem)
}

// live plays one life of the machine.
func (h *history) live(t *testing.T, life int) error {
	t.Helper()
	m := newMachine(h.mem, rand.New(rand.NewPCG(h.seed, uint64(life)+2)), h.ledger.wrong)
	m.odds, m.inodes = h.odds, h.inodes
	most := 0
	switch h.random.IntN(8) {
	case 0:
		m.ends, most = inOrder, 1+h.random.IntN(40)
	case 1, 2:
		m.ends = kill
	default:
		m.ends = powerCut
	}
	if m.ends != inOrder {
		m.last = 1 + h.random.IntN(30) // it may not get past opening
		if h.random.IntN(4) > 0 {
			m.last += h.random.IntN(150)
		}
	}
	j, err := h.open(m)
	if err == nil {
		h.ledger.mu.Lock()
		h.ledger.whole(j)
		h.ledger.mu.Unlock()
		h.work(t.Context(), m, j, life, most)
		err = j.Close()
	}
	h.mem = m.after
	if m.ends == powerCut {
		clear(h.inodes)
	}
	if err != nil && (m.ends == inOrder || !errors.Is(err, errDead)) && h.odds == 0 {
		return err
	}
	return nil
}

// open opens the journal, if need be when the disk does not fail any more.
func (h *history) open(m *machine) (*ingest.Journal, error) {
	var err error
	for range 5 {
		var j *ingest.Journal
		if j, err = tryOpen(m, small); err == nil || h.odds == 0 || errors.Is(err, errDead) {
			return j, err
		}
	}
	m.heal()
	return tryOpen(m, small)
}

// work writes and drains until the machine is dead or every writer has written
// the most that it may.
func (h *history) work(parent context.Context, m *machine, j *ingest.Journal, life, most int) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	var writers, drainer sync.WaitGroup
	for w := range 1 + h.random.IntN(5) {
		sizes := rand.New(rand.NewPCG(h.seed, uint64(100*life+w)))
		writers.Go(func() {
			name := fmt.Sprintf("life%d-writer%d", life, w)
			for n := 1; ctx.Err() == nil && (most == 0 || n <= most); n++ {
				if h.ledger.write(ctx, j, name, n, size(sizes)) != nil && !rest(ctx, m) {
					return
				}
			}
		})
	}
	if h.random.IntN(8) > 0 {
		limits := ingest.Limits{Deliveries: 1 + h.random.IntN(30), Bytes: 1 << 20}
		drainer.Go(func() { h.drain(ctx, m, j, limits) })
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		writers.Wait()
	}()
	select {
	case <-m.died:
	case <-ended:
	}
	cancel()
	writers.Wait()
	drainer.Wait()
	<-ended
}

// size draws how much a body holds: mostly little, sometimes more than a block.
func size(random *rand.Rand) int {
	if random.IntN(40) == 0 {
		return random.IntN(40_000)
	}
	return random.IntN(60)
}

// drain moves blocks into the store as they come.
func (h *history) drain(ctx context.Context, m *machine, j *ingest.Journal, limits ingest.Limits) {
	for ctx.Err() == nil {
		block, err := j.Cut(ctx, limits)
		switch {
		case err != nil:
			if !rest(ctx, m) {
				return
			}
		case len(block.Deliveries) == 0:
			select {
			case <-ctx.Done():
			case <-j.Ready():
			}
		case h.ledger.wrong == forgottenBeforeTheStore:
			if j.Forget(ctx, block) == nil {
				select {
				case <-m.died:
				default:
					h.ledger.stage(block)
				}
			}
		default:
			h.ledger.stage(block)
			// A block that cannot be forgotten now is cut and offered once more.
			_ = j.Forget(ctx, block)
		}
	}
}

// rest waits a moment, as a sender does that was refused, and reports whether the
// machine is still there.
func rest(ctx context.Context, m *machine) bool {
	timer := time.NewTimer(200 * time.Microsecond)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-m.died:
	case <-ctx.Done():
	}
	return false
}
