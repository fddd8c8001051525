package erase_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// Another process changes the schema during a run. The run is right nevertheless, or refuses: then it
// has done nothing outside of its steps. It continues when the change is undone, or is closed.
func TestChaosWorldsWhoseSchemaChanges(t *testing.T) {
	onSQLiteAndPostgres(t, func(t *testing.T, db *target) {
		n := worlds(t, 120)
		if db.Engine == sample.Postgres {
			n = max(n/8, 1)
		}
		second := db.second(t)
		outcomes := map[string]int{}
		eachWorld(t, db, n, plan.ScopeSubjects, func(w *world, p *plan.Plan, chance *rand.Rand) []string {
			w.limit = 3
			a := &alteration{somebody: somebody{world: w, db: second, chance: chance, subjects: w.closure()}, engine: db.Engine, wait: chance.IntN(8)}
			a.draw()
			broken := a.runBeside(t, db, p, outcomes)
			if a.err != nil {
				t.Fatal(a.err)
			}
			if broken != nil {
				broken = append(broken, fmt.Sprintf("after %q at %s", a.do, a.point))
			}
			return broken
		})
		t.Log(outcomes)
		if n >= 10 && (outcomes["refused"] == 0 || outcomes["right"] == 0) {
			t.Errorf("%v: the test says too little", outcomes)
		}
	})
}

// alteration is a change of the schema, made in one transaction beside a run.
type alteration struct {
	somebody
	engine   string
	wait     int // failpoints passed before it
	point    string
	do, undo []string
	late     string // the table referenced by a new table "late"
	action   string
	column   string // the table with the new column "extra"
	watched  string // the table with a new trigger, copying into "history"
	lateRows int
	made     bool
}

// At these points no lock is held, or only one on data that other transactions may see.
var alterationPoints = []string{"gathered", "acted", "journaled", "committed", "checked"}

// at is the failpoint for changes of rows and of the schema.
func (a *alteration) at(point string) {
	if !slices.Contains(alterationPoints, point) {
		return
	}
	if point == "committed" {
		a.act()
	}
	if a.wait--; a.wait >= 0 || a.made {
		return
	}
	if a.made = a.exec(a.do...); !a.made {
		return
	}
	a.point, a.tied = point, true
	if a.late != "" {
		a.err = a.db.QueryRowContext(context.Background(), "SELECT count(*) FROM late").Scan(&a.lateRows)
	}
}

// draw decides on a change.
func (a *alteration) draw() {
	table := a.tables[a.chance.IntN(len(a.tables))]
	switch kind := a.chance.IntN(10); {
	case kind < 2:
		a.column = table
		a.do = []string{"ALTER TABLE " + table + " ADD COLUMN extra TEXT", "UPDATE " + table + " SET extra = 'secret'"}
		a.undo = []string{"ALTER TABLE " + table + " DROP COLUMN extra"}
	case kind < 6:
		a.drawLateTable(table)
	case kind < 8:
		a.drawTrigger(table)
	default:
		a.drawReference()
	}
}

// drawLateTable makes a table with a reference, and rows in it.
func (a *alteration) drawLateTable(table string) {
	a.late, a.action = table, []string{"CASCADE", "SET NULL", "NO ACTION", "SET DEFAULT"}[a.chance.IntN(4)]
	a.do = []string{
		"CREATE TABLE late (id INTEGER PRIMARY KEY, p TEXT NOT NULL, ref INTEGER REFERENCES " + table + " (id) ON DELETE " + a.action + ")",
		"INSERT INTO late SELECT id, 'late', id FROM " + table,
	}
	a.undo = []string{"DROP TABLE late"}
}

// drawTrigger makes a trigger that keeps old rows of a table.
func (a *alteration) drawTrigger(table string) {
	a.watched = table
	history := "CREATE TABLE history (id INTEGER NOT NULL, p TEXT NOT NULL)"
	const body = "INSERT INTO history VALUES (OLD.id, OLD.p);"
	if a.engine == sample.Postgres {
		a.do = []string{
			history, "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN " + body + " RETURN coalesce(NEW, OLD); END$$",
			"CREATE TRIGGER keeps AFTER UPDATE OR DELETE ON " + table + " FOR EACH ROW EXECUTE FUNCTION keep()",
		}
		a.undo = []string{"DROP TABLE history", "DROP FUNCTION keep() CASCADE"}
		return
	}
	a.do = []string{
		history, "CREATE TRIGGER keeps_updated AFTER UPDATE ON " + table + " BEGIN " + body + " END",
		"CREATE TRIGGER keeps_deleted AFTER DELETE ON " + table + " BEGIN " + body + " END",
	}
	a.undo = []string{"DROP TRIGGER keeps_updated", "DROP TRIGGER keeps_deleted", "DROP TABLE history"}
}

