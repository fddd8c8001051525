package erase_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
	"pgregory.net/rapid"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// worlds is the number of worlds for a test: EXPUNGE_TEST_WORLDS, else 10,000 in the fault suite, else
// few.
func worlds(t testing.TB, few int) int {
	t.Helper()
	if s := os.Getenv("EXPUNGE_TEST_WORLDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("EXPUNGE_TEST_WORLDS: %v", err)
		}
		return n
	}
	if testing.Short() {
		few /= 4
	}
	return faults(10_000, few)
}

// eachWorld makes random worlds, and runs the test on those with a plan in that scope, each in the
// empty database.
func eachWorld(t *testing.T, db *target, n int, scope plan.Scope, test func(w *world, p *plan.Plan, chance *rand.Rand) []string) {
	t.Helper()
	draws, built := drawn(t), 0
	for range n {
		seed := draws.Int()
		w := rapid.Custom(drawWorld).Example(seed)
		db.reset(t, w)
		p, err := w.plan(t.Context(), db.DB, scope)
		var refused *policy.Error
		if errors.As(err, &refused) {
			continue
		}
		if err == nil {
			p, err = db.meant(t.Context(), p)
		}
		if err != nil {
			t.Fatal(err)
		}
		built++
		if broken := test(w, p, rand.New(rand.NewPCG(uint64(seed), 0))); broken != nil {
			t.Fatalf("world %d:\n%s\nsubjects %v, at most %d rows a batch\n%s\n%s", seed, strings.Join(broken, "\n"), w.chosen, w.limit, p, w.script(db.Engine))
		}
	}
	if built*4 < n {
		t.Errorf("only %d of %d policies were taken: the test says too little", built, n)
	}
}

// reset leaves nothing in the database but the world.
func (d *target) reset(t testing.TB, w *world) {
	t.Helper()
	if d.Engine == sample.Postgres {
		d.exec(t, "DROP SCHEMA IF EXISTS expunge CASCADE", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public", w.script(d.Engine))
		return
	}
	var drop []string
	for _, name := range scan[string](t, d, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'") {
		drop = append(drop, "DROP TABLE "+name[0])
	}
	script := "PRAGMA foreign_keys = 0;\n" + strings.Join(drop, ";\n") + ";\n" + w.script(d.Engine) + "PRAGMA foreign_keys = 1"
	d.exec(t, script)
}

func onSQLiteAndPostgres(t *testing.T, test func(t *testing.T, db *target)) {
	t.Helper()
	all := slices.DeleteFunc(engines(t), func(e engine) bool {
		return e.name != "sqlite" && !strings.HasPrefix(e.name, "postgres")
	})
	family := func(e engine) string { name, _, _ := strings.Cut(e.name, "-"); return name }
	runOn(t, slices.CompactFunc(all, func(a, b engine) bool { return family(a) == family(b) }), func(t *testing.T, db *target) {
		if db.Engine == sample.SQLite {
			db.SQL.SetMaxOpenConns(1) // a pragma is a connection's
			db.exec(t, "PRAGMA synchronous = OFF")
			t.Cleanup(func() { db.SQL.SetMaxOpenConns(0) })
		}
		test(t, db)
	})
}

// Another client inserts, updates and deletes rows between the batches of a run. Its changes to rows of
// no subject remain, and the subjects' rows are erased, or the receipt counts them as new.
func TestChaosWorldsThatChangeBetweenBatches(t *testing.T) {
	onSQLiteAndPostgres(t, func(t *testing.T, db *target) {
		n := worlds(t, 120)
		if db.Engine == sample.Postgres {
			n = max(n/8, 1)
		}
		second := db.second(t)
		eachWorld(t, db, n, plan.ScopeSubjects, func(w *world, p *plan.Plan, chance *rand.Rand) []string {
			w.limit = 3
			o := options(p, "world", keysOfSubjects(w)...)
			o.MaxRows, o.Workers, o.Attempts = w.limit, 1, 3
			other := &somebody{world: w, db: second, chance: chance, subjects: w.closure()}
			o.Progress = func(e erase.Event) {
				if e.Kind == erase.EventBatch {
					other.act()
				}
			}
			report, err := erase.Run(t.Context(), db.DB, p, o)
			var left *erase.LeftError
			if err != nil && !errors.As(err, &left) {
				return []string{"run: " + err.Error()}
			}
			if other.err != nil {
				t.Fatal(other.err)
			}
			st := opened(t, report.Receipt)
			after := w.after(t, db.SQL)
			broken := other.arrivals(after, st)
			broken = append(broken, w.broken(after)...)
			broken = append(broken, unbalanced(st)...)
			if left != nil && (left.Rows > 0 || left.Arrived == 0) {
				broken = append(broken, left.Error())
			}
			return broken
		})
	})
}

func keysOfSubjects(w *world) []string {
	var out []string
	for _, id := range w.chosen {
		out = append(out, strconv.Itoa(id))
	}
	return out
}

// unbalanced are the steps of a receipt with counts that don't add up.
func unbalanced(st *receipt.Statement) []string {
	var out []string
	for _, a := range st.Predicate.Actions {
		if r := a.Rows; r.Matched != r.Affected+r.AlreadyGone+r.Left+r.Held {
			out = append(out, fmt.Sprintf("step %s: %+v", a.Step, r))
		}
	}
	return out
}

// somebody changes rows beside a run, starting with the closure of its subjects.
type somebody struct {
	*world
	db       *sql.Conn
	chance   *rand.Rand
	subjects map[place]*fate
	arrived  []place
	tied     bool // rows may have references unknown to the world: none is deleted
	err      error
}

// act makes a change or two.
func (s *somebody) act() {
	for range 1 + s.chance.IntN(2) {
		table := s.tables[s.chance.IntN(len(s.tables))]
		switch s.chance.IntN(4) {
		case 0:
			s.insert(table)
		case 1:
			s.update(table)
		case 2:
			s.delete(table)
		case 3:
			s.arrive()
		}
	}
}

// exec carries out one transaction, unless another holds its locks.
func (s *somebody) exec(statements ...string) bool {
	if s.err != nil {
		return false
	}
	err := execAll(s.db, statements)
	if err != nil && !isLocked(err) {
		s.err = err
	}
	return err == nil
}

func execAll(db *sql.Conn, statements []string) error {
	tx, err := db.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // harmless after a commit
	for _, s := range statements {
		if _, err := tx.Exec(s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return tx.Commit()
}

// isLocked reports whether a statement would have had to wait.
func isLocked(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "55P03"
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code()&0xff == sqlitelib.SQLITE_BUSY || e.Code()&0xff == sqlitelib.SQLITE_LOCKED)
}

// second is a connection of another process, without waiting for locks.
func (d *target) second(t testing.TB) *sql.Conn {
	t.Helper()
	other := openTarget(t, d.URL)
	conn, err := other.SQL.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	patience := "PRAGMA busy_timeout = 0"
	if d.Engine == sample.Postgres {
		patience = "SET lock_timeout = '20ms'"
	}
	if _, err := conn.ExecContext(t.Context(), patience); err != nil {
		t.Fatal(err)
	}
	return conn
}

// others are a table's rows of no subject.
func (s *somebody) others(table string) []int {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.rows[table])), func(id int) bool { return s.subjects[place{table, id}] != nil })
}

