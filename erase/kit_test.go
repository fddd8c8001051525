package erase_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/postgres"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/internal/testdb"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// club is a small database: members, their visits with remarks on them, and letters linked to members.
var club = []string{
	`CREATE TABLE member (member_id INTEGER NOT NULL, email VARCHAR(80) NOT NULL, phone VARCHAR(40), name VARCHAR(40) NOT NULL, notes VARCHAR(80), PRIMARY KEY (member_id), CONSTRAINT uq_email UNIQUE (email))`,
	`CREATE TABLE visit (visit_id INTEGER NOT NULL, member_id INTEGER NOT NULL, place VARCHAR(40), PRIMARY KEY (visit_id), CONSTRAINT fk_visit FOREIGN KEY (member_id) REFERENCES member (member_id))`,
	`CREATE TABLE remark (remark_id INTEGER NOT NULL, visit_id INTEGER NOT NULL, body VARCHAR(80), PRIMARY KEY (remark_id), CONSTRAINT fk_remark FOREIGN KEY (visit_id) REFERENCES visit (visit_id))`,
	`CREATE TABLE letter (letter_id INTEGER NOT NULL, about INTEGER, body VARCHAR(80), PRIMARY KEY (letter_id))`,
	`CREATE INDEX ix_visit ON visit (member_id)`,
	`CREATE INDEX ix_remark ON remark (visit_id)`,
	`CREATE INDEX ix_letter ON letter (about)`,
	`INSERT INTO member VALUES (1, 'one@club.example', '111', 'One Uno', 'likes tea'), (2, 'two@club.example', '222', 'Two Due', NULL), (3, 'three@club.example', '222', 'Three Tre', 'likes ale'), (4, 'four@club.example', NULL, 'Four Quattro', '')`,
	`INSERT INTO visit VALUES (11, 1, 'Bonn'), (12, 1, 'Bern'), (21, 2, 'Brno'), (31, 3, NULL)`,
	`INSERT INTO remark VALUES (111, 11, 'came late'), (112, 11, 'left early'), (211, 21, 'sang')`,
	`INSERT INTO letter VALUES (1, 1, 'Dear One'), (2, 2, 'Dear Two'), (3, NULL, 'Dear all')`,
}

// deletes is the club's policy that deletes.
const deletes = `
version: 1
database: club
subject: {table: member, key: member_id, identifiers: [email, phone]}
tables:
  member:
    erase: delete
    columns:
      member_id: none
      email: {pii: contact, overwrite: {fake: email}}
      phone: {pii: contact, overwrite: random}
      name: {pii: name, overwrite: {fake: name}}
      notes: {pii: free-text, overwrite: null}
  visit:
    erase: delete
    columns: {visit_id: none, member_id: none, place: {pii: other, overwrite: null}}
  remark:
    erase: delete
    columns: {remark_id: none, visit_id: none, body: {pii: free-text, overwrite: random}}
  letter:
    erase: delete
    columns: {letter_id: none, about: none, body: {pii: free-text, overwrite: random}}
links:
  - letter(about) -> member(member_id)
`

// overwrites is the policy to overwrite the subject, and delete the rest.
var overwrites = strings.Replace(deletes, "member:\n    erase: delete", "member:\n    erase: overwrite", 1)

// club fills the database with the club.
func (d *target) club(t testing.TB) *target {
	t.Helper()
	d.exec(t, club...)
	return d
}

