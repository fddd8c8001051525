package erase_test

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// A trigger restores the old value after an overwrite, by the client or in the database: the
// verification after the commit finds this, and the receipt says so.
func TestATriggerThatPutsAValueBackLeavesTheRow(t *testing.T) {
	policy := strings.Replace(overwrites, "visit:\n    erase: delete", "visit:\n    erase: overwrite", 1)
	for _, c := range []struct{ name, table, column, key string }{
		{"through the client", "member", "name", "member_id"}, {"NULL through the client", "member", "notes", "member_id"},
		{"NULL in the database", "visit", "place", "visit_id"},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) {
				db.club(t)
				db.exec(t, "DELETE FROM remark", "DELETE FROM visit WHERE visit_id = 12")
				back := "SET NEW." + c.column + " = OLD." + c.column + ";"
				when := "BEFORE UPDATE"
				if db.Engine == sample.SQLite {
					when = "AFTER UPDATE"
				}
				db.trigger(t, when, c.table, "NEW."+c.column+" := OLD."+c.column+";", map[string]string{
					sample.SQLite: "UPDATE " + c.table + " SET " + c.column + " = OLD." + c.column + " WHERE " + c.key + " = OLD." + c.key + ";", sample.MySQL: back, sample.MariaDB: back,
					sample.SQLServer: "UPDATE t SET " + c.column + " = d." + c.column + " FROM " + c.table + " t JOIN deleted d ON d." + c.key + " = t." + c.key + ";",
				})
				p := db.plan(t, policy, plan.ScopeSubjects)
				report, err := erase.Run(t.Context(), db.DB, p, options(p, "r", "1"))
				var left *erase.LeftError
				if !errors.As(err, &left) || left.Rows != 1 {
					t.Fatalf("error %v", err)
				}
				st := opened(t, report.Receipt)
				if d := cmp.Diff(receipt.Rows{Matched: 1, Left: 1}, done(st)["overwrite "+c.table]); d != "" {
					t.Error(d)
				}
				failed := 0
				for _, c := range st.Predicate.Checks {
					if c.Result == receipt.Failed {
						failed++
					}
				}
				if failed == 0 {
					t.Error("no check failed")
				}
			})
		})
	}
}

// A trigger that suppresses deletes would leave rows uncounted.
func TestPitfall15ATriggerThatSwallowsDeletes(t *testing.T) {
	for _, table := range []string{"remark", "visit", "letter", "member"} {
		t.Run(table, func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) {
				if db.Engine == sample.MySQL || db.Engine == sample.MariaDB {
					return // its triggers can't
				}
				db.club(t)
				when := "BEFORE DELETE"
				if db.Engine == sample.SQLServer {
					when = "INSTEAD OF DELETE"
				}
				db.trigger(t, when, table, "IF true THEN RETURN NULL; END IF;", map[string]string{sample.SQLite: "SELECT RAISE(IGNORE);", sample.SQLServer: "RETURN;"})
				p := db.plan(t, deletes, plan.ScopeSubjects)
				o := options(p, "r", "1")
				o.Attempts = 2
				before := db.dump(t)
				if _, err := erase.Run(t.Context(), db.DB, p, o); err == nil {
					t.Error("no error")
				}
				if d := cmp.Diff(before, db.dump(t)); d != "" {
					t.Error("the database was changed")
				}
			})
		})
	}
}

// A trigger that suppresses updates would leave rows uncounted if none were read first.
func TestPitfall15ATriggerThatSwallowsUpdates(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		if db.Engine == sample.MySQL || db.Engine == sample.MariaDB {
			return // its triggers can't
		}
		db.club(t)
		when := "BEFORE UPDATE"
		if db.Engine == sample.SQLServer {
			when = "INSTEAD OF UPDATE"
		}
		db.trigger(t, when, "visit", "IF OLD.visit_id = 12 THEN RETURN NULL; END IF;", map[string]string{
			sample.SQLite: "SELECT RAISE(IGNORE) WHERE OLD.visit_id = 12;", sample.SQLServer: "RETURN;",
		})
		p := db.plan(t, deletes, plan.ScopeEverything)
		o := options(p, "r")
		o.Attempts = 2
		if db.Engine == sample.SQLServer { // it counts the work of an INSTEAD OF trigger as done, and nothing compares it
			for _, a := range db.run(t, p, o).Predicate.Actions {
				if a.Table == "visit" && a.Rows.Unchecked != 4 {
					t.Errorf("%+v", a.Rows)
				}
			}
			return
		}
		if _, err := erase.Run(t.Context(), db.DB, p, o); err == nil || !strings.Contains(err.Error(), "does a trigger suppress the change") {
			t.Errorf("error %v", err)
		}
		if n := db.count(t, "SELECT count(*) FROM visit WHERE place IS NOT NULL"); n != 3 {
			t.Errorf("%d rows have their place, want all 3", n)
		}
	})
}