// fresh is a row with references to others' rows only; nil if impossible.
func (s *somebody) fresh(table string, but *worldRef) *worldRow {
	row := &worldRow{personal: fmt.Sprintf("new %d", s.chance.IntN(1000)), held: s.chance.IntN(4) == 0, to: map[string]int{}}
	for _, r := range s.refs {
		if r.from != table || r == but {
			continue
		}
		switch ids := s.others(r.to); {
		case len(ids) > 0 && (!r.null || s.chance.IntN(2) == 0):
			row.to[r.column] = ids[s.chance.IntN(len(ids))]
		case !r.null:
			return nil
		}
	}
	return row
}

// insert adds a row of no subject.
func (s *somebody) insert(table string) {
	row := s.fresh(table, nil)
	if row == nil {
		return
	}
	id := 100 + len(s.rows[table])
	if s.rows[table][id] == nil && s.exec(row.insert(table, id)) {
		s.rows[table][id] = row
	}
}

// update changes the personal data in a row of no subject.
func (s *somebody) update(table string) {
	ids := s.others(table)
	if len(ids) == 0 {
		return
	}
	id := ids[s.chance.IntN(len(ids))]
	text := fmt.Sprintf("changed %d", s.chance.IntN(1000))
	if s.exec(fmt.Sprintf("UPDATE %s SET p = '%s' WHERE id = %d", table, text, id)) {
		s.rows[table][id].personal = text
	}
}

// delete deletes a row of no subject, unreferenced and without a reference to a subject's row.
func (s *somebody) delete(table string) {
	if s.tied {
		return
	}
	for _, id := range s.others(table) {
		tied := false
		for _, r := range s.refs {
			if to, ok := s.rows[table][id].to[r.column]; r.from == table && ok && s.subjects[place{r.to, to}] != nil {
				tied = true
			}
			for _, row := range s.rows[r.from] {
				if to, ok := row.to[r.column]; r.to == table && ok && to == id {
					tied = true
				}
			}
		}
		if !tied && s.exec(fmt.Sprintf("DELETE FROM %s WHERE id = %d", table, id)) {
			delete(s.rows[table], id)
			return
		}
	}
}

