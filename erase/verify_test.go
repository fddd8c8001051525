package erase_test

import (
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// found verifies a receipt, and returns the outcome as a whole and by table ("" for the whole
// database).
func (d *target) found(t *testing.T, policy string, run func() []byte, subjects erase.Source, old ...erase.OldValue) (erase.Outcome, map[string]erase.Outcome) {
	t.Helper()
	v, err := erase.Verify(t.Context(), d.DB, mustParse([]byte(policy)), opened(t, run()), erase.VerifyOptions{Subjects: subjects, OldValues: old})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]erase.Outcome{}
	for _, f := range v.Findings {
		if was, ok := by[f.Table.Table]; !ok || was == erase.OutcomeHolds || f.Outcome == erase.OutcomeBroken {
			by[f.Table.Table] = f.Outcome
		}
		if f.Reason == "" {
			t.Errorf("%s %s: no reason", f.Table, f.Outcome)
		}
	}
	return v.Outcome, by
}

func TestVerify(t *testing.T) {
	held := map[string]erase.Outcome{"member": erase.OutcomeHolds, "visit": erase.OutcomeHolds, "remark": erase.OutcomeHolds, "letter": erase.OutcomeHolds}
	with := func(pairs ...any) map[string]erase.Outcome {
		out := map[string]erase.Outcome{}
		for k, v := range held {
			out[k] = v
		}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i].(string)] = pairs[i+1].(erase.Outcome)
		}
		return out
	}
	onlyWhole := map[string]erase.Outcome{"": erase.OutcomeCannotTell}
	old := func(db *target, column string, value dialect.Value) erase.OldValue {
		return erase.OldValue{Table: db.name("member"), Column: column, Value: value}
	}
	all := func(db *target) []erase.OldValue {
		return []erase.OldValue{old(db, "email", "one@club.example"), old(db, "phone", "111"), old(db, "name", "One Uno"), old(db, "notes", "likes tea")}
	}
	for _, c := range []struct {
		name   string
		policy string   // of the run
		later  []string // statements after the run
		verify string   // another policy to verify with
		old    func(db *target) []erase.OldValue
		want   erase.Outcome
		tables map[string]erase.Outcome
	}{
		{name: "holds where nothing is reachable", policy: deletes, want: erase.OutcomeHolds, tables: held},
		{
			name: "is broken by a row that is put back", policy: deletes,
			later: []string{"INSERT INTO member (member_id, email, name) VALUES (1, 'x', 'y')"},
			want:  erase.OutcomeBroken, tables: with("member", erase.OutcomeBroken),
		},
		{
			name: "is broken by what refers to it", policy: deletes,
			later: []string{"INSERT INTO member (member_id, email, name) VALUES (1, 'x', 'y')", "INSERT INTO visit (visit_id, member_id) VALUES (77, 1)"},
			want:  erase.OutcomeBroken, tables: with("member", erase.OutcomeBroken, "visit", erase.OutcomeBroken),
		},
		{
			name: "is broken by a row that is linked to it", policy: deletes,
			later: []string{"INSERT INTO letter VALUES (77, 1, 'Dear One')"},
			want:  erase.OutcomeBroken, tables: with("letter", erase.OutcomeBroken),
		},
		{
			name: "can't tell whose the orphans of a link are", policy: deletes,
			later: []string{"INSERT INTO letter VALUES (77, 4711, 'Dear reader')"},
			want:  erase.OutcomeCannotTell, tables: with("letter", erase.OutcomeCannotTell),
		},
		{
			name: "can't tell of a table that is newer", policy: deletes,
			later: []string{"CREATE TABLE guest (guest_id INTEGER NOT NULL, member_id INTEGER, PRIMARY KEY (guest_id), CONSTRAINT fk_guest FOREIGN KEY (member_id) REFERENCES member (member_id))"},
			want:  erase.OutcomeCannotTell, tables: with("guest", erase.OutcomeCannotTell),
		},
		{
			name: "can't tell of a column that is newer", policy: deletes,
			later: []string{"ALTER TABLE visit ADD COLUMN guest VARCHAR(40)"},
			want:  erase.OutcomeCannotTell, tables: with("visit", erase.OutcomeCannotTell),
		},
		{name: "can't tell under another policy", policy: deletes, verify: overwrites, want: erase.OutcomeCannotTell, tables: onlyWhole},
		{
			name: "can't tell in another database", policy: deletes, want: erase.OutcomeCannotTell, tables: onlyWhole,
			later: []string{"another database"},
		},
		{name: "can't tell of overwritten rows without old values", policy: overwrites, want: erase.OutcomeCannotTell, tables: with("member", erase.OutcomeCannotTell)},
		{name: "holds where old values aren't found", policy: overwrites, old: all, want: erase.OutcomeHolds, tables: held},
		{
			name: "is broken by an old value", policy: overwrites, old: all,
			later: []string{"UPDATE member SET name = 'One Uno' WHERE member_id = 1"},
			want:  erase.OutcomeBroken, tables: with("member", erase.OutcomeBroken),
		},
		{
			name: "is broken by the second of a column's old values", policy: overwrites,
			old:   func(db *target) []erase.OldValue { return append(all(db), old(db, "name", "Other Name")) },
			later: []string{"UPDATE member SET name = 'Other Name' WHERE member_id = 1"},
			want:  erase.OutcomeBroken, tables: with("member", erase.OutcomeBroken),
		},
		{
			name: "is broken by an old value where the subject's row is gone", policy: deletes, old: all,
			later: []string{"UPDATE member SET phone = '111' WHERE member_id = 3"},
			want:  erase.OutcomeBroken, tables: with("member", erase.OutcomeBroken),
		},
		{
			name: "is broken by an old value in any row", policy: overwrites, old: all,
			later: []string{"UPDATE member SET phone = '111' WHERE member_id = 3"},
			want:  erase.OutcomeBroken, tables: with("member", erase.OutcomeBroken),
		},
		{
			name: "can't tell where one old value is missing", policy: overwrites,
			old:  func(db *target) []erase.OldValue { return all(db)[:3] },
			want: erase.OutcomeCannotTell, tables: with("member", erase.OutcomeCannotTell),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) {
				db.club(t)
				p := db.plan(t, c.policy, plan.ScopeSubjects)
				report, err := erase.Run(t.Context(), db.DB, p, options(p, "r", "1"))
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range c.later {
					if s == "another database" {
						db.exec(t, "UPDATE "+db.quote(db.DB.JournalTable("database"))+" SET id = '00000000-0000-4000-8000-000000000000'")
						continue
					}
					db.exec(t, s)
				}
				policy := c.policy
				if c.verify != "" {
					policy = c.verify
				}
				var values []erase.OldValue
				if c.old != nil {
					values = c.old(db)
				}
				before := db.dump(t)
				got, by := db.found(t, policy, func() []byte { return report.Receipt }, erase.SubjectKeys("1"), values...)
				if got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
				if d := cmp.Diff(c.tables, by); d != "" {
					t.Error(d)
				}
				if d := cmp.Diff(before, db.dump(t)); d != "" {
					t.Error("the database was changed")
				}
			})
		})
	}
}

