package sqlserver_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	mssql "github.com/microsoft/go-mssqldb"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/sqlserver"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/examples/policies"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/internal/testdb"
	"github.com/expungedb/expunge/plan"
)

// whole is a database that plans are carried out on from end to end.
type whole struct {
	db   *sqlserver.DB
	pool *sql.DB
	url  string
	key  ed25519.PrivateKey
}

func openWhole(t *testing.T) *whole {
	t.Helper()
	db := testdb.SQLServer(t)
	pool := testdb.OpenSQLServer(t, db)
	return &whole{db: sqlserver.New(pool), pool: pool, url: db.URL, key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))}
}

func (w *whole) run(t *testing.T, policy *plan.Policy, scope plan.Scope, o erase.Options) (map[string]receipt.Rows, *receipt.Statement) {
	t.Helper()
	p, err := plan.Build(t.Context(), w.db, policy, scope)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range p.Hazards {
		o.Allow = append(o.Allow, h.Name)
	}
	signer, err := receipt.NewSigner(w.key)
	if err != nil {
		t.Fatal(err)
	}
	if o.Secret, err = anonymise.NewSecret(bytes.Repeat([]byte("test"), 8)); err != nil {
		t.Fatal(err)
	}
	o.Signer = signer
	env, err := erase.Run(t.Context(), w.db, p, o)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := receipt.NewVerifier(w.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	st, err := receipt.Open(env, verifier)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]receipt.Rows{}
	for _, a := range st.Predicate.Actions {
		rows[string(a.Operation)+" "+strings.ToLower(strings.TrimPrefix(a.Table, "dbo."))] = a.Rows
	}
	return rows, st
}