// arrive inserts a row linked to a subject and due for deletion.
func (s *somebody) arrive() {
	for _, r := range s.refs {
		if !r.link || r.owns || r.to != subjects || r.from == subjects || s.decision(r) != policy.EraseDelete || s.rule(r.from).Hold != nil {
			continue
		}
		row := s.fresh(r.from, r)
		if row == nil {
			continue
		}
		row.held, row.to[r.column] = row.held || r.held, s.chosen[s.chance.IntN(len(s.chosen))]
		id := 1000 + len(s.arrived)
		if s.exec(row.insert(r.from, id)) {
			s.arrived = append(s.arrived, place{r.from, id})
		}
		return
	}
}

// arrivals removes the inserted rows from the rows after the run, and lists those of deleted subjects
// missing in the receipt.
func (s *somebody) arrivals(after map[string]map[int]*worldRow, st *receipt.Statement) []string {
	there := map[string]int64{}
	for _, p := range s.arrived {
		if row := after[p.table][p.id]; row != nil {
			for _, r := range s.refs {
				if to, ok := r.target(row); ok && r.from == p.table && r.link && r.to == subjects && after[subjects][to] == nil && slices.Contains(s.chosen, to) {
					there[p.table]++
					break
				}
			}
			delete(after[p.table], p.id)
		}
	}
	var out []string
	for _, table := range slices.Sorted(maps.Keys(there)) {
		var told int64
		for _, a := range st.Predicate.Actions {
			if a.Table == table {
				told += a.Rows.Arrived + a.Rows.Left
			}
		}
		if told < there[table] {
			out = append(out, fmt.Sprintf("%s: %d rows have arrived at subjects that are deleted, and the receipt has %d", table, there[table], told))
		}
	}
	return out
}

// The preview's counts equal the run's, in any world. Scope everything leaves of each table what a
// plain reading of the policy leaves.
func TestChaosWorldsArePreviewed(t *testing.T) {
	for _, scope := range []plan.Scope{plan.ScopeSubjects, plan.ScopeEverything} {
		t.Run(string(scope), func(t *testing.T) {
			onSQLiteAndPostgres(t, func(t *testing.T, db *target) {
				n := worlds(t, 120)
				if db.Engine == sample.Postgres {
					n = max(n/8, 1)
				}
				eachWorld(t, db, n, scope, func(w *world, p *plan.Plan, _ *rand.Rand) []string {
					o := options(p, "world", keysOfSubjects(w)...)
					preview, err := erase.Preview(t.Context(), db.DB, p, o)
					if err != nil {
						return []string{"preview: " + err.Error()}
					}
					report, err := erase.Run(t.Context(), db.DB, p, o)
					if err != nil {
						return []string{"run: " + err.Error()}
					}
					st := opened(t, report.Receipt)
					broken := unbalanced(st)
					for i, a := range st.Predicate.Actions {
						if c := preview.Counts[i]; c.Rows != a.Rows.Affected || c.Held != a.Rows.Held {
							broken = append(broken, fmt.Sprintf("step %s: the preview has %d and %d held, the run %d and %d", a.Step, c.Rows, c.Held, a.Rows.Affected, a.Rows.Held))
						}
					}
					var subjects erase.Source
					if scope == plan.ScopeSubjects {
						subjects = o.Subjects
					}
					v, err := erase.Verify(t.Context(), db.DB, w.policy, st, erase.VerifyOptions{Subjects: subjects})
					if err != nil {
						return append(broken, "verify: "+err.Error())
					}
					if v.Outcome == erase.OutcomeBroken || v.Outcome == erase.OutcomeHoldEnded {
						broken = append(broken, fmt.Sprintf("verify: %+v", v.Findings))
					}
					if scope == plan.ScopeEverything {
						broken = append(broken, w.wrong(w.after(t, db.SQL))...)
					}
					return broken
				})
			})
		})
	}
}

// wrong lists the differences from what scope everything should leave.
func (w *world) wrong(after map[string]map[int]*worldRow) []string {
	var out []string
	for _, table := range w.tables {
		if w.rule(table).Everything == policy.EraseDelete {
			if n := len(after[table]); n > 0 {
				out = append(out, fmt.Sprintf("%s: %d rows", table, n))
			}
			continue
		}
		for id, before := range w.rows[table] {
			now := after[table][id]
			if now == nil {
				out = append(out, fmt.Sprintf("%s %d was deleted", table, id))
				continue
			}
			if now.personal != replaced {
				out = append(out, fmt.Sprintf("%s %d was not overwritten", table, id))
			}
			for _, r := range w.refs {
				if r.from != table {
					continue
				}
				want, had := before.to[r.column]
				if _, counts := r.target(before); counts && w.rule(r.to).Everything == policy.EraseDelete {
					want, had = 0, false
				}
				if is, has := now.to[r.column]; has != had || cmp.Compare(is, want) != 0 {
					out = append(out, fmt.Sprintf("%s %d: %s is %d (%v), want %d (%v)", table, id, r.column, is, has, want, had))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}
