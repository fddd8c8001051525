package erase_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

func TestPreviewCountsWhatRunDoesAndWritesNothing(t *testing.T) {
	for _, scope := range []plan.Scope{plan.ScopeSubjects, plan.ScopeEverything, plan.ScopeExpired} {
		t.Run(string(scope), func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) {
				policy := db.shop(t, sample.Shop{Customers: 30, Seed: 2})
				p, err := db.build(t.Context(), policy, scope)
				if err != nil {
					t.Fatal(err)
				}
				o := options(p, "r", append(strangers(t, db, 6), "4711")...)
				var r *erase.Result
				db.unchanged(t, func() {
					if r, err = erase.Preview(t.Context(), db.DB, p, o); err != nil {
						t.Fatal(err)
					}
				})
				st := db.run(t, p, o)
				for i, a := range st.Predicate.Actions {
					if c := r.Counts[i]; c.Step.ID != a.Step || c.Rows != a.Rows.Affected || c.Held != a.Rows.Held {
						t.Errorf("step %s, %s %s: the preview has %d and %d held, the run %d and %d", a.Step, a.Operation, a.Table, c.Rows, c.Held, a.Rows.Affected, a.Rows.Held)
					}
				}
				if s := st.Predicate.Subjects; s != nil && (r.Subjects != s.Given || r.Absent != s.Absent) {
					t.Errorf("the preview has %d subjects, %d absent, the run %+v", r.Subjects, r.Absent, *s)
				}
			})
		})
	}
}

func TestPreviewRefusesSubjects(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		for _, c := range []struct {
			subject string
			want    error
		}{{"77", erase.ErrNoSuchSubject}, {"x", erase.ErrBadSubject}, {"phone=222", erase.ErrNoSuchSubject}} {
			if _, err := erase.Preview(t.Context(), db.DB, p, options(p, "", c.subject)); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		}
		if _, err := erase.Preview(t.Context(), db.DB, p, erase.Options{}); !errors.Is(err, erase.ErrBadSubject) {
			t.Errorf("error %v without subjects", err)
		}
	})
}

// Pitfall 18 is a dry run that writes: this one may not.
func TestPitfall18PreviewNeedsNoMoreThanToRead(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		reader := db.as(t, "GRANT SELECT ON member, visit, remark, letter TO %s", "ALTER ROLE %s SET default_transaction_read_only = on")
		r, err := erase.Preview(t.Context(), reader, p, options(p, "", "1"))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, c := range r.Counts {
			got[c.Step.Table.Table] += c.Rows
		}
		if d := cmp.Diff(map[string]int64{"member": 1, "visit": 2, "remark": 2, "letter": 1}, got); d != "" {
			t.Error(d)
		}
	})
}

func TestRehearseRollsEverythingBack(t *testing.T) {
	for _, scope := range []plan.Scope{plan.ScopeSubjects, plan.ScopeEverything, plan.ScopeExpired} {
		t.Run(string(scope), func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) {
				policy := db.shop(t, sample.Shop{Customers: 30, Seed: 2})
				p, err := db.build(t.Context(), policy, scope)
				if err != nil {
					t.Fatal(err)
				}
				o := options(p, "r", strangers(t, db, 6)...)
				o.MaxRows = 10 // a rehearsal uses one transaction for all given rows
				db.unchanged(t, func() {
					r, err := erase.Rehearse(t.Context(), db.DB, p, withSample(o, 5))
					if err != nil {
						t.Fatal(err)
					}
					var rows int64
					for _, c := range r.Counts {
						rows += c.Rows
					}
					if rows == 0 {
						t.Error("nothing was rehearsed")
					}
				})
			})
		})
	}
}

func TestRehearseTakesTheFirstRowsWhereNoSubjectIsGiven(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "")
		o.Subjects = nil
		db.unchanged(t, func() {
			r, err := erase.Rehearse(t.Context(), db.DB, p, withSample(o, 2))
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range r.Counts {
				if c.Step.Table.Table == "member" && c.Step.Op == plan.Delete && c.Rows != 2 {
					t.Errorf("%d members were rehearsed, want 2", c.Rows)
				}
			}
		})
	})
}

