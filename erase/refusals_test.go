package erase_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// unchanged fails the test if do changes a row or creates a journal.
func (d *target) unchanged(t *testing.T, do func()) {
	t.Helper()
	before, journal := d.dump(t), d.journaled(t)
	do()
	if diff := cmp.Diff(before, d.dump(t)); diff != "" {
		t.Error("the database was changed")
	}
	if d.journaled(t) != journal {
		t.Error("a journal was made")
	}
}

func TestRunRefusesSubjects(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		for _, c := range []struct {
			name     string
			subjects []string
			want     error
			says     string
		}{
			{"that don't exist", []string{"77", "78"}, erase.ErrNoSuchSubject, "none of the 2 given is in"},
			{"that are numbers too large, by their number", []string{"1", "99999999999999999999999"}, erase.ErrBadSubject, "number 2: value out of range for integer column member_id"},
			{"that are malformed, by their number", []string{"1", "forty-two"}, erase.ErrBadSubject, "number 2: value for integer column member_id isn't a whole number"},
			{"that are empty", []string{""}, erase.ErrBadSubject, "number 1: value is empty"},
			{"with too many columns", []string{"1,2"}, erase.ErrBadSubject, "number 1"},
			{"by what is no identifier", []string{"1", "name=One Uno"}, erase.ErrBadSubject, "number 2: the text before the = is not one of the policy's identifiers (email, phone)"},
			{"by an identifier that matches no row", []string{"1", "email=nobody@club.example"}, erase.ErrNoSuchSubject, "subject 2: no row has that email"},
			{"by an identifier that matches two rows", []string{"phone=222"}, erase.ErrNoSuchSubject, "subject 1: several rows have that phone"},
			{"where there are none", nil, erase.ErrNoSuchSubject, ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				db.unchanged(t, func() {
					_, err := erase.Run(t.Context(), db.DB, p, options(p, "r", c.subjects...))
					if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
						t.Fatalf("error %v, want %v: …%s…", err, c.want, c.says)
					}
					for _, s := range c.subjects {
						if _, value, _ := strings.Cut(s, "="); len(s) > 2 && (strings.Contains(err.Error(), s) || value != "" && strings.Contains(err.Error(), value)) {
							t.Error("the error holds a subject")
						}
					}
				})
			})
		}
	})
}

// SQLite stores numbers beyond a column's declared type: there such a subject just isn't found.
func TestRunRefusesASubjectThatDoesNotFitItsColumn(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		db.unchanged(t, func() {
			_, err := erase.Run(t.Context(), db.DB, p, options(p, "r", "5000000000"))
			if !errors.Is(err, erase.ErrBadSubject) && !errors.Is(err, erase.ErrNoSuchSubject) {
				t.Errorf("error %v", err)
			}
		})
	})
}

// One person named twice is one subject, also in a run continued after the row with the names is
// deleted.
func TestARunIsContinuedWithSubjectsNamedTwice(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "r", "email=one@club.example", "phone=111", "1", "email=two@club.example", "2", "email=four@club.example")
		o.MaxRows, o.Workers = 1, 1
		ctx, cancel := context.WithCancel(t.Context())
		o.Progress = func(e erase.Event) {
			if e.Kind == erase.EventChecked {
				cancel()
			}
		}
		if _, err := erase.Run(ctx, db.DB, p, o); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		o.Progress = nil
		st := db.run(t, p, o)
		if d := cmp.Diff(&receipt.Subjects{Given: 3, Done: 3}, st.Predicate.Subjects); d != "" {
			t.Error(d)
		}
		if n := db.count(t, "SELECT count(*) FROM member"); n != 1 {
			t.Errorf("%d members are left, want 1", n)
		}
	})
}

func TestRunRefusesWhatIsNotAsItWasApproved(t *testing.T) {
	for _, c := range []struct {
		name  string
		alter []string // after the plan was made
		with  func(p *plan.Plan, o *erase.Options)
		want  error
		says  string
	}{
		{name: "another digest", with: func(_ *plan.Plan, o *erase.Options) { o.Approved = strings.Repeat("0", 64) }, want: erase.ErrNotApproved, says: "review it again"},
		{name: "a column that was added to a covered table", alter: []string{"ALTER TABLE visit ADD COLUMN guest VARCHAR(40)"}, want: erase.ErrDrift, says: "have it approved"},
		{name: "a new reference that arrives", alter: []string{
			"CREATE TABLE guest (guest_id INTEGER NOT NULL, visit_id INTEGER, PRIMARY KEY (guest_id), FOREIGN KEY (visit_id) REFERENCES visit (visit_id))",
		}, want: erase.ErrDrift},
		{name: "a covered table that is gone", alter: []string{"DROP TABLE remark"}, want: erase.ErrDrift, says: "remark not found"},
		{name: "the plan of another engine", with: func(p *plan.Plan, _ *erase.Options) { p.Engine = "dbase" }, want: erase.ErrDrift, says: "it was made for dbase"},
		{name: "no subjects at all", with: func(_ *plan.Plan, o *erase.Options) { o.Subjects = nil }, want: erase.ErrBadSubject},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) {
				db.club(t)
				p := db.plan(t, deletes, plan.ScopeSubjects)
				o := options(p, "r", "1")
				db.exec(t, c.alter...)
				if c.with != nil {
					c.with(p, &o)
				}
				db.unchanged(t, func() {
					_, err := erase.Run(t.Context(), db.DB, p, o)
					if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
						t.Errorf("error %v, want %v: …%s…", err, c.want, c.says)
					}
				})
			})
		})
	}
}

