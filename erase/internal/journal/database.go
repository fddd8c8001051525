package journal

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/google/uuid"
)

// Database is the row about the database of the journal.
type Database struct {
	ID        string    // a random UUID; a copy has it too, until the copy is noticed
	Marks     []string  // dialect.Identity.Marks as they were
	Origins   []string  // the identities of what it is a copy of, the nearest first
	Protected time.Time // zero: scope everything may run
}

var databaseColumns = []string{"only", "id", "since", "marks", "origins", "protected"}

// IsCopy reports whether the row was written in another database, as far as marks tell.
func (r *Database) IsCopy(marks []string) bool {
	shared := func(m string) bool { return slices.Contains(r.Marks, m) }
	return len(r.Marks) > 0 && len(marks) > 0 && !slices.ContainsFunc(marks, shared)
}

// Origin is the identity of the copied database, "" where this is no copy.
func (r *Database) Origin() string {
	if len(r.Origins) == 0 {
		return ""
	}
	return r.Origins[0]
}

// FindDatabase returns the row for this database, nil without a row or a journal.
func (j Reader) FindDatabase(ctx context.Context) (row *Database, err error) {
	err = j.read(ctx, func(tx dialect.Reader) error {
		row, err = j.readDatabase(ctx, tx, dialect.NoLock)
		return err
	})
	return row, unlessMissing(ctx, err)
}

func (j Reader) readDatabase(ctx context.Context, tx dialect.Reader, lock dialect.Lock) (row *Database, err error) {
	for r, err := range tx.Query(ctx, dialect.Select{Table: j.table(databaseTable), Columns: databaseColumns, Lock: lock}) {
		if err != nil {
			return nil, err
		}
		row = &Database{ID: textOf(r[1]), Marks: splitText(textOf(r[3]), "\n"), Origins: splitText(textOf(r[4]), ","), Protected: parseTime(r[5])}
	}
	return row, nil
}

func splitText(s, separator string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, separator)
}

// TakeTurn locks the row for the database. One transaction has it at a time.
func (j Reader) TakeTurn(ctx context.Context, tx dialect.Reader) error {
	_, err := j.readDatabase(ctx, tx, dialect.Exclusive)
	return err
}

// IdentifyDatabase returns the row for the database with these marks. It inserts the row on first
// use. A copy of another database gets an identity of its own, and noticed is true.
func (j *Journal) IdentifyDatabase(ctx context.Context, marks []string) (row *Database, noticed bool, err error) {
	for attempt := 0; ; attempt++ {
		err = j.write(ctx, func(tx dialect.Tx) error {
			row, noticed, err = j.findOrInsertDatabase(ctx, tx, marks)
			return err
		})
		if dialect.ClassOf(err) == dialect.UniqueViolation && attempt == 0 {
			continue // another process was first
		}
		return row, noticed, err
	}
}

func (j *Journal) findOrInsertDatabase(ctx context.Context, tx dialect.Tx, marks []string) (*Database, bool, error) {
	row, err := j.readDatabase(ctx, tx, dialect.Exclusive)
	switch {
	case err != nil:
		return nil, false, err
	case row == nil:
		row = &Database{ID: uuid.NewString(), Marks: marks}
		return row, false, j.insertDatabase(ctx, tx, row)
	case !row.IsCopy(marks):
		return row, false, j.updateMarks(ctx, tx, row, marks)
	}
	row.ID, row.Origins, row.Marks = uuid.NewString(), append([]string{row.ID}, row.Origins...), marks
	return row, true, j.updateDatabase(ctx, tx, map[string]dialect.Value{
		"id": row.ID, "since": FormatTime(j.now()), "origins": strings.Join(row.Origins, ","), "marks": nullIfEmpty(strings.Join(marks, "\n")),
	})
}

// InsertDatabase stores the identity of a database without one.
func (j *Journal) InsertDatabase(ctx context.Context, id string, marks []string) error {
	return j.write(ctx, func(tx dialect.Tx) error {
		return j.insertDatabase(ctx, tx, &Database{ID: id, Marks: marks})
	})
}

