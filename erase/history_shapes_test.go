package erase_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

// historyShape is a known tool's way to keep the history of a table.
type historyShape struct {
	name    string
	tables  []string // the history's table, its triggers, and rows of the past
	policy  string   // of the history's table
	link    string
	history string // the table
	text    string // its column with names
	fired   string // the trigger that writes it, if any
}

// Rows of the past are of persons 1 and 2: Ada and Bob.
func past(format string) []string {
	return []string{fmt.Sprintf(format, 101, 1, "Ada"), fmt.Sprintf(format, 102, 2, "Bob")}
}

// applications write these histories themselves, on any engine.
func applicationHistories() []historyShape {
	return []historyShape{
		{
			name: "django-simple-history", history: "historicalperson", text: "name",
			tables: append([]string{"CREATE TABLE historicalperson (history_id int PRIMARY KEY, id int NOT NULL, name varchar(40), history_type varchar(1))", "CREATE INDEX ix_history ON historicalperson (id)"},
				past("INSERT INTO historicalperson VALUES (%d, %d, '%s', '~')")...),
			policy: "{erase: delete, columns: {history_id: none, id: none, name: {pii: name, overwrite: null}, history_type: none}}", link: "historicalperson(id) -> person(id)",
		},
		{
			name: "paper_trail", history: "versions", text: "object",
			tables: append([]string{"CREATE TABLE versions (id int PRIMARY KEY, item_type varchar(40) NOT NULL, item_id int NOT NULL, event varchar(20), object varchar(200))", "CREATE INDEX ix_versions ON versions (item_type, item_id)",
				"INSERT INTO versions VALUES (103, 'Order', 1, 'update', 'an order')"},
				past("INSERT INTO versions VALUES (%d, 'Person', %d, 'update', '{\"name\": \"%s\"}')")...),
			policy: "{erase: delete, columns: {id: none, item_type: none, item_id: none, event: none, object: {pii: name, overwrite: null}}}", link: "versions(item_id) -> person(id) where item_type = 'Person'",
		},
		{
			name: "audited", history: "audits", text: "audited_changes",
			tables: append([]string{"CREATE TABLE audits (id int PRIMARY KEY, auditable_id int, auditable_type varchar(40), audited_changes varchar(200), version int)", "CREATE INDEX ix_audits ON audits (auditable_type, auditable_id)",
				"INSERT INTO audits VALUES (103, 1, 'Order', 'total: [1, 2]', 1)"},
				past("INSERT INTO audits VALUES (%d, %d, 'Person', '---\nname:\n- %s\n- X\n', 1)")...),
			policy: "{erase: delete, columns: {id: none, auditable_id: none, auditable_type: none, audited_changes: {pii: name, overwrite: null}, version: none}}", link: "audits(auditable_id) -> person(id) where auditable_type = 'Person'",
		},
	}
}

// postgresHistories are written by triggers whose text contains neither the table nor the row's key.
func postgresHistories() []historyShape {
	return []historyShape{
		{
			name: "temporal_tables", history: "person_history", text: "name", fired: "versioning_trigger",
			tables: append([]string{"CREATE TABLE person_history (id int NOT NULL, name varchar(40), sys_period tstzrange)", "CREATE INDEX ix_history ON person_history (id)",
				`CREATE FUNCTION versioning() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
					EXECUTE format('INSERT INTO %I (id, name, sys_period) VALUES ($1.id, $1.name, tstzrange(NULL, now()))', TG_ARGV[1]) USING OLD;
					RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END; END$$`,
				"CREATE TRIGGER versioning_trigger BEFORE UPDATE OR DELETE ON person FOR EACH ROW EXECUTE FUNCTION versioning('sys_period', 'person_history')"},
				"INSERT INTO person_history VALUES (1, 'Ada'), (2, 'Bob')"),
			policy: "{erase: delete, columns: {id: none, name: {pii: name, overwrite: null}, sys_period: none}}", link: "person_history(id) -> person(id)",
		},
		{ // its record_id is a hash of the key: a generated column makes it a key for a link
			name: "supa_audit", history: "record_version", text: "old_record::text", fired: "audit_i_u_d",
			tables: append([]string{`CREATE TABLE record_version (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, record_id uuid, op varchar(10) NOT NULL, table_name name NOT NULL, record jsonb, old_record jsonb,
					person_id int GENERATED ALWAYS AS (CASE WHEN table_name = 'person' THEN (coalesce(record, old_record) ->> 'id')::int END) STORED)`, "CREATE INDEX ix_record ON record_version (person_id)",
				`CREATE FUNCTION insert_update_delete_trigger() RETURNS trigger SECURITY DEFINER SET search_path = '' LANGUAGE plpgsql AS $$BEGIN
					INSERT INTO public.record_version (record_id, op, table_name, record, old_record) SELECT pg_catalog.md5(OLD.id::text)::uuid, TG_OP, TG_TABLE_NAME, pg_catalog.to_jsonb(NEW), pg_catalog.to_jsonb(OLD);
					RETURN coalesce(NEW, OLD); END$$`,
				"CREATE TRIGGER audit_i_u_d AFTER INSERT OR UPDATE OR DELETE ON person FOR EACH ROW EXECUTE FUNCTION insert_update_delete_trigger()"},
				`INSERT INTO record_version (op, table_name, old_record) VALUES ('UPDATE', 'person', '{"id": 1, "name": "Ada"}'), ('UPDATE', 'person', '{"id": 2, "name": "Bob"}')`),
			policy: "{erase: delete, columns: {id: none, record_id: none, op: none, table_name: none, record: {pii: name, overwrite: null}, old_record: {pii: name, overwrite: null}, person_id: none}}", link: "record_version(person_id) -> person(id)",
		},
	}
}

