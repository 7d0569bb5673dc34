package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/tieout/tieout/schema"
)

const deliveryColumns = `
	company LowCardinality(String)
	id String
	received_at DateTime64(6, 'UTC')
	channel LowCardinality(String)
	body String
	body_sum FixedString(32)
	block String
	pos UInt32
	arrival String`

// Stage stores a block of deliveries exactly once, however often it is offered
// under its ID.
//
// An insert is atomic within one partition, a month of received_at, and so is its
// token. The block is therefore cut by month, always in the same way, and each
// piece has a token of its own. Before a piece is sent, the rows of it that are
// there already are looked up, which takes a narrow range of the table's order:
// that holds after the engine has forgotten the token. The token holds where the
// look-up cannot: while an earlier attempt is still at work.
func (s *Store) Stage(ctx context.Context, block schema.Block) error {
	if block.ID == "" {
		return errors.New("stage block: it has no id")
	}
	months := byMonth(block.Deliveries)
	for _, month := range slices.Sorted(maps.Keys(months)) {
		if err := s.stageMonth(ctx, block, month, months[month]); err != nil {
			return fmt.Errorf("stage block %s: %w", block.ID, err)
		}
	}
	return nil
}

// byMonth returns the positions of a block's deliveries by their partition.
func byMonth(deliveries []schema.Delivery) map[string][]int {
	months := make(map[string][]int)
	for pos, d := range deliveries {
		month := stored(d.ReceivedAt).Format("200601")
		months[month] = append(months[month], pos)
	}
	return months
}

// stageMonth stores the deliveries of a block at the given positions.
func (s *Store) stageMonth(ctx context.Context, block schema.Block, month string, positions []int) error {
	there, err := s.stagedPositions(ctx, block, positions)
	if err != nil {
		return err
	}
	token := block.ID + "/" + month
	missing := slices.DeleteFunc(slices.Clone(positions), func(pos int) bool { return there[uint32(pos)] })
	if len(missing) == 0 {
		return nil
	}
	if len(missing) < len(positions) {
		// No insert of ours leaves a piece half stored; a repair by hand may.
		// What is missing is sent under a token of its own.
		token += "/" + strconv.Itoa(len(missing)) + "/" + strconv.Itoa(missing[0])
	}
	rows := make([][]any, len(missing))
	for i, pos := range missing {
		d := block.Deliveries[pos]
		sum := d.Sum()
		rows[i] = []any{
			string(d.Company), string(d.ID), stored(d.ReceivedAt), string(d.Channel), string(d.Body), string(sum[:]), block.ID, uint32(pos),
			string(d.Arrival),
		}
	}
	return s.insert(ctx, s.tables.deliveries, token, rows)
}

// stagedPositions returns which positions of the block are stored.
func (s *Store) stagedPositions(ctx context.Context, block schema.Block, positions []int) (map[uint32]bool, error) {
	const query = `
		SELECT pos
		FROM deliveries
		WHERE company IN {companies:Array(String)}
			AND received_at >= fromUnixTimestamp64Micro({first:Int64}, 'UTC')
			AND received_at <= fromUnixTimestamp64Micro({last:Int64}, 'UTC')
			AND block = {block:String}`
	companies := make(map[string]bool)
	first, last := time.Time{}, time.Time{}
	for i, pos := range positions {
		at := stored(block.Deliveries[pos].ReceivedAt)
		companies[string(block.Deliveries[pos].Company)] = true
		if i == 0 || at.Before(first) {
			first = at
		}
		if i == 0 || at.After(last) {
			last = at
		}
	}
	p := params{
		"companies": slices.Sorted(maps.Keys(companies)), "first": first.UnixMicro(), "last": last.UnixMicro(), "block": block.ID,
	}
	there := make(map[uint32]bool)
	var pos uint32
	if err := s.each(ctx, query, p, []any{&pos}, func() { there[pos] = true }); err != nil {
		return nil, fmt.Errorf("look for its rows: %w", err)
	}
	return there, nil
}

// bytesOf returns a text that need not be there: nil when it is empty.
func bytesOf(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text)
}