func TestTriggersAreAllowedByName(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		db.trigger(t, "AFTER DELETE", "visit", "INSERT INTO letter (letter_id, body) VALUES (OLD.visit_id, 'visit gone');", nil)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "r", "1")
		o.Allow = nil
		var hazards *erase.HazardError
		if _, err := erase.Run(t.Context(), db.DB, p, o); !errors.As(err, &hazards) || !strings.Contains(err.Error(), "--allow TRIGGERS_FIRE") {
			t.Fatalf("error %v", err)
		}
		o.Allow = allowAll(p)
		st := db.run(t, p, o)
		if d := cmp.Diff(receipt.Rows{Matched: 2, Affected: 2}, done(st)["delete visit"]); d != "" {
			t.Error(d) // rows added by the trigger aren't counted
		}
	})
}

// Without a privilege, MySQL hides triggers from a user, and MariaDB hides their statements.
func TestAPlanLooksDifferentToWhoMayNotSeeTriggers(t *testing.T) {
	runOn(t, slices.DeleteFunc(engines(t), func(e engine) bool {
		return !strings.HasPrefix(e.name, "mysql") && !strings.HasPrefix(e.name, "mariadb")
	}), func(t *testing.T, db *target) {
		db.club(t)
		db.exec(t, "CREATE TRIGGER gone BEFORE DELETE ON remark FOR EACH ROW INSERT INTO letter VALUES (OLD.remark_id + 1000, NULL, OLD.body)")
		u, err := url.Parse(db.URL)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(u.Path, "/")
		db.exec(t, "CREATE USER "+name+"@'%' IDENTIFIED BY 'app'", "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, REFERENCES ON `"+name+"`.* TO "+name+"@'%'")
		t.Cleanup(func() { db.exec(t, "DROP USER "+name+"@'%'") })
		u.User = url.UserPassword(name, "app")
		p := db.plan(t, deletes, plan.ScopeSubjects)
		app := openTarget(t, u.String())
		if _, err := erase.Run(t.Context(), app.DB, p, options(p, "r", "1")); !errors.Is(err, erase.ErrDrift) || !strings.Contains(err.Error(), "grant TRIGGER on it") {
			t.Errorf("error %v", err)
		}
		db.exec(t, "GRANT TRIGGER ON `"+name+"`.* TO "+name+"@'%'")
		app = openTarget(t, u.String())
		if _, err := erase.Run(t.Context(), app.DB, p, options(p, "r", "1")); !errors.Is(err, plan.ErrInvalid) || !strings.Contains(err.Error(), "UNSEEN_REFERENCES") {
			t.Errorf("a user who may not see the foreign keys of other databases: error %v", err)
		}
		db.exec(t, "GRANT REFERENCES ON *.* TO "+name+"@'%'")
		app = openTarget(t, u.String())
		app.run(t, p, options(p, "r", "1"))
	})
}

// A statement rewritten by a rule can't be part of another, so old and new values can't be compared.
func TestARuleComesWithUpdates(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.club(t)
		db.exec(t, "CREATE RULE noted AS ON UPDATE TO visit DO ALSO INSERT INTO letter (letter_id, body) VALUES (OLD.visit_id, 'changed')")
		p := db.plan(t, strings.Replace(overwrites, "visit:\n    erase: delete", "visit:\n    erase: overwrite", 1), plan.ScopeSubjects)
		st := db.run(t, p, options(p, "r", "1"))
		if d := cmp.Diff(receipt.Rows{Matched: 2, Affected: 2, Unchecked: 2}, rows(st)["overwrite visit"]); d != "" {
			t.Error(d)
		}
		if n := db.count(t, "SELECT count(*) FROM letter WHERE body = 'changed'"); n != 2 {
			t.Errorf("%d letters of the rule, want 2", n)
		}
	})
}