// drawReference drops the index of a reference or, where the engine can, its constraint;
// a link gets one.
func (a *alteration) drawReference() {
	r := a.refs[a.chance.IntN(len(a.refs))]
	constraint := fmt.Sprintf("%s_%s_fkey", r.from, r.column)
	drop := "ALTER TABLE " + r.from + " DROP CONSTRAINT " + constraint
	add := func(action string) string {
		return fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s (id) ON DELETE %s NOT VALID", r.from, constraint, r.column, r.to, action)
	}
	switch {
	case r.indexed && (a.engine != sample.Postgres || a.chance.IntN(2) == 0):
		a.do, a.undo = []string{"DROP INDEX i_" + r.column}, []string{r.createIndex()}
	case a.engine != sample.Postgres:
		a.do, a.undo = []string{"CREATE INDEX j_" + r.column + " ON " + r.from + " (" + r.column + ")"}, []string{"DROP INDEX j_" + r.column}
	case r.link:
		a.do, a.undo = []string{add("CASCADE")}, []string{drop}
	default:
		a.do, a.undo = []string{drop, add("CASCADE")}, []string{drop, add(r.action), "ALTER TABLE " + r.from + " VALIDATE CONSTRAINT " + constraint}
		if a.chance.IntN(2) == 0 {
			a.do = a.do[:1]
			a.undo = a.undo[1:]
		}
	}
}

// runBeside runs the plan, changes the schema meanwhile, and lists errors.
func (a *alteration) runBeside(t *testing.T, db *target, p *plan.Plan, outcomes map[string]int) []string {
	// SQLite reads a changed schema again with the first row, not for an ALTER TABLE.
	if a.err = a.db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+subjects).Scan(new(int)); a.err != nil {
		return nil
	}
	o := options(p, "world", keysOfSubjects(a.world)...)
	o.MaxRows, o.Workers, o.Attempts = a.limit, 1, 3
	report, err := erase.RunAt(t.Context(), db.DB, p, o, a.at)
	if errors.Is(err, erase.ErrDrift) && a.made {
		if report.Receipt != nil {
			return []string{"a run that refuses has a receipt"}
		}
		if broken := a.unlisted(t, db); broken != nil {
			return broken
		}
		if a.chance.IntN(4) == 0 {
			outcomes["closed"]++
			return a.closed(t, db, p, o)
		}
		outcomes["refused"]++
		if !a.exec(a.undo...) {
			return nil
		}
		report, err = erase.Run(t.Context(), db.DB, p, o)
	} else {
		if broken := append(a.unlisted(t, db), a.remains(t, db)...); broken != nil {
			return broken
		}
		outcomes["right"]++
		if a.made {
			outcomes["right after a change"]++
		}
	}
	if a.err != nil {
		return nil
	}
	var left *erase.LeftError
	if err != nil && !errors.As(err, &left) {
		return []string{"run: " + err.Error()}
	}
	st := opened(t, report.Receipt)
	after := a.after(t, db.SQL)
	broken := slices.Concat(a.arrivals(after, st), a.broken(after), unbalanced(st))
	if left != nil && (left.Rows > 0 || left.Arrived == 0) {
		broken = append(broken, left.Error())
	}
	return broken
}

// closed closes the run; its receipt says that it isn't complete.
func (a *alteration) closed(t *testing.T, db *target, p *plan.Plan, o erase.Options) []string {
	o.Subjects = nil
	report, err := erase.Close(t.Context(), db.DB, p, o, "")
	var left *erase.LeftError
	if !errors.As(err, &left) {
		return []string{fmt.Sprintf("close: %v", err)}
	}
	st := opened(t, report.Receipt)
	broken := unbalanced(st)
	if st.Predicate.Incomplete == nil {
		broken = append(broken, "the receipt of a closed run says that it is complete")
	}
	return append(broken, a.strangers(t, db, st)...)
}

// strangers lists changes of rows that are no subject's.
func (a *alteration) strangers(t *testing.T, db *target, st *receipt.Statement) []string {
	after := a.after(t, db.SQL)
	if st != nil {
		a.arrivals(after, st)
	} else {
		for _, p := range a.arrived {
			delete(after[p.table], p.id)
		}
	}
	return a.brokenAmong(after, func(f *fate) bool { return f == nil })
}

// unlisted lists changes of rows outside of all steps.
func (a *alteration) unlisted(t *testing.T, db *target) []string {
	if !a.made {
		return nil
	}
	out := a.strangers(t, db, nil)
	if a.late != "" {
		if n := db.count(t, "SELECT count(*) FROM late WHERE ref = id"); n != a.lateRows {
			out = append(out, fmt.Sprintf("of %d rows of a new table %d are as they were", a.lateRows, n))
		}
	}
	if a.watched != "" && a.ofSubjects(t, db, a.watched, "SELECT id FROM history") > 0 {
		out = append(out, "a new trigger has kept a subject's row")
	}
	return out
}

// remains lists data of a subject not mentioned in the receipt.
func (a *alteration) remains(t *testing.T, db *target) (out []string) {
	if !a.made {
		return nil
	}
	if a.late != "" && a.ofSubjects(t, db, a.late, "SELECT ref FROM late") > 0 {
		out = append(out, "rows of a new table refer to a subject's")
	}
	if a.column != "" && a.ofSubjects(t, db, a.column, "SELECT id FROM "+a.column+" WHERE extra IS NOT NULL") > 0 {
		out = append(out, "a new column of a subject's row has its value")
	}
	return out
}

// ofSubjects counts the rows of the table, by its keys, with a subject's data.
func (a *alteration) ofSubjects(t *testing.T, db *target, table, keys string) (n int) {
	for _, row := range scan[int64](t, db, keys) {
		if f := a.subjects[place{table, int(row[0])}]; f != nil && f.erase != policy.EraseKeep {
			n++
		}
	}
	return n
}