// After a run no table of the policy contains the person's old name, or the run doesn't report success.
// Data on others remains.
func TestHistoriesOfKnownShapesKeepNothingOfThePerson(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		shapes := applicationHistories()
		if db.Engine == sample.Postgres {
			shapes = append(shapes, postgresHistories()...)
		}
		for _, shape := range shapes {
			for _, op := range []string{"delete", "overwrite"} {
				db.exec(t, "CREATE TABLE person (id int PRIMARY KEY, name varchar(40) NOT NULL)", "INSERT INTO person VALUES (1, 'Ada'), (2, 'Bob')")
				db.exec(t, shape.tables...)
				policy := "version: 1\ndatabase: people\nsubject: {table: person}\ntables:\n  person: {erase: " + op + ", columns: {id: none, name: {pii: name, overwrite: {pseudonym: token}}}}\n  " +
					shape.history + ": " + shape.policy + "\nlinks: [\"" + shape.link + "\"]\n"
				p := db.plan(t, policy, plan.ScopeSubjects)
				if shape.fired != "" && !slices.ContainsFunc(p.Hazards, func(h plan.Hazard) bool { return h.Name == plan.HistoryKept && strings.Contains(h.Reason, shape.fired) }) {
					t.Errorf("%s, %s: no hazard says what trigger %s keeps: %v", shape.name, op, shape.fired, p.Hazards)
				}
				_, err := erase.Run(t.Context(), db.DB, p, options(p, shape.name+" "+op, "1"))
				left := db.count(t, "SELECT count(*) FROM "+shape.history+" WHERE "+shape.text+" LIKE '%Ada%'") + db.count(t, "SELECT count(*) FROM person WHERE name = 'Ada'")
				if err != nil || left > 0 {
					t.Errorf("%s, %s: %d rows hold the name, error %v", shape.name, op, left, err)
				}
				if n := db.count(t, "SELECT count(*) FROM "+shape.history+" WHERE "+shape.text+" LIKE '%Bob%'"); n != 1 {
					t.Errorf("%s, %s: %d rows are about somebody else, want 1", shape.name, op, n)
				}
				db.exec(t, "DROP TABLE person", "DROP TABLE "+shape.history)
				if shape.fired != "" {
					db.exec(t, "DROP FUNCTION IF EXISTS versioning", "DROP FUNCTION IF EXISTS insert_update_delete_trigger")
				}
			}
		}
	})
}