// A database without a journal is another one, or an older state of this one.
func TestVerifyWithoutAJournal(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		report, err := erase.Run(t.Context(), db.DB, p, options(p, "r", "1"))
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"batch", "run", "database"} {
			db.exec(t, "DROP TABLE "+db.quote(db.DB.JournalTable(table)))
		}
		if got, _ := db.found(t, deletes, func() []byte { return report.Receipt }, erase.SubjectKeys("1")); got != erase.OutcomeCannotTell {
			t.Errorf("%s", got)
		}
	})
}

// An identifier was deleted with its row: only a key can be searched for by links.
func TestVerifyByAnIdentifierThatIsGone(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		report, err := erase.Run(t.Context(), db.DB, p, options(p, "r", "email=one@club.example"))
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := db.found(t, deletes, func() []byte { return report.Receipt }, erase.SubjectKeys("email=one@club.example")); got != erase.OutcomeCannotTell {
			t.Errorf("%s", got)
		}
		if got, _ := db.found(t, deletes, func() []byte { return report.Receipt }, erase.SubjectKeys("1")); got != erase.OutcomeHolds {
			t.Errorf("%s", got)
		}
	})
}

func TestVerifyOtherScopes(t *testing.T) {
	emptied := strings.Replace(deletes, "remark:\n    erase: delete", "remark:\n    erase: delete\n    everything: delete", 1)
	t.Run("everything", func(t *testing.T) {
		onEach(t, func(t *testing.T, db *target) {
			db.club(t)
			p := db.plan(t, emptied, plan.ScopeEverything)
			report, err := erase.Run(t.Context(), db.DB, p, options(p, "r"))
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]erase.Outcome{"member": erase.OutcomeCannotTell, "visit": erase.OutcomeCannotTell, "letter": erase.OutcomeCannotTell, "remark": erase.OutcomeHolds}
			got, by := db.found(t, emptied, func() []byte { return report.Receipt }, nil)
			if d := cmp.Diff(want, by); d != "" || got != erase.OutcomeCannotTell {
				t.Error(got, d)
			}
			db.exec(t, "INSERT INTO remark VALUES (1, 11, 'new')")
			_, by = db.found(t, emptied, func() []byte { return report.Receipt }, nil)
			if by["remark"] != erase.OutcomeCannotTell {
				t.Errorf("a row that may be new: %s", by["remark"])
			}
		})
	})
	t.Run("expired", func(t *testing.T) {
		onEach(t, func(t *testing.T, db *target) {
			policy := db.shop(t, sample.Shop{Customers: 20, Seed: 4})
			p, err := plan.Build(t.Context(), db.DB, policy, plan.ScopeExpired)
			if err != nil {
				t.Fatal(err)
			}
			report, err := erase.Run(t.Context(), db.DB, p, options(p, "r"))
			if err != nil {
				t.Fatal(err)
			}
			text := string(sample.Policy())
			if got, by := db.found(t, text, func() []byte { return report.Receipt }, nil); got != erase.OutcomeHolds {
				t.Error(got, by)
			}
			db.exec(t, "UPDATE web_session SET last_seen = '2019-01-01 00:00:00'")
			if got, by := db.found(t, text, func() []byte { return report.Receipt }, nil); got != erase.OutcomeBroken {
				t.Error(got, by)
			}
		})
	})
}