func (w *whole) count(t *testing.T, table dialect.Name) int64 {
	t.Helper()
	tx, err := w.db.Begin(t.Context(), dialect.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	n, err := tx.Count(t.Context(), table, nil)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// intact looks for rows that refer to nothing, by every foreign key.
func (w *whole) intact(t *testing.T) {
	t.Helper()
	schema, err := w.db.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tx, err := w.db.Begin(t.Context(), dialect.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	for _, tab := range schema.Tables {
		for _, fk := range tab.ForeignKeys {
			n, err := tx.Count(t.Context(), fk.Table, []dialect.Cond{dialect.Orphan{Columns: fk.Columns, RefTable: fk.RefTable, RefColumns: fk.RefColumns}})
			if err != nil || n != 0 {
				t.Fatalf("%d rows of %s are orphans by %s (%v)", n, tab.Name, fk.Name, err)
			}
		}
	}
}

func parsed(t *testing.T, data []byte) *plan.Policy {
	t.Helper()
	p, err := plan.ParsePolicy(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var batches = regexp.MustCompile(`(?m)^GO\r?$`)

// loadChinook fills the database from the script beside the project.
func loadChinook(t *testing.T, w *whole) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "chinook", "Chinook_SqlServer.sql"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("CHINOOK IS NOT TRIED: there is no Chinook_SqlServer.sql in ../shared/data/chinook beside the project")
	}
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(data), "USE [Chinook];")
	for _, batch := range batches.Split(text, -1) {
		if strings.TrimSpace(batch) == "" {
			continue
		}
		if _, err := w.pool.ExecContext(t.Context(), batch); err != nil {
			t.Fatalf("%v\nin %.200s", err, strings.TrimSpace(batch))
		}
	}
}

func TestChinookDeletesACustomerLinesFirst(t *testing.T) {
	w := openWhole(t)
	loadChinook(t, w)
	policy := parsed(t, policies.Read("chinook.yaml"))
	rows, st := w.run(t, policy, plan.ScopeSubjects, erase.Options{RunID: "case-42", Subjects: erase.SubjectKeys("42")})
	want := map[string]receipt.Rows{
		"delete invoiceline": {Matched: 38, Affected: 38},
		"delete invoice":     {Matched: 7, Affected: 7},
		"delete customer":    {Matched: 1, Affected: 1},
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	customer := dialect.Name{Schema: "dbo", Table: "Customer"}
	if n := w.count(t, customer); n != 58 {
		t.Errorf("%d customers are left, want 58", n)
	}
	w.intact(t)
	v, err := erase.Verify(t.Context(), w.db, policy, st, erase.SubjectKeys("42"))
	if err != nil || v.Outcome != erase.Holds {
		t.Errorf("the receipt %v (%v), want that it holds", v.Outcome, err)
	}
	if _, err := w.pool.ExecContext(t.Context(), "INSERT INTO [Customer] ([CustomerId], [FirstName], [LastName], [Email]) VALUES (42, N'x', N'y', N'z')"); err != nil {
		t.Fatal(err)
	}
	v, err = erase.Verify(t.Context(), w.db, policy, st, erase.SubjectKeys("42"))
	if err != nil || v.Outcome != erase.Broken {
		t.Errorf("with a row put back the receipt %v (%v), want that it is broken", v.Outcome, err)
	}
}

func TestChinookIsOverwrittenWhole(t *testing.T) {
	w := openWhole(t)
	loadChinook(t, w)
	rows, _ := w.run(t, parsed(t, policies.Read("chinook.yaml")), plan.ScopeEverything, erase.Options{RunID: "staging"})
	for name, n := range map[string]int64{"overwrite customer": 59, "overwrite employee": 8} {
		if d := cmp.Diff(receipt.Rows{Matched: n, Affected: n}, rows[name]); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
	w.intact(t)
}

// joined is the shop's generated column.
var joined = regexp.MustCompile(`AS \((\[\w+\]) \+ [^)]*\) PERSISTED`)

// loader is a pool to load the shop with. Babelfish takes joining texts for an
// expression that may change by itself, so there the column is one of its parts.
func (w *whole) loader(t *testing.T) *sql.DB {
	t.Helper()
	babelfish, err := sqlserver.Babelfish(t.Context(), w.db)
	if err != nil {
		t.Fatal(err)
	}
	if !babelfish {
		return w.pool
	}
	connector, err := mssql.NewConnector(w.url)
	if err != nil {
		t.Fatal(err)
	}
	pool := sql.OpenDB(rewriting{connector})
	t.Cleanup(func() { pool.Close() })
	return pool
}

type rewriting struct{ driver.Connector }

func (r rewriting) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := r.Connector.Connect(ctx)
	return rewritten{c}, err
}

type rewritten struct{ driver.Conn }

func (c rewritten) Prepare(query string) (driver.Stmt, error) {
	query = joined.ReplaceAllString(query, "AS ($1) PERSISTED")
	s, err := c.Conn.Prepare(query)
	return inlined{s, c.Conn, query}, err
}

// inlined writes NULLs and plain texts into the statement: Babelfish doesn't
// know the protocol's NULL without a type, and converts a moment among several
// rows of VALUES from a literal only.
type inlined struct {
	driver.Stmt
	conn  driver.Conn
	query string
}

var parameter = regexp.MustCompile(`@p(\d+)`)

func (n inlined) Exec(args []driver.Value) (driver.Result, error) {
	args = slices.Clone(args)
	query := parameter.ReplaceAllStringFunc(n.query, func(p string) string {
		i, _ := strconv.Atoi(p[2:])
		switch v := args[i-1].(type) {
		case nil:
			return "NULL"
		case string:
			if strings.IndexFunc(v, func(r rune) bool { return r > 127 }) < 0 {
				return "'" + strings.ReplaceAll(v, "'", "''") + "'"
			}
		}
		return p
	})
	for i, a := range args {
		if a == nil {
			args[i] = ""
		}
	}
	s, err := n.conn.Prepare(query)
	if err != nil {
		return nil, err
	}
	return s.Exec(args) //nolint:staticcheck // what database/sql calls on a statement that is wrapped
}

func TestShopErasesCustomersWithWorkers(t *testing.T) {
	w := openWhole(t)
	const customers, erased = 300, 20
	if err := (sample.Shop{Customers: customers}).Load(t.Context(), sample.SQLServer, w.loader(t)); err != nil {
		t.Fatal(err)
	}
	customer := dialect.Name{Schema: "dbo", Table: "customer"}
	before := w.count(t, customer)
	keys := make([]string, erased)
	for i := range keys {
		keys[i] = fmt.Sprint(i*7 + 1)
	}
	rows, _ := w.run(t, parsed(t, sample.Policy()), plan.ScopeSubjects, erase.Options{RunID: "many", Subjects: erase.SubjectKeys(keys...), Workers: 4})
	got := rows["delete customer"]
	if got.Matched != erased || got.Matched != got.Affected+got.Held {
		t.Errorf("of %d customers the receipt counts %+v", erased, got)
	}
	if n := w.count(t, customer); n != before-got.Affected {
		t.Errorf("%d customers are left of %d, with %d reported as deleted", n, before, got.Affected)
	}
	w.intact(t)
}