// A publication of a table's changes needs a replica identity for the row. Without it no plan is made,
// and an earlier plan isn't begun.
func TestATableWithoutReplicaIdentityIsRefused(t *testing.T) {
	const everyone = "CREATE PUBLICATION everyone FOR ALL TABLES"
	runOn(t, slices.DeleteFunc(engines(t), func(e engine) bool { return !strings.HasPrefix(e.name, "postgres") }), func(t *testing.T, db *target) {
		db.club(t)
		db.exec(t, "CREATE UNIQUE INDEX uq_remark ON remark (remark_id)", "CREATE SCHEMA elsewhere")
		early := db.plan(t, deletes, plan.ScopeSubjects)
		for i, c := range []struct {
			name    string
			ddl     []string
			refused bool
		}{
			{"all tables", []string{"ALTER TABLE remark REPLICA IDENTITY NOTHING", everyone}, true},
			{"the table", []string{"ALTER TABLE remark REPLICA IDENTITY NOTHING", "CREATE PUBLICATION everyone FOR TABLE remark"}, true},
			{"the schema", []string{"ALTER TABLE remark REPLICA IDENTITY NOTHING", "CREATE PUBLICATION everyone FOR TABLES IN SCHEMA public"}, true},
			{"no primary key", []string{"ALTER TABLE remark DROP CONSTRAINT remark_pkey", everyone}, true},
			{"inserts only", []string{"ALTER TABLE remark REPLICA IDENTITY NOTHING", everyone + " WITH (publish = 'insert, update')"}, false},
			{"another table", []string{"ALTER TABLE remark REPLICA IDENTITY NOTHING", "CREATE PUBLICATION everyone FOR TABLE visit"}, false},
			{"another schema", []string{"ALTER TABLE remark REPLICA IDENTITY NOTHING", "CREATE PUBLICATION everyone FOR TABLES IN SCHEMA elsewhere"}, false},
			{"by the primary key", []string{everyone}, false},
			{"by an index", []string{"ALTER TABLE remark REPLICA IDENTITY USING INDEX uq_remark", everyone}, false},
			{"by the whole row", []string{"ALTER TABLE remark REPLICA IDENTITY FULL", everyone}, false},
			{"not logged", []string{"ALTER TABLE remark SET UNLOGGED", "ALTER TABLE remark REPLICA IDENTITY NOTHING", everyone}, false},
		} {
			db.exec(t, c.ddl...)
			p, err := db.build(t.Context(), mustParse([]byte(deletes)), plan.ScopeSubjects)
			const want = "table remark: the engine refuses to delete its rows: publication everyone sends deletes, and nothing says by what its subscribers find the row: set the REPLICA IDENTITY of it"
			if c.refused != (err != nil) || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v", c.name, err)
			}
			if err == nil {
				o := options(p, c.name, fmt.Sprint(1+i%4))
				o.AbsentOK = true
				db.run(t, p, o)
			} else if _, err := erase.Run(t.Context(), db.DB, early, options(early, c.name, "1")); err == nil || db.count(t, "SELECT count(*) FROM remark") == 0 {
				t.Errorf("%s: a plan made before: error %v", c.name, err)
			}
			db.exec(t, "DROP PUBLICATION everyone", "ALTER TABLE remark REPLICA IDENTITY DEFAULT", "ALTER TABLE remark DROP CONSTRAINT IF EXISTS remark_pkey", "ALTER TABLE remark SET LOGGED", "ALTER TABLE remark ADD PRIMARY KEY (remark_id)")
		}
	})
}