// The schema may change outside of the plan.
func TestRunTakesASchemaThatChangedElsewhere(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		db.exec(t, "CREATE TABLE weather (day INTEGER NOT NULL, PRIMARY KEY (day))")
		db.run(t, p, options(p, "r", "1"))
	})
}

func TestRunRefusesHazardsAndSaysHowToAllowThem(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeEverything)
		o := options(p, "r")
		o.Allow = nil
		db.unchanged(t, func() {
			_, err := erase.Run(t.Context(), db.DB, p, o)
			var hazards *erase.HazardError
			if !errors.As(err, &hazards) {
				t.Fatalf("error %v", err)
			}
			if len(hazards.Hazards) != len(p.Hazards) || !strings.Contains(err.Error(), "--allow OVERWRITES_EVERYTHING") {
				t.Errorf("error %v", err)
			}
			if n := strings.Count(err.Error(), "--allow OVERWRITES_EVERYTHING"); n != 1 {
				t.Errorf("the flag is there %d times", n)
			}
		})
	})
}

func TestRunRefusesOptions(t *testing.T) {
	consistent := strings.Replace(deletes, "overwrite: {fake: name}", "overwrite: {pseudonym: token}", 1)
	consistent = strings.Replace(consistent, "member:\n    erase: delete", "member:\n    erase: overwrite", 1)
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		for _, c := range []struct {
			name   string
			policy string
			with   func(o *erase.Options)
			want   error
			says   string
		}{
			{"without a signer", deletes, func(o *erase.Options) { o.Signers = nil }, nil, "no signer"},
			{"with a consistent strategy and no secret", consistent, func(o *erase.Options) { o.Secret = anonymise.Secret{} }, anonymise.ErrNoSecret, "EXPUNGE_SECRET"},
			{"that are negative", deletes, func(o *erase.Options) { o.Workers = -1 }, nil, "negative"},
			{"with too long a run ID", deletes, func(o *erase.Options) { o.RunID = strings.Repeat("é", 201) }, nil, "200 printable characters"},
			{"with a run ID that is no text", deletes, func(o *erase.Options) { o.RunID = "a\x00b" }, nil, "run ID"},
			{"with too long an actor", deletes, func(o *erase.Options) { o.Actor = strings.Repeat("é", 201) }, nil, "200 printable characters"},
		} {
			t.Run(c.name, func(t *testing.T) {
				p := db.plan(t, c.policy, plan.ScopeSubjects)
				o := options(p, "r", "1")
				c.with(&o)
				db.unchanged(t, func() {
					_, err := erase.Run(t.Context(), db.DB, p, o)
					if err == nil || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
						t.Errorf("error %v, want %v: …%s…", err, c.want, c.says)
					}
				})
			})
		}
	})
}

func TestRunTakesNamesOfAnyAlphabet(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, strings.Repeat("é", 200), "1")
		o.Actor = strings.Repeat("ж", 200)
		if st := db.run(t, p, o); st.Predicate.Operator != o.Actor || st.Predicate.RunID != o.RunID {
			t.Error("the receipt names them otherwise")
		}
	})
}

func TestARunIDIsForOnePlanAndItsSubjects(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		other := db.plan(t, overwrites, plan.ScopeSubjects)
		ctx, cancel := context.WithCancel(t.Context())
		o := options(p, "open", "1", "2")
		o.Progress = func(erase.Event) { cancel() }
		if _, err := erase.Run(ctx, db.DB, p, o); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
		db.run(t, p, options(p, "closed", "3"))
		for _, c := range []struct {
			name string
			plan *plan.Plan
			o    erase.Options
		}{
			{"an open run, with another plan", other, options(other, "open", "1", "2")},
			{"an open run, with more subjects", p, options(p, "open", "1", "2", "4")},
			{"an open run, with fewer subjects", p, options(p, "open", "1")},
			{"a closed run, with another plan", other, options(other, "closed", "3")},
			{"a closed run, with more subjects", p, options(p, "closed", "3", "4")},
			{"a closed run, with another subject", p, options(p, "closed", "4")},
		} {
			t.Run(c.name, func(t *testing.T) {
				db.unchanged(t, func() {
					if _, err := erase.Run(t.Context(), db.DB, c.plan, c.o); !errors.Is(err, erase.ErrRunDiffers) {
						t.Errorf("error %v", err)
					}
				})
			})
		}
	})
}