// A trigger with an opaque target is a hazard with its name, and the run leaves nothing of the person
// in the written table.
func TestATriggerThatCannotBeReadThroughIsAHazard(t *testing.T) {
	helper := "CREATE FUNCTION helper(old_id int, old_name text) RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE format('INSERT INTO person_log VALUES (%L, %L)', old_id, old_name); END$$"
	procedure := "CREATE PROCEDURE helper(old_id int, old_name text) LANGUAGE plpgsql AS $$BEGIN EXECUTE 'INSERT INTO person_log VALUES ($1, $2)' USING old_id, old_name; END$$"
	type opaque struct{ name, made, body, dropped string }
	bodies := map[string][]opaque{
		sample.Postgres: {
			{"EXECUTE", "", "EXECUTE format('INSERT INTO %I VALUES ($1, $2)', 'person_log') USING OLD.id, OLD.name;", ""},
			{"a helper", helper, "PERFORM helper(OLD.id, OLD.name);", "DROP FUNCTION helper(int, text)"},
			{"a procedure", procedure, "CALL helper(OLD.id, OLD.name);", "DROP PROCEDURE helper(int, text)"},
		},
		sample.MySQL: {{"a procedure", "CREATE PROCEDURE helper(old_id int, old_name varchar(40)) INSERT INTO person_log VALUES (old_id, old_name)", "CALL helper(OLD.id, OLD.name);", "DROP PROCEDURE helper"}},
		sample.SQLite: {{"a view", "CREATE VIEW helper AS SELECT * FROM person_log; CREATE TRIGGER on_helper INSTEAD OF INSERT ON helper BEGIN INSERT INTO person_log VALUES (NEW.id, NEW.name); END",
			"INSERT INTO helper VALUES (OLD.id, OLD.name);", "DROP VIEW helper"}},
	}
	bodies[sample.MariaDB] = bodies[sample.MySQL]
	onEach(t, func(t *testing.T, db *target) {
		for _, c := range bodies[db.Engine] {
			for _, op := range []string{"delete", "overwrite"} {
				db.exec(t, "CREATE TABLE person (id int PRIMARY KEY, name varchar(40) NOT NULL)", "CREATE TABLE person_log (id int, name varchar(40))", "CREATE INDEX ix_log ON person_log (id)",
					"INSERT INTO person VALUES (1, 'Ada'), (2, 'Bob')")
				if c.made != "" {
					db.exec(t, c.made)
				}
				when := map[string]string{"delete": "AFTER DELETE", "overwrite": "AFTER UPDATE"}[op]
				db.trigger(t, when, "person", c.body, nil)
				p := db.plan(t, "version: 1\ndatabase: people\nsubject: {table: person}\ntables:\n  person: {erase: "+op+", columns: {id: none, name: {pii: name, overwrite: {fake: name}}}}\n"+
					"  person_log: {erase: delete, columns: {id: none, name: {pii: name, overwrite: null}}}\nlinks: [person_log(id) -> person(id)]\n", plan.ScopeSubjects)
				if !slices.ContainsFunc(p.Hazards, func(h plan.Hazard) bool { return h.Name == plan.HistoryKept && strings.Contains(h.Reason, "on_person") }) {
					t.Errorf("%s, %s: no hazard names the trigger: %v", c.name, op, p.Hazards)
				}
				_, err := erase.Run(t.Context(), db.DB, p, options(p, c.name+" "+op, "1"))
				if n := db.count(t, "SELECT count(*) FROM person_log WHERE name = 'Ada'"); n > 0 || err != nil {
					t.Errorf("%s, %s: %d rows of the log hold the name, error %v", c.name, op, n, err)
				}
				db.exec(t, "DROP TABLE person")
				if c.dropped != "" {
					db.exec(t, c.dropped)
				}
				db.exec(t, "DROP TABLE person_log")
				if db.Engine == sample.Postgres {
					db.exec(t, "DROP FUNCTION on_person")
				}
			}
		}
	})
}

// Tables come after those whose triggers write to them, in scope everything, too, whatever their names
// and however many tables are emptied before.
func TestHistoriesAreDoneLastInScopeEverything(t *testing.T) {
	logged := map[string]string{"a_log": "{everything: delete, columns: {id: none, name: {pii: name, overwrite: null}}}", "b_log": "{columns: {id: none, name: {pii: name, overwrite: null}}}"}
	onEach(t, func(t *testing.T, db *target) {
		for log, columns := range logged {
			for _, deleted := range []bool{false, true} {
				db.exec(t, "CREATE TABLE person (id int PRIMARY KEY, name varchar(40) NOT NULL)", "CREATE TABLE aa (id int PRIMARY KEY, note varchar(40))",
					"CREATE TABLE "+log+" (id int, name varchar(40))", "CREATE TABLE c_session (id int PRIMARY KEY, note varchar(40))",
					"INSERT INTO person VALUES (1, 'Ada'), (2, 'Bob')", "INSERT INTO aa VALUES (1, 'x')", "INSERT INTO c_session VALUES (1, 'x')")
				person, when := "", "AFTER UPDATE"
				if deleted {
					person, when = "everything: delete, ", "AFTER DELETE"
				}
				db.trigger(t, when, "person", "INSERT INTO "+log+" (id, name) VALUES (OLD.id, OLD.name);", map[string]string{sample.SQLServer: "INSERT INTO " + log + " (id, name) SELECT id, name FROM deleted;"})
				emptied := "{everything: delete, columns: {id: none, note: {pii: other, overwrite: null}}}"
				p := db.plan(t, "version: 1\ndatabase: people\ntables:\n  person: {"+person+"columns: {id: none, name: {pii: name, overwrite: {fake: name}}}}\n  "+log+": "+columns+
					"\n  aa: "+emptied+"\n  c_session: "+emptied+"\n", plan.ScopeEverything)
				db.run(t, p, options(p, log+person))
				if n := db.count(t, "SELECT count(*) FROM "+log+" WHERE name IN ('Ada', 'Bob')"); n > 0 {
					t.Errorf("%s, %q: %d rows hold an old name:\n%s", log, person, n, p)
				}
				db.exec(t, "DROP TABLE person", "DROP TABLE aa", "DROP TABLE "+log, "DROP TABLE c_session")
				if db.Engine == sample.Postgres {
					db.exec(t, "DROP FUNCTION on_person")
				}
			}
		}
	})
}
