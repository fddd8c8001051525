package postgres_test

import (
	"testing"

	"github.com/expungedb/expunge/dialect/dialecttest"
	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/expungedb/expunge/internal/testdb"
)

// impostors makes, in their own schema, operators and functions like those of pg_catalog. Calling
// one of them fails.
const impostors = `
SET check_function_bodies = off;
CREATE SCHEMA app;
DO $do$
DECLARE o record;
BEGIN
	FOR o IN SELECT p.oprname AS name, p.oprleft::regtype AS l, p.oprright::regtype AS r, p.oprresult::regtype AS result
		FROM pg_operator p
		WHERE p.oprnamespace = 'pg_catalog'::regnamespace AND p.oprkind = 'b'
			AND p.oprname IN ('=', '<>', '<', '<=', '>', '>=', '||', '+', '-', '*', '/', '~')
			AND p.oprleft = ANY ('{bool,int2,int4,int8,text,bpchar,numeric,float8,date,time,timestamp,timestamptz,uuid,bytea,bit,varbit,oid,tid,inet}'::regtype[])
			AND p.oprright = ANY ('{bool,int2,int4,int8,text,bpchar,numeric,float8,date,time,timestamp,timestamptz,uuid,bytea,bit,varbit,oid,tid,inet}'::regtype[])
	LOOP
		EXECUTE format('CREATE OR REPLACE FUNCTION app.operator(%s, %s) RETURNS %s LANGUAGE plpgsql AS $f$BEGIN RAISE ''an impostor was called''; END$f$', o.l, o.r, 'bool');
		EXECUTE format('CREATE OPERATOR app.%s (leftarg = %s, rightarg = %s, procedure = app.operator)', o.name, o.l, o.r);
	END LOOP;
	FOR o IN SELECT p.proname AS name, pg_get_function_identity_arguments(p.oid) AS arguments
		FROM pg_proc p
		WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f'
			AND p.proname IN ('left', 'right', 'repeat', 'char_length', 'octet_length', 'random', 'floor', 'trunc', 'round', 'div', 'chr', 'ascii',
				'convert_to', 'convert_from', 'substring', 'get_byte', 'int8send', 'sha256', 'uuid_send', 'gen_random_uuid', 'string_to_array',
				'date_trunc', 'generate_series', 'pg_is_in_recovery', 'pg_current_wal_insert_lsn', 'current_setting')
			AND pg_get_function_identity_arguments(p.oid) !~ 'any'
	LOOP
		EXECUTE format('CREATE FUNCTION app.%I(%s) RETURNS text LANGUAGE plpgsql AS $f$BEGIN RAISE ''an impostor was called''; END$f$', o.name, o.arguments);
	END LOOP;
	CREATE FUNCTION app.unnest(int8[]) RETURNS SETOF int8 LANGUAGE plpgsql AS $f$BEGIN RAISE 'an impostor was called'; END$f$;
	CREATE TYPE app.int8 AS (a pg_catalog.int4);
	CREATE TYPE app.text AS (a pg_catalog.int4);
END $do$;`

// The whole suite passes with the impostors first on the search path.
func TestNobodyElsesOperatorsAndFunctionsAreCalled(t *testing.T) {
	servers := testdb.Postgreses(t)
	f := factory(servers[len(servers)-1])
	plain := f.Open
	f.Open = func(t testing.TB) *dialecttest.Env {
		env := plain(t)
		env.Exec(t, impostors)
		for _, db := range []any{env.DB, env.Second} {
			postgres.SearchIn(db.(*postgres.DB), "app", "pg_catalog", "public")
		}
		return env
	}
	f.Operator = func(op string) string { return "OPERATOR(pg_catalog." + op + ")" }
	const elsewhere = "its statements are those of other topics"
	f.Excused = map[string]string{
		"locks": elsewhere, "errors": elsewhere, "claims": elsewhere, "suspended indexes": elsewhere, "fingerprint": elsewhere, "query plan": elsewhere,
		"policy conditions/whole ones": "a condition's bare names are its own affair",
		"policy conditions/a text":     "a draft's condition is for people to read, with bare names",
	}
	dialecttest.Run(t, f)
}
