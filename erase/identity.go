package erase

import (
	"context"

	"github.com/expungedb/expunge/dialect"
	"github.com/google/uuid"
)

// database returns the journal's UUID for this database, which it makes on
// first use.
func (j *journal) database(ctx context.Context) (string, error) {
	for attempt := 0; ; attempt++ {
		var id string
		err := j.begin(ctx, dialect.TxOptions{}, func(tx dialect.Tx) (err error) {
			if id, err = j.named(ctx, tx); err != nil || id != "" {
				return err
			}
			id = uuid.NewString()
			return j.name(ctx, tx, id)
		})
		if dialect.ClassOf(err) == dialect.UniqueViolation && attempt == 0 {
			continue // another process was first
		}
		return id, err
	}
}

// identity returns the journal's UUID for this database, "" where there is none.
func (j *journal) identity(ctx context.Context) (id string, err error) {
	err = j.begin(ctx, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) error {
		id, err = j.named(ctx, tx)
		return err
	})
	if dialect.ClassOf(err) == dialect.Fatal && ctx.Err() == nil {
		return "", nil // that a table isn't there is fatal, in the contract's classes
	}
	return id, err
}

// adopt gives a database without an identity the one it had.
func (j *journal) adopt(ctx context.Context, id string) error {
	return j.begin(ctx, dialect.TxOptions{}, func(tx dialect.Tx) error { return j.name(ctx, tx, id) })
}

func (j *journal) name(ctx context.Context, tx dialect.Writer, id string) error {
	return tx.Insert(ctx, dialect.Insert{
		Table: j.db.JournalTable(databaseTable), Columns: []string{"only", "id", "since"}, Rows: []dialect.Row{{int64(1), id, stamp(j.now())}},
	})
}

// named is the identity that the database was given, "" where it has none yet.
func (j *journal) named(ctx context.Context, tx dialect.Reader) (id string, err error) {
	for r, err := range tx.Query(ctx, dialect.Select{Table: j.db.JournalTable(databaseTable), Columns: []string{"id"}}) {
		if err != nil {
			return "", err
		}
		id = text(r[0])
	}
	return id, nil
}
