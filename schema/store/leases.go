package store

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

// maxLease bounds how far back claims have to be read.
const maxLease = 24 * time.Hour

const leaseColumns = `
	name LowCardinality(String)
	holder String
	until DateTime64(6, 'UTC')
	recorded_at DateTime64(6, 'UTC')`

// TryLease claims name for holder until now+ttl, and reports whether it may act.
// Calling it again renews the claim. The ttl is at most 24 hours.
//
// Who sees nobody else's claim writes one and looks again. Of two that claim at
// once, at least the one that looks last sees the other's claim, and who does
// withdraws: never do both act, at times neither does. That holds as long as the
// holders' clocks agree to well within the ttl. An error leaves at worst a claim
// that nobody uses until it ends.
func (s *Store) TryLease(ctx context.Context, name, holder string, ttl time.Duration, now time.Time) (bool, error) {
	if ttl <= 0 || ttl > maxLease {
		return false, fmt.Errorf("claim lease %s: ttl is %s, not above 0 and at most %s", name, ttl, maxLease)
	}
	taken, err := s.leased(ctx, name, holder, now)
	if err != nil || taken {
		return false, err
	}
	if err := s.claim(ctx, name, holder, now.Add(ttl), now); err != nil {
		return false, err
	}
	taken, err = s.leased(ctx, name, holder, now)
	if err != nil {
		return false, err
	}
	if taken {
		return false, s.ReleaseLease(ctx, name, holder, now)
	}
	return true, nil
}

// ReleaseLease gives name back. Releasing what is not held changes nothing.
func (s *Store) ReleaseLease(ctx context.Context, name, holder string, now time.Time) error {
	return s.claim(ctx, name, holder, time.Time{}, now)
}

// leased reports whether anybody but holder has a claim that has not ended.
func (s *Store) leased(ctx context.Context, name, holder string, now time.Time) (bool, error) {
	const query = `
		SELECT count() FROM
		(
			SELECT holder, argMax(until, (recorded_at, seq)) AS until
			FROM leases
			WHERE name = {name:String} AND recorded_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
			GROUP BY holder
		)
		WHERE holder != {holder:String} AND until > fromUnixTimestamp64Micro({now:Int64}, 'UTC')`
	p := params{
		"name": name, "holder": holder, "now": now.UnixMicro(),
		// Twice, since another's clock may run ahead of ours or behind.
		"since": now.Add(-2 * maxLease).UnixMicro(),
	}
	var others uint64
	if err := s.each(ctx, query, p, []any{&others}, func() {}); err != nil {
		return false, fmt.Errorf("read lease %s: %w", name, err)
	}
	return others > 0, nil
}

// claim appends a claim. Claiming again after a release is something new even at
// the same instant, so that each has a token of its own.
func (s *Store) claim(ctx context.Context, name, holder string, until, now time.Time) error {
	seq := s.seq.take(1)
	token := hex.EncodeToString(binary.BigEndian.AppendUint64([]byte(holder+"/"), seq))
	row := []any{name, holder, stored(until), stored(now), seq}
	return s.insert(ctx, s.tables.leases, token, [][]any{row})
}
