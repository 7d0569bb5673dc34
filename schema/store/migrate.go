package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/tieout/tieout/schema/store/migrations"
)

// versionTable notes which migrations were applied.
const versionTable = "migrations"

// Migrate brings the tables up to date and returns how many migrations that took.
// Running it again, or in two processes at once, does nothing more.
func (s *Store) Migrate(ctx context.Context) (applied int, err error) {
	db := clickhouse.OpenDB(s.options.client())
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := s.provider(db)
	if err != nil {
		return 0, fmt.Errorf("migrate store: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return len(results), fmt.Errorf("migrate store: %w", err)
	}
	return len(results), nil
}

func (s *Store) provider(db *sql.DB) (*goose.Provider, error) {
	target := migrations.Target{Cluster: s.options.Cluster}
	versions, err := database.NewStoreFromQuerier(versionTable, migrations.Versions{Target: target})
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectCustom, db, migrations.FS(target),
		goose.WithStore(versions), goose.WithDisableGlobalRegistry(true))
}