// A rule missing in the catalogue is tried: on the given rows, or on the first ones of each table.
func TestRehearseReportsAConstraintByName(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.exec(t, strings.Replace(club[0], "notes VARCHAR(80)", "notes VARCHAR(80), CONSTRAINT tidy CHECK (notes <> 'XYZ' OR member_id > 1)", 1))
		db.exec(t, club[1:]...)
		breaking := strings.Replace(overwrites, "overwrite: null", "overwrite: {fixed: XYZ}", 1)
		for _, scope := range []plan.Scope{plan.ScopeSubjects, plan.ScopeEverything} {
			for way, policy := range map[string]string{
				"client":   breaking,
				"database": strings.NewReplacer("{fake: email}", "random", "{fake: name}", "random").Replace(breaking),
			} {
				p := db.plan(t, policy, scope)
				db.unchanged(t, func() {
					_, err := erase.Rehearse(t.Context(), db.DB, p, withSample(options(p, "", "1"), 2))
					var e *dialect.Error
					if !errors.As(err, &e) || e.Class != dialect.OtherConstraint {
						t.Fatalf("%s, through the %s: error %v", scope, way, err)
					}
					// SQLite has the name in its message only.
					if e.Object != "tidy" && db.Engine != sample.SQLite || !strings.Contains(err.Error(), "member") {
						t.Errorf("%s, through the %s: the constraint is %q", scope, way, e.Object)
					}
					if strings.Contains(err.Error(), "XYZ") || strings.Contains(err.Error(), "One") {
						t.Error("the error holds a value")
					}
				})
			}
		}
	})
}

// A reference's condition selects the rows of a step, in each verb alike.
func TestADetachStepIsAboutTheRowsThatItsConditionTakes(t *testing.T) {
	const policy = `
version: 1
database: web
subject: {table: session}
tables:
  session: {erase: delete, everything: delete, columns: {id: none, ip: {pii: online, overwrite: random}}}
  note: {columns: {id: none, entity: none, kind: none, body: none}}
links:
  - note(entity) -> session(id) where kind = 'session'
`
	onEach(t, func(t *testing.T, db *target) {
		db.exec(t,
			"CREATE TABLE session (id INTEGER NOT NULL, ip VARCHAR(40), PRIMARY KEY (id))",
			"CREATE TABLE note (id INTEGER NOT NULL, entity INTEGER, kind VARCHAR(40), body VARCHAR(40), PRIMARY KEY (id))",
			"CREATE INDEX note_entity ON note (entity, kind)",
			"INSERT INTO session VALUES (1, '192.0.2.1'), (2, '192.0.2.2')",
			"INSERT INTO note VALUES (1, 9, 'order', 'a'), (2, 1, 'session', 'b'), (3, 2, 'session', 'c'), (4, 1, 'order', 'd'), (5, NULL, 'session', 'e')")
		p := db.plan(t, policy, plan.ScopeEverything)
		for name, count := range map[string]func() (*erase.Result, error){
			"preview": func() (*erase.Result, error) { return erase.Preview(t.Context(), db.DB, p, options(p, "")) },
			"rehearsal": func() (*erase.Result, error) {
				return erase.Rehearse(t.Context(), db.DB, p, withSample(options(p, ""), 2))
			},
		} {
			r, err := count()
			if err != nil {
				t.Fatal(err)
			}
			if c := r.Counts[0]; c.Step.Op != plan.Detach || c.Rows != 2 {
				t.Errorf("%s: %s %d rows, want 2", name, c.Step.Op, c.Rows)
			}
		}
		st := db.run(t, p, options(p, "r"))
		if a := st.Predicate.Actions[0]; a.Rows.Affected != 2 || a.Rows.Arrived != 0 {
			t.Errorf("run: %+v", a.Rows)
		}
		if n := db.count(t, "SELECT count(*) FROM note WHERE entity IS NOT NULL"); n != 2 {
			t.Errorf("%d references are left, want the 2 of orders", n)
		}
		got, by := db.found(t, policy, func() []byte {
			env, err := erase.Run(t.Context(), db.DB, p, options(p, "r"))
			if err != nil {
				t.Fatal(err)
			}
			return env.Receipt
		}, nil)
		if got != erase.OutcomeHolds {
			t.Errorf("verify: %s %v", got, by)
		}
	})
}
