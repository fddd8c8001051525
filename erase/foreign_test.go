package erase_test

import (
	"fmt"
	"testing"

	"github.com/expungedb/expunge/internal/testdb"
	"github.com/expungedb/expunge/plan"
)

// keyTypes are possible key types: a statement to make the type, its name, and an expression for key i.
var keyTypes = []struct{ name, ddl, typ, key string }{
	{"int", "", "int4", "i"},
	{"bigint", "", "int8", "i"},
	{"text", "", "text", "'k' || i"},
	{"varchar", "", "varchar(20)", "'k' || i"},
	{"char", "", "bpchar(8)", "'k' || i"},
	{"numeric", "", "numeric(10,2)", "i + 0.5"},
	{"uuid", "", "uuid", "lpad(i::text, 32, '0')::uuid"},
	{"bytea", "", "bytea", "int4send(i)"},
	{"date", "", "date", "date '2020-01-01' + i"},
	{"citext", "CREATE EXTENSION citext", "citext", "'k' || i"},
	{"domain", "CREATE DOMAIN code AS text CHECK (length(value) > 0)", "code", "'k' || i"},
	{"domain of citext", "CREATE EXTENSION citext; CREATE DOMAIN code AS citext", "code", "'k' || i"},
	{"enum", "CREATE TYPE letter AS ENUM ('k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9', 'k10')", "letter", "('k' || i)::letter"},
	{"array", "", "int4[]", "ARRAY[i, 0]"},
	{"bit", "", `"bit"(9)`, "i::bit(9)"},
}

// impostors makes comparison operators of another user: they take all values for equal, and report
// their caller. Where possible, they are in the type's own schema too.
const impostors = `
CREATE SCHEMA app;
CREATE TABLE app.calls (who text);
DO $do$
DECLARE operator text; operand text; schema text;
BEGIN
	FOREACH operand IN ARRAY ARRAY[(SELECT a.atttypid::regtype::text FROM pg_attribute a WHERE a.attrelid = 'customer'::regclass AND attname = 'id'), 'text', 'varchar', 'int4'] LOOP
		FOREACH schema IN ARRAY ARRAY['app', 'public'] LOOP
			EXECUTE format('CREATE OR REPLACE FUNCTION app.f(%s, %s) RETURNS boolean LANGUAGE plpgsql AS $f$BEGIN INSERT INTO app.calls VALUES (current_user); RETURN true; END$f$', operand, operand);
			FOREACH operator IN ARRAY ARRAY['=', '<', '<=', '>', '>='] LOOP
				BEGIN
					EXECUTE format('CREATE OPERATOR %I.%s (leftarg = %s, rightarg = %s, procedure = app.f)', schema, operator, operand, operand);
				EXCEPTION WHEN duplicate_function THEN NULL;
				END;
			END LOOP;
		END LOOP;
	END LOOP;
	EXECUTE 'ALTER DATABASE ' || quote_ident(current_database()) || ' SET search_path = app, public, pg_catalog';
END $do$`

func TestAnotherUsersEqualityTakesNoRows(t *testing.T) {
	for _, c := range keyTypes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := openTarget(t, testdb.Postgres(t).URL)
			if c.ddl != "" {
				db.exec(t, c.ddl)
			}
			db.exec(t,
				fmt.Sprintf("CREATE TABLE customer (id %s PRIMARY KEY, email text NOT NULL UNIQUE)", c.typ),
				fmt.Sprintf("CREATE TABLE message (id int PRIMARY KEY, customer_id %s NOT NULL REFERENCES customer (id), body text)", c.typ),
				fmt.Sprintf("INSERT INTO customer SELECT %s, 'person' || i || '@example.com' FROM generate_series(1, 10) i", c.key),
				fmt.Sprintf("INSERT INTO message SELECT m, %s, 'hello ' || m FROM (SELECT m, 1 + m %% 10 AS i FROM generate_series(1, 50) m) s", c.key),
				impostors)
			db = openTarget(t, db.URL) // with the database's search path
			p := db.plan(t, `
version: 1
database: shop
subject: {table: public.customer, identifiers: [email]}
tables:
  public.customer:
    erase: delete
    columns: {id: none, email: {pii: contact, overwrite: {fake: email}}}
  public.message:
    erase: delete
    columns: {id: none, customer_id: none, body: {pii: free-text, overwrite: null}}
  app.calls: {pii: none}
`, plan.ScopeSubjects)
			db.run(t, p, options(p, "foreign", "email=person2@example.com"))
			customers, messages := db.count(t, "SELECT count(*) FROM public.customer"), db.count(t, "SELECT count(*) FROM public.message")
			if customers != 9 || messages != 45 {
				t.Errorf("%d customers and %d messages are left, want 9 and 45", customers, messages)
			}
			if n := db.count(t, "SELECT count(*) FROM app.calls"); n > 0 {
				t.Errorf("another user's function was called %d times", n)
			}
		})
	}
}