func TestRunRefusesAMissingPrivilege(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.club(t)
		role := db.as(t, "GRANT CREATE ON DATABASE "+db.database(t)+" TO %s", "GRANT SELECT, UPDATE, DELETE ON member, remark, letter TO %s", "GRANT SELECT, UPDATE ON visit TO %s")
		p := db.plan(t, deletes, plan.ScopeSubjects)
		db.unchanged(t, func() {
			_, err := erase.Run(t.Context(), role, p, options(p, "r", "1"))
			var access *erase.AccessError
			if !errors.As(err, &access) {
				t.Fatalf("error %v", err)
			}
			if len(access.Problems) != 1 || access.Problems[0].Table.Table != "visit" || !strings.Contains(err.Error(), "missing privileges: DELETE\n") || !strings.Contains(err.Error(), `DELETE ON "public"."visit" TO `) {
				t.Errorf("error %v", err)
			}
		})
	})
}

// Row security would hide rows, and nothing would be found to erase.
func TestPitfall15RowSecurityThatHidesRows(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.club(t)
		db.exec(t, "ALTER TABLE visit ENABLE ROW LEVEL SECURITY")
		role := db.as(t, "GRANT CREATE ON DATABASE "+db.database(t)+" TO %s", "GRANT SELECT, UPDATE, DELETE ON member, remark, letter, visit TO %s")
		p := db.plan(t, deletes, plan.ScopeSubjects)
		db.unchanged(t, func() {
			_, err := erase.Run(t.Context(), role, p, options(p, "r", "1"))
			var access *erase.AccessError
			if !errors.As(err, &access) || !strings.Contains(err.Error(), "BYPASSRLS") {
				t.Errorf("error %v", err)
			}
		})
	})
}

// TestPitfall15RowSecurityStopsEveryVerb: rows hidden by a policy are neither counted nor called gone,
// even if the policy is forced on the tables' owner.
func TestPitfall15RowSecurityStopsEveryVerb(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.club(t)
		owner := db.as(t, "GRANT ALL ON DATABASE "+db.database(t)+" TO %s", "GRANT ALL ON member, remark, letter, visit TO %s", "ALTER TABLE visit OWNER TO %s",
			"GRANT REFERENCES ON visit TO %s", "ALTER TABLE visit ENABLE ROW LEVEL SECURITY", "CREATE POLICY early ON visit USING (visit_id < 12)")
		p := db.plan(t, deletes, plan.ScopeSubjects)
		preview := func() error {
			_, err := erase.Preview(t.Context(), owner, p, options(p, "", "1"))
			return err
		}
		remains := func() error {
			_, err := erase.Remains(t.Context(), owner, p, erase.SubjectKeys("1"))
			return err
		}
		run := func() error {
			_, err := erase.Run(t.Context(), owner, p, options(p, "r", "1"))
			return err
		}
		t.Cleanup(func() { db.exec(t, "ALTER TABLE visit OWNER TO CURRENT_USER") })
		if err := preview(); err != nil {
			t.Errorf("the owner, not bound by the policy: %v", err)
		}
		db.exec(t, "ALTER TABLE visit FORCE ROW LEVEL SECURITY")
		db.unchanged(t, func() {
			for name, verb := range map[string]func() error{"preview": preview, "verify": remains, "run": run} {
				var access *erase.AccessError
				if err := verb(); !errors.As(err, &access) || !strings.Contains(err.Error(), "row-level security") {
					t.Errorf("%s: error %v, want an *AccessError that names row-level security", name, err)
				}
			}
		})
	})
}

// A database error during the run names a table as the plan's text does, too.
func TestAnErrorInTheRunNamesTheTableAsThePlanDoes(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.club(t)
		db.trigger(t, "BEFORE DELETE", "remark", "INSERT INTO nowhere_at_all (n) VALUES (1);", map[string]string{sample.SQLite: "SELECT RAISE(ABORT, 'no');"})
		p := db.plan(t, deletes, plan.ScopeSubjects)
		_, err := erase.Run(t.Context(), db.DB, p, options(p, "r", "1"))
		if err == nil || !strings.Contains(err.Error(), "delete from remark: ") {
			t.Errorf("error %v, want one that names remark without its schema", err)
		}
	})
}

// database is the database's name, quoted.
func (d *target) database(t testing.TB) string {
	t.Helper()
	var name string
	if err := d.SQL.QueryRow("SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	return d.quote(dialect.Name{Table: name})
}