// plan builds the plan of a policy's text.
func (d *target) plan(t testing.TB, policy string, scope plan.Scope) *plan.Plan {
	t.Helper()
	p, err := d.build(t.Context(), mustParse([]byte(policy)), scope)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// build builds a plan permitted on this database.
func (d *target) build(ctx context.Context, rules *policy.Policy, scope plan.Scope) (*plan.Plan, error) {
	p, err := plan.Build(ctx, d.DB, rules, scope)
	if err != nil {
		return nil, err
	}
	return d.meant(ctx, p)
}

// meant is the plan for this database, with its name if required.
func (d *target) meant(ctx context.Context, p *plan.Plan) (*plan.Plan, error) {
	if p.Scope != plan.ScopeEverything {
		return p, nil
	}
	id, err := d.DB.Identity(ctx)
	if err != nil {
		return nil, err
	}
	own := *p
	own.OnlyOn = id.Names[0]
	return &own, nil
}

// options are valid options of a run.
func options(p *plan.Plan, run string, subjects ...string) erase.Options {
	o := erase.Options{RunID: run, Signers: signers(), Secret: secret(), Allow: allowAll(p), Now: clock}
	if p.Scope == plan.ScopeSubjects {
		o.Subjects = erase.SubjectKeys(subjects...)
	}
	return o
}

// run carries a plan out, without an error.
func (d *target) run(t testing.TB, p *plan.Plan, o erase.Options) *receipt.Statement {
	t.Helper()
	report, err := erase.Run(t.Context(), d.DB, p, o)
	if err != nil {
		t.Fatal(err)
	}
	return opened(t, report.Receipt)
}

// journaled reports whether the journal's tables exist.
func (d *target) journaled(t testing.TB) bool {
	t.Helper()
	n := d.DB.JournalTable("run")
	query := "SELECT count(*) FROM information_schema.tables WHERE table_name = '" + n.Table + "' AND table_schema = "
	switch {
	case d.Engine == sample.SQLite:
		query = "SELECT count(*) FROM sqlite_master WHERE name = '" + n.Table + "'"
	case n.Schema == "":
		query += "DATABASE()"
	default:
		query += "'" + n.Schema + "'"
	}
	return d.count(t, query) > 0
}

// as connects to the database as a role of its own with the given privileges;
// %s in them is the role.
func (d *target) as(t testing.TB, privileges ...string) dialect.DB {
	t.Helper()
	role := "r_" + strings.ToLower(t.Name()[strings.LastIndex(t.Name(), "/")+1:])
	role = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r == '_' {
			return r
		}
		return -1
	}, role)
	role = role[:min(len(role), 40)]
	d.exec(t, "CREATE ROLE "+role+" LOGIN PASSWORD '"+role+"'")
	t.Cleanup(func() { d.exec(t, "DROP OWNED BY "+role, "DROP ROLE "+role) })
	for _, p := range privileges {
		d.exec(t, strings.ReplaceAll(p, "%s", role))
	}
	u, err := url.Parse(d.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, role)
	pool, err := pgxpool.New(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return postgres.New(pool)
}

// onPostgres runs a test of a feature of PostgreSQL alone.
func onPostgres(t *testing.T, test func(t *testing.T, db *target)) {
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, openTarget(t, testdb.Postgres(t).URL))
	})
}

// trigger makes a row trigger of statements for all engines, or of special ones for this engine.
func (d *target) trigger(t testing.TB, when, table, body string, special map[string]string) {
	t.Helper()
	if s, ok := special[d.Engine]; ok {
		body = s
	}
	if d.Engine == sample.SQLServer {
		d.exec(t, transactTrigger(when, table, body))
		return
	}
	if d.Engine != sample.Postgres {
		d.exec(t, "CREATE TRIGGER on_"+table+" "+when+" ON "+table+" FOR EACH ROW BEGIN "+body+" END")
		return
	}
	d.exec(t, "CREATE FUNCTION on_"+table+"() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "+body+" RETURN coalesce(NEW, OLD); END$$",
		"CREATE TRIGGER on_"+table+" "+when+" ON "+table+" FOR EACH ROW EXECUTE FUNCTION on_"+table+"()")
}

// done returns a receipt's counts by operation and table, without the number of compared rows.
func done(st *receipt.Statement) map[string]receipt.Rows {
	out := rows(st)
	for step, n := range out {
		n.Unchecked = 0
		out[step] = n
	}
	return out
}

// withSample are the options for n rows of each table, or n replacements of each column.
func withSample(o erase.Options, n int) erase.Options {
	o.Sample = n
	return o
}