func (j *Journal) insertDatabase(ctx context.Context, tx dialect.Writer, row *Database) error {
	return tx.Insert(ctx, dialect.Insert{Table: j.table(databaseTable), Columns: databaseColumns, Rows: []dialect.Row{{
		int64(1), row.ID, FormatTime(j.now()), nullIfEmpty(strings.Join(row.Marks, "\n")), nullIfEmpty(strings.Join(row.Origins, ",")), nil,
	}}})
}

// UpdateMarks stores the marks of the row's database: a move has changed them.
func (j *Journal) UpdateMarks(ctx context.Context, row *Database, marks []string) error {
	return j.write(ctx, func(tx dialect.Tx) error { return j.updateMarks(ctx, tx, row, marks) })
}

func (j *Journal) updateMarks(ctx context.Context, tx dialect.Tx, row *Database, marks []string) error {
	if len(marks) == 0 || slices.Equal(row.Marks, marks) {
		return nil
	}
	row.Marks = marks
	return j.updateDatabase(ctx, tx, map[string]dialect.Value{"marks": strings.Join(marks, "\n")})
}

func (j *Journal) updateDatabase(ctx context.Context, tx dialect.Tx, values map[string]dialect.Value) error {
	return j.update(ctx, tx, databaseTable, values, []dialect.Cond{dialect.Compare{Column: "only", Op: "=", Value: int64(1)}})
}

// Adopt states: the database with these marks is the one of the row. A supposed copy
// gets back its former identity. Adopt reports whether there is a row.
func (j *Journal) Adopt(ctx context.Context, marks []string) (found bool, err error) {
	err = j.write(ctx, func(tx dialect.Tx) error {
		row, err := j.readDatabase(ctx, tx, dialect.Exclusive)
		switch found = row != nil; {
		case err != nil:
			return fmt.Errorf("reading the journal: %w", err)
		case row == nil:
			return nil
		case row.IsCopy(marks) || row.Origin() == "":
			return j.updateMarks(ctx, tx, row, marks)
		}
		return j.updateDatabase(ctx, tx, map[string]dialect.Value{
			"id": row.Origin(), "since": FormatTime(j.now()), "origins": nullIfEmpty(strings.Join(row.Origins[1:], ",")), "marks": nullIfEmpty(strings.Join(marks, "\n")),
		})
	})
	return found, err
}

// Protect stores since when the database is protected.
func (j *Journal) Protect(ctx context.Context) error {
	return j.setProtected(ctx, FormatTime(j.now()))
}

// Unprotect deletes what Protect stored.
func (j *Journal) Unprotect(ctx context.Context) error { return j.setProtected(ctx, nil) }

func (j *Journal) setProtected(ctx context.Context, since dialect.Value) error {
	return j.write(ctx, func(tx dialect.Tx) error {
		return j.updateDatabase(ctx, tx, map[string]dialect.Value{"protected": since})
	})
}

// ForgetPeople deletes what the journal of a copy has stored about people of the original:
// the held rows, and the progress of unfinished runs other than this one.
func (j *Journal) ForgetPeople(ctx context.Context) error {
	err := j.write(ctx, func(tx dialect.Tx) error {
		unfinished, err := j.unfinishedOthers(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.Delete(ctx, dialect.Delete{Table: j.table(heldTable)}); err != nil || len(unfinished) == 0 {
			return err
		}
		for _, of := range []struct{ table, column string }{{batchTable, "run"}, {pauseTable, "run"}, {runTable, "id"}} {
			if _, err := tx.Delete(ctx, dialect.Delete{
				Table: j.table(of.table), Where: []dialect.Cond{dialect.In{Columns: []string{of.column}, Keys: unfinished}},
			}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("emptying the notes that the journal has from the database that was copied: %w", err)
	}
	return nil
}

// unfinishedOthers are the IDs of the other runs that aren't closed.
func (j *Journal) unfinishedOthers(ctx context.Context, tx dialect.Reader) (ids []dialect.Key, err error) {
	for r, err := range tx.Query(ctx, dialect.Select{
		Table: j.table(runTable), Columns: []string{"id"}, Lock: dialect.Exclusive, Order: []string{"id"},
		Where: []dialect.Cond{unfinishedStates},
	}) {
		if err != nil {
			return nil, err
		}
		if id := textOf(r[0]); id != j.run {
			ids = append(ids, dialect.Key{id})
		}
	}
	return ids, nil
}
