package journal

import (
	"context"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// Suspension is the row of a suspended index.
type Suspension struct {
	Run   string
	Root  int64 // the root's place in the plan
	Table dialect.Name
	dialect.SuspendedIndex
}

// String names it for people.
func (s *Suspension) String() string { return "index " + s.Name + " of " + s.Table.String() }

var suspendedColumns = []string{"run", "root", "schema_name", "table_name", "index_name", "definition", "suspended", "restored"}

// InsertSuspended stores the indexes of a root's table before they are suspended. The run's
// former rows of this root are deleted: those indexes are restored.
func (j *Journal) InsertSuspended(ctx context.Context, all []Suspension) error {
	return j.write(ctx, func(tx dialect.Tx) error {
		if err := j.CheckEpoch(ctx, tx); err != nil {
			return err
		}
		table := j.table(suspendedTable)
		if _, err := tx.Delete(ctx, dialect.Delete{Table: table, Where: []dialect.Cond{j.ofRun(), dialect.Compare{Column: "root", Op: "=", Value: all[0].Root}}}); err != nil {
			return err
		}
		i := dialect.Insert{Table: table, Columns: suspendedColumns}
		for _, s := range all {
			i.Rows = append(i.Rows, dialect.Row{s.Run, s.Root, nullIfEmpty(s.Table.Schema), s.Table.Table, s.Name, s.Definition, FormatTime(j.now()), nil})
		}
		return tx.Insert(ctx, i)
	})
}

// MarkRestored marks an index as restored.
func (j *Journal) MarkRestored(ctx context.Context, s *Suspension, at time.Time) error {
	return j.write(ctx, func(tx dialect.Tx) error {
		return j.update(ctx, tx, suspendedTable, map[string]dialect.Value{"restored": FormatTime(at)},
			[]dialect.Cond{dialect.In{Columns: []string{"run", "root", "index_name"}, Keys: []dialect.Key{{s.Run, s.Root, s.Name}}}})
	})
}

// LeftSuspended is Suspended for a database with or without a journal.
func (j Reader) LeftSuspended(ctx context.Context) ([]Suspension, error) {
	all, err := j.Suspended(ctx)
	return all, unlessMissing(ctx, err)
}

// Suspended are the indexes still suspended, by run, root and name.
func (j Reader) Suspended(ctx context.Context) ([]Suspension, error) {
	var out []Suspension
	err := j.read(ctx, func(tx dialect.Reader) error {
		for r, err := range tx.Query(ctx, dialect.Select{
			Table: j.table(suspendedTable), Columns: suspendedColumns,
			Where: []dialect.Cond{dialect.IsNull{Column: "restored"}}, Order: []string{"run", "root", "index_name"},
		}) {
			if err != nil {
				return err
			}
			out = append(out, Suspension{
				Run: textOf(r[0]), Root: intOf(r[1]), Table: dialect.Name{Schema: textOf(r[2]), Table: textOf(r[3])},
				SuspendedIndex: dialect.SuspendedIndex{Name: textOf(r[4]), Definition: textOf(r[5])},
			})
		}
		return nil
	})
	return out, err
}
