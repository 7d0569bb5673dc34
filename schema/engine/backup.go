package engine

import (
	"context"
	"fmt"
	"path/filepath"
)

// Backup writes a database into one new archive, whose name ends in
// .tar; libchdb is built without zip. The path is absolute, its folder exists, and an archive that
// is there already is never overwritten. Statements go on meanwhile; the
// archive holds each table as it was at one moment, but not all at the same.
func (a *Attached) Backup(ctx context.Context, database, archive string) error {
	return a.archive(ctx, "BACKUP DATABASE "+quoteName(database)+" TO File", database, archive)
}

// Restore brings a database back from an archive that [Attached.Backup] wrote.
// It refuses where a table of that name has rows, rather than add to them.
func (a *Attached) Restore(ctx context.Context, database, archive string) error {
	return a.archive(ctx, "RESTORE DATABASE "+quoteName(database)+" FROM File", database, archive)
}

func (a *Attached) archive(ctx context.Context, command, database, archive string) error {
	if !filepath.IsAbs(archive) {
		return &Fault{Kind: ErrRelativePath, Path: archive, Hint: "give the archive as a path that begins with /"}
	}
	if err := ask(ctx, a, command+"("+quoteText(archive)+")", func([]byte) error { return nil }); err != nil {
		return fmt.Errorf("%s, archive %s: %w", database, archive, err)
	}
	return nil
}