// A publication's list of columns must contain the replica identity, and its condition may read nothing
// else: no plan does what the engine refuses.
func TestAPublicationOfOtherColumnsIsRefused(t *testing.T) {
	const policy = "version: 1\ndatabase: d\nsubject: {table: p}\ntables:\n  p: {erase: ERASE, columns: {id: none, v: {pii: other, overwrite: random}, w: none}}\n"
	runOn(t, slices.DeleteFunc(engines(t), func(e engine) bool { return !strings.HasPrefix(e.name, "postgres") }), func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE p (id int PRIMARY KEY, v text NOT NULL, w int NOT NULL)", "CREATE UNIQUE INDEX p_w ON p (w)", "INSERT INTO p VALUES (1, 'x', 1), (2, 'y', 2)")
		for _, c := range []struct{ name, identity, publication, says string }{
			{"all columns", "DEFAULT", "TABLE p", ""},
			{"with the key", "DEFAULT", "TABLE p (v, id)", ""},
			{"without the key", "DEFAULT", "TABLE p (v, w)", "a list of columns that lacks some of its REPLICA IDENTITY"},
			{"with the index", "USING INDEX p_w", "TABLE p (v, w)", ""},
			{"without the index", "USING INDEX p_w", "TABLE p (v, id)", "a list of columns"},
			{"of the whole row", "FULL", "TABLE p (v, id)", "a list of columns"},
			{"inserts only", "DEFAULT", "TABLE p (v, w) WITH (publish = 'insert')", ""},
			{"a condition on the key", "DEFAULT", "TABLE p WHERE (id > 1)", ""},
			{"a condition on another column", "DEFAULT", "TABLE p WHERE (id > 1 AND w > 0)", "a condition chooses by columns which aren't in its REPLICA IDENTITY"},
			{"a condition on the whole row", "FULL", "TABLE p WHERE (w > 0)", ""},
			{"a condition, and a list with the key", "DEFAULT", "TABLE p (id) WHERE (v <> '')", "a condition chooses"},
		} {
			db.exec(t, "ALTER TABLE p REPLICA IDENTITY "+c.identity, "CREATE PUBLICATION pub FOR "+c.publication)
			for statement, erase := range map[string]string{"UPDATE p SET v = v": "overwrite", "DELETE FROM p WHERE id = 1": "delete"} {
				_, err := db.build(t.Context(), mustParse([]byte(strings.Replace(policy, "ERASE", erase, 1))), plan.ScopeSubjects)
				if (err == nil) != (c.says == "") || err != nil && (!strings.Contains(err.Error(), "the engine refuses to "+erase+" its rows: publication pub sends ") || !strings.Contains(err.Error(), c.says)) {
					t.Errorf("%s, %s: error %v", c.name, erase, err)
				}
				tx, err := db.SQL.BeginTx(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := tx.ExecContext(t.Context(), statement); (err == nil) != (c.says == "") {
					t.Errorf("%s: the engine says %v of %s", c.name, err, statement)
				}
				if err := tx.Rollback(); err != nil {
					t.Error(err)
				}
			}
			db.exec(t, "DROP PUBLICATION pub")
		}
	})
}

// Partitions are published by themselves or with their table, and each needs an identity.
func TestAPartitionWithoutReplicaIdentityIsRefused(t *testing.T) {
	const policy = "version: 1\ndatabase: d\nsubject: {table: p}\ntables:\n  p: {erase: overwrite, columns: {id: none, v: {pii: other, overwrite: random}}}\n"
	onPostgres(t, func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)", "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)", "CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)",
			"INSERT INTO p VALUES (1, 'x'), (11, 'y')", "ALTER TABLE p2 REPLICA IDENTITY NOTHING")
		for _, publication := range []string{"ALL TABLES", "TABLE p", "TABLE p2", "TABLE p WITH (publish_via_partition_root)"} {
			db.exec(t, "CREATE PUBLICATION pub FOR "+publication)
			_, err := db.build(t.Context(), mustParse([]byte(policy)), plan.ScopeSubjects)
			if err == nil || !strings.Contains(err.Error(), "the engine refuses to overwrite its rows: publication pub sends updates") || !strings.Contains(err.Error(), "its partition p2") {
				t.Errorf("%s: error %v", publication, err)
			}
			if _, err := db.SQL.ExecContext(t.Context(), "UPDATE p SET v = v"); err == nil {
				t.Errorf("%s: the engine takes it", publication)
			}
			db.exec(t, "DROP PUBLICATION pub")
		}
	})
}

// A trigger reading a missing table stops the run, and the error names the table, on every engine and
// for a rehearsal too.
func TestATriggerThatLacksATableSaysWhich(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.club(t)
		db.trigger(t, "BEFORE UPDATE", "member", "INSERT INTO change_counter (n) VALUES (1);", nil)
		p := db.plan(t, overwrites, plan.ScopeSubjects)
		o := options(p, "counted", "1")
		_, run := erase.Run(t.Context(), db.DB, p, o)
		_, rehearse := erase.Rehearse(t.Context(), db.DB, p, withSample(o, 1))
		for what, err := range map[string]error{"Run": run, "Rehearse": rehearse} {
			if err == nil || !strings.Contains(err.Error(), "change_counter") {
				t.Errorf("%s: error %v, want one that names change_counter", what, err)
			}
			if err != nil && (strings.Contains(err.Error(), "one@club.example") || strings.Contains(err.Error(), "Uno")) {
				t.Errorf("%s: the error holds a value", what)
			}
		}
	})
}
