package journal

import (
	"context"
	"fmt"

	"github.com/expungedb/expunge/dialect"
)

// The journal's tables. Moments are RFC 3339 texts in UTC, alike on every engine.
const (
	databaseTable  = "database"
	runTable       = "run"
	batchTable     = "batch"
	pauseTable     = "pause"
	suspendedTable = "suspended"
	heldTable      = "held"
)

// Tables describes the journal. db gives the tables their names.
func Tables(db dialect.Journal) []*dialect.Table {
	text := func(name string, length int, nullable bool) *dialect.Column {
		return &dialect.Column{Name: name, Kind: dialect.Text, Length: length, Nullable: nullable}
	}
	number := func(name string) *dialect.Column {
		return &dialect.Column{Name: name, Kind: dialect.Int, Precision: 64}
	}
	return []*dialect.Table{
		{
			Name:       db.JournalTable(suspendedTable),
			PrimaryKey: []string{"run", "root", "index_name"},
			Columns: []*dialect.Column{
				text("run", 200, false),
				number("root"), // the root's place in the plan
				text("schema_name", 128, true),
				text("table_name", 256, false),
				text("index_name", 128, false),
				text("definition", 0, false), // what puts it back
				text("suspended", 40, false), // just before it went
				text("restored", 40, true),   // when it was in place again; until then it is to be restored before anything else
			},
		},
		{
			Name:       db.JournalTable(databaseTable),
			PrimaryKey: []string{"only"},
			Columns: []*dialect.Column{
				number("only"),        // 1: the table has one row
				text("id", 36, false), // a random UUID; every copy of the database has it too
				text("since", 40, false),
				text("marks", 0, true),      // the engine's own identity of the database, to notice a copy
				text("origins", 0, true),    // of what it is a copy, the nearest first
				text("protected", 40, true), // since when no plan of scope everything may run
			},
		},
		{
			Name:       db.JournalTable(runTable),
			PrimaryKey: []string{"id"},
			Columns: []*dialect.Column{
				text("id", 200, false),
				text("state", 10, false),
				number("epoch"),            // raised whenever a process takes the run over
				text("holder", 200, false), // the last process to acquire it, told to a refused one
				text("plan", 64, false),    // the plan's digest
				text("receipt_id", 36, false),
				text("commitment", 64, true), // tells whether a continued run was given the same key
				number("subjects"),           // distinct given ones
				text("marks", 0, true),       // with a key of the caller: are the same subjects given again?
				text("actor", 200, true),
				text("as_of", 40, false),
				text("began", 40, false),
				text("closed", 40, true),
				text("envelope", 0, true), // the signed receipt
			},
		},
		{
			Name:       db.JournalTable(batchTable),
			PrimaryKey: []string{"run", "root", "seq", "part"},
			Columns: []*dialect.Column{
				text("run", 200, false),
				number("root"), // the root's place in the plan
				number("seq"),
				number("part"), // a batch too large for one transaction has parts
				number("epoch"),
				number("roots"),         // found
				text("low", 0, true),    // walk bounds: keys of remaining rows, until the run closes
				text("high", 0, true),   //
				text("stayed", 0, true), // remaining roots, until the run closes
				text("done", 0, true),   // keyed digests of the deleted subjects, until the run closes
				text("counts", 0, false),
				text("leaf", 64, true), // the root over the batch's row commitments,
				number("padded"),       // and how many leaves it has
				number("retries"),
				text("began", 40, false),
				text("committed", 40, false), // just before the commit
				text("verified", 40, true),   // when the rows were verified after the commit
			},
		},
		{
			// A table of its own: to pause a run takes no lock on the run's row, which
			// its batches have locked.
			Name:       db.JournalTable(pauseTable),
			PrimaryKey: []string{"run"},
			Columns: []*dialect.Column{
				text("run", 200, false), // a paused run, "" for all runs
				text("since", 40, false),
			},
		},
		{
			Name:       db.JournalTable(heldTable),
			PrimaryKey: []string{"digest", "run"},
			Columns: []*dialect.Column{
				text("digest", 64, false), // SHA-256 of root and row_key
				text("run", 200, false),   // the run with something of the row, or of what is reached from it, left to a hold
				text("receipt_id", 36, false),
				text("root", 0, false),    // the row's table and the columns of its key
				text("row_key", 0, false), // the row remains: it takes this entry with it
				text("as_of", 40, false),  // when the row was last gone through
				number("own"),             // 1: a hold applied to the row itself then
			},
		},
	}
}

// Make creates the missing tables.
func Make(ctx context.Context, db dialect.DB) error {
	err := db.EnsureJournal(ctx, Tables(db))
	if err != nil {
		return fmt.Errorf("making the journal: %w", err)
	}
	return nil
}

// unlessMissing is nil where the error says that the journal's tables aren't there, or can't be
// understood: both are fatal, in the contract's classes. A missing privilege says nothing of what is there.
func unlessMissing(ctx context.Context, err error) error {
	if dialect.ClassOf(err) == dialect.Fatal && ctx.Err() == nil {
		return nil
	}
	return err
}

// Accesses are those needed to keep the journal.
func Accesses(db dialect.Journal) []dialect.Access {
	var out []dialect.Access
	for _, t := range Tables(db) {
		a := dialect.Access{Table: t.Name, Insert: true, Delete: true}
		for _, c := range t.Columns {
			a.Update = append(a.Update, c.Name)
		}
		out = append(out, a)
	}
	return out
}
