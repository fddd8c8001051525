package erase

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/google/uuid"
)

// databaseRow is what the journal says of the database that it is in.
type databaseRow struct {
	ID        string    // a random UUID, which travels with every copy until the copy is noticed
	Marks     []string  // dialect.Identity.Marks as they were
	Origins   []string  // the identities of what it is a copy of, the nearest first
	Protected time.Time // zero: scope everything may run
}

var databaseColumns = []string{"only", "id", "since", "marks", "origins", "protected"}

// isCopy reports whether the row was written in another database, as far as marks tell.
func (r *databaseRow) isCopy(marks []string) bool {
	shared := func(m string) bool { return slices.Contains(r.Marks, m) }
	return len(r.Marks) > 0 && len(marks) > 0 && !slices.ContainsFunc(marks, shared)
}

// origin is the identity of the database that this one is a copy of, "" where it is none.
func (r *databaseRow) origin() string {
	if len(r.Origins) == 0 {
		return ""
	}
	return r.Origins[0]
}

// databaseRow returns the journal's row for this database, which it makes on first use.
// A copy of another database gets an identity of its own; noticed says so.
func (j *journal) databaseRow(ctx context.Context, marks []string) (row *databaseRow, noticed bool, err error) {
	for attempt := 0; ; attempt++ {
		err = j.inTx(ctx, dialect.TxOptions{}, func(tx dialect.Tx) error {
			row, noticed, err = j.findOrMakeDatabase(ctx, tx, marks)
			return err
		})
		if dialect.ClassOf(err) == dialect.UniqueViolation && attempt == 0 {
			continue // another process was first
		}
		return row, noticed, err
	}
}

func (j *journal) findOrMakeDatabase(ctx context.Context, tx dialect.Tx, marks []string) (*databaseRow, bool, error) {
	row, err := j.findDatabase(ctx, tx, dialect.Exclusive)
	switch {
	case err != nil:
		return nil, false, err
	case row == nil:
		row = &databaseRow{ID: uuid.NewString(), Marks: marks}
		return row, false, j.insertDatabase(ctx, tx, row)
	case !row.isCopy(marks):
		return row, false, j.updateMarks(ctx, tx, row, marks)
	}
	row.ID, row.Origins, row.Marks = uuid.NewString(), append([]string{row.ID}, row.Origins...), marks
	return row, true, j.updateDatabase(ctx, tx, map[string]dialect.Value{
		"id": row.ID, "since": formatTime(j.now()), "origins": strings.Join(row.Origins, ","), "marks": nullIfEmpty(strings.Join(marks, "\n")),
	})
}

// updateMarks notes that this database is the row's: where it was moved its marks have changed.
func (j *journal) updateMarks(ctx context.Context, tx dialect.Tx, row *databaseRow, marks []string) error {
	if len(marks) == 0 || slices.Equal(row.Marks, marks) {
		return nil
	}
	row.Marks = marks
	return j.updateDatabase(ctx, tx, map[string]dialect.Value{"marks": strings.Join(marks, "\n")})
}

func (j *journal) insertDatabase(ctx context.Context, tx dialect.Writer, row *databaseRow) error {
	return tx.Insert(ctx, dialect.Insert{Table: j.db.JournalTable(databaseTable), Columns: databaseColumns, Rows: []dialect.Row{{
		int64(1), row.ID, formatTime(j.now()), nullIfEmpty(strings.Join(row.Marks, "\n")), nullIfEmpty(strings.Join(row.Origins, ",")), nil,
	}}})
}

func (j *journal) updateDatabase(ctx context.Context, tx dialect.Tx, values map[string]dialect.Value) error {
	return j.update(ctx, tx, databaseTable, values, []dialect.Cond{dialect.Compare{Column: "only", Op: "=", Value: int64(1)}})
}

// findDatabase reads the journal's row for this database, nil where it has none yet.
func (j *journal) findDatabase(ctx context.Context, tx dialect.Reader, lock dialect.Lock) (row *databaseRow, err error) {
	for r, err := range tx.Query(ctx, dialect.Select{Table: j.db.JournalTable(databaseTable), Columns: databaseColumns, Lock: lock}) {
		if err != nil {
			return nil, err
		}
		row = &databaseRow{ID: textOf(r[1]), Marks: splitText(textOf(r[3]), "\n"), Origins: splitText(textOf(r[4]), ","), Protected: parseTime(r[5])}
	}
	return row, nil
}

func splitText(s, separator string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, separator)
}

// readDatabase is findDatabase without making the journal, nil where there is none.
func (j *journal) readDatabase(ctx context.Context) (row *databaseRow, err error) {
	err = j.inTx(ctx, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) error {
		row, err = j.findDatabase(ctx, tx, dialect.NoLock)
		return err
	})
	return row, unlessMissing(ctx, err)
}

// Adopt states that this database is the one that its journal names: it was moved, or
// restored from a backup, and isn't a copy beside it. Where a run has already taken it for a copy,
// it gets back the identity that it had before.
//
// A run notices by the engine's own identity that its database is another one than the
// journal was made in. It can't see whether the other one goes on being used, and takes it for a
// copy: receipts then say so, and Replay doesn't mix up the two. Call Adopt after a move to
// another server, a failover that changes the server's identity, or a restore elsewhere. Replay does it by itself.
func Adopt(ctx context.Context, db dialect.DB) (err error) {
	defer func() { denial{db: db}.explain(ctx, &err) }()
	id, err := db.Identity(ctx)
	if err != nil {
		return err
	}
	j := &journal{db: db, now: time.Now}
	return j.inTx(ctx, dialect.TxOptions{}, func(tx dialect.Tx) error {
		row, err := j.findDatabase(ctx, tx, dialect.Exclusive)
		switch {
		case err != nil:
			return fmt.Errorf("reading the journal: %w", err)
		case row == nil:
			return fmt.Errorf("%w: its journal names no database: nothing is to be adopted", ErrOtherDatabase)
		case row.isCopy(id.Marks) || row.origin() == "":
			return j.updateMarks(ctx, tx, row, id.Marks)
		}
		return j.updateDatabase(ctx, tx, map[string]dialect.Value{
			"id": row.origin(), "since": formatTime(j.now()), "origins": nullIfEmpty(strings.Join(row.Origins[1:], ",")), "marks": nullIfEmpty(strings.Join(id.Marks, "\n")),
		})
	})
}
