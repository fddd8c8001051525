package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/expungedb/expunge/examples/policies"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/internal/testdb"
)

// The scripts call expunge and these programs.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"expunge": unqualified,
		"sql":     program(runSQL),
		"rowsum":  program(printRowSum),
	})
}

// unqualified is the command line, and fails if it prints the default schema: a table has one name
// in all verbs.
func unqualified() {
	var out, errs strings.Builder
	code := start(context.Background(), os.Args, io.MultiWriter(os.Stdout, &out), io.MultiWriter(os.Stderr, &errs))
	inspects := slices.Contains(os.Args, "inspect") // it shows names of types too
	if strings.HasPrefix(os.Getenv("EXPUNGE_DB"), "postgres") && !inspects && strings.Contains(out.String()+errs.String(), "public.") {
		fmt.Fprintln(os.Stderr, "the name of a table has the schema public")
		code = 99
	}
	os.Exit(code)
}

// engines are the engines of the scripts: each script gets an empty database, with its URL in
// EXPUNGE_DB. Besides those in testdata/script an engine runs the scripts in its folder there, if
// it has one. SQLite's folder has the scripts that don't depend on the engine.
var engines = []struct {
	name    string
	folders []string
	servers func(testing.TB) []*testdb.Server // nil: a file
}{
	{sample.SQLite, []string{"sqlite"}, nil},
	{sample.Postgres, []string{"postgres"}, testdb.Postgreses},
	{sample.MySQL, nil, testdb.MySQLs},
	{sample.MariaDB, nil, testdb.MariaDBs},
}

// emptyFile makes an empty SQLite database, which is an empty file.
func emptyFile(t testing.TB, dir string) string {
	path := filepath.Join(dir, "shop.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

func TestScripts(t *testing.T) {
	for _, e := range engines {
		if e.servers == nil {
			t.Run(e.name, func(t *testing.T) { runScripts(t, e.name, e.folders, nil, emptyFile) })
			continue
		}
		if testdb.SQLiteOnly() {
			continue
		}
		for _, s := range e.servers(t) {
			t.Run(s.String(), func(t *testing.T) {
				runScripts(t, e.name, e.folders, s, func(t testing.TB, _ string) string { return s.Database(t).URL })
			})
		}
	}
}

// runScripts runs an engine's scripts, each on a database made by open, on the server if there is
// one.
func runScripts(t *testing.T, engine string, folders []string, server *testdb.Server, open func(t testing.TB, dir string) (url string)) {
	var files []string
	for _, folder := range append([]string{""}, folders...) {
		found, err := filepath.Glob(filepath.Join("testdata/script", folder, "*.txtar"))
		if err != nil || len(found) == 0 {
			t.Fatalf("no scripts in %q: %v", folder, err)
		}
		files = append(files, found...)
	}
	chinook, err := os.ReadFile(chinookScript(engine))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files:              files,
		RequireUniqueNames: true,
		Condition: func(cond string) (bool, error) {
			return cond == engine || cond == "chinook" && chinook != nil || cond == "backups" && canBackUp(engine), nil
		},
		Setup: func(env *testscript.Env) error {
			at := open(env.T().(testing.TB), env.WorkDir)
			env.Setenv("EXPUNGE_DB", at)
			env.Setenv("DATABASE", databaseOf(at))
			env.Values[backups{}] = &backups{env.T().(testing.TB), server}
			env.Setenv("ENGINE", engine)
			env.Setenv("TMPDIR", env.WorkDir)
			for _, name := range policies.Names() {
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), policies.Read(name), 0o644); err != nil {
					return err
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"shop": loadShop, "chinook": loadChinook(chinook), "exits": exits, "edit": edit, "tamper": tamper, "clerk": clerk,
			"backdate": backdate, "disclosed": disclosed, "backup": backUp, "restore": restore,
		},
	})
}

// databaseOf is the name of a URL's database.
func databaseOf(raw string) string {
	if file, ok := strings.CutPrefix(raw, "sqlite:"); ok {
		return filepath.Base(file)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Path, "/")
}

// exits runs a program that must end with that code: exits 2 expunge check.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// edit replaces a text in a file; the text must occur once: edit shop.yaml 'a' 'b'.
func edit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit file old new")
	}
	path, text := ts.MkAbs(args[0]), ts.ReadFile(args[0])
	before, after := strings.ReplaceAll(args[1], `\n`, "\n"), strings.ReplaceAll(args[2], `\n`, "\n")
	if n := strings.Count(text, before); n != 1 {
		ts.Fatalf("%q is in %s %d times", before, args[0], n)
	}
	ts.Check(os.WriteFile(path, []byte(strings.Replace(text, before, after, 1)), 0o644))
}

// tamper makes a forged copy of a receipt: tamper receipt.json forged.json.
func tamper(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: tamper receipt forged")
	}
	forged, err := forgeReceipt([]byte(ts.ReadFile(args[0])))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), forged, 0o644))
}

// loadShop fills the database with the sample shop: shop [customers].
func loadShop(ts *testscript.TestScript, neg bool, args []string) {
	shop := sample.Shop{}
	if neg || len(args) > 1 {
		ts.Fatalf("usage: shop [customers]")
	}
	if len(args) == 1 {
		n, err := strconv.Atoi(args[0])
		ts.Check(err)
		shop.Customers = n
	}
	pool, err := connect(ts.Getenv("EXPUNGE_DB"))
	ts.Check(err)
	defer pool.Close()
	ts.Check(shop.Load(context.Background(), ts.Getenv("ENGINE"), pool))
}

// clerk makes a PostgreSQL user without any privilege: $CLERK is the name, $CLERK_DB the URL of the
// database for that user.
func clerk(ts *testscript.TestScript, _ bool, _ []string) {
	u, err := url.Parse(ts.Getenv("EXPUNGE_DB"))
	ts.Check(err)
	pool, err := connect(u.String())
	ts.Check(err)
	name := "clerk_" + strings.ToLower(rand.Text())
	_, err = pool.ExecContext(context.Background(), "CREATE ROLE "+name+" LOGIN PASSWORD '"+name+"'")
	ts.Check(err)
	ts.Defer(func() {
		_, err := pool.ExecContext(context.Background(), "DROP OWNED BY "+name+"; DROP ROLE "+name)
		ts.Check(errors.Join(err, pool.Close()))
	})
	u.User = url.UserPassword(name, name)
	ts.Setenv("CLERK", name)
	ts.Setenv("CLERK_DB", u.String())
}

// chinookScript is the path of the Chinook database, beside the checkout and no part of it.
func chinookScript(engine string) string {
	name := map[string]string{
		sample.SQLite: "Chinook_Sqlite.sql", sample.Postgres: "Chinook_PostgreSql.sql",
		sample.MySQL: "Chinook_MySql.sql", sample.MariaDB: "Chinook_MySql.sql",
	}[engine]
	return filepath.Join("..", "..", "..", "shared", "data", "chinook", name)
}

// loadChinook fills the database with Chinook.
func loadChinook(script []byte) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, _ []string) {
		text := string(script)
		for _, use := range []string{"\\c chinook;", "USE `Chinook`;"} {
			if _, tables, ok := strings.Cut(text, use); ok {
				text = tables // before it the script makes a database of its own
			}
		}
		pool, err := connect(ts.Getenv("EXPUNGE_DB"))
		ts.Check(err)
		defer pool.Close()
		_, err = pool.ExecContext(context.Background(), text)
		ts.Check(err)
	}
}

// connect opens a database by its URL, for tests to query.
func connect(raw string) (*sql.DB, error) {
	if rest, ok := strings.CutPrefix(raw, "sqlite:"); ok {
		return sql.Open("sqlite", sqliteDSN(rest, "rw"))
	}
	if strings.HasPrefix(raw, "mysql:") || strings.HasPrefix(raw, "mariadb:") {
		// The scripts quote names as the standard does.
		dsn, err := testdb.DSN(raw, "sql_mode='ANSI_QUOTES,PIPES_AS_CONCAT'", "multiStatements=true")
		if err != nil {
			return nil, err
		}
		return sql.Open("mysql", dsn)
	}
	pool, err := pgxpool.New(context.Background(), raw)
	if err != nil {
		return nil, err
	}
	return stdlib.OpenDBFromPool(pool), nil
}

func program(do func(pool *sql.DB, args []string) error) func() {
	return func() {
		pool, err := connect(os.Getenv("EXPUNGE_DB"))
		if err == nil {
			err = errors.Join(do(pool, os.Args[1:]), pool.Close())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// runSQL prints a query's rows: sql 'SELECT …'.
func runSQL(pool *sql.DB, args []string) error {
	rows, err := pool.Query(args[0])
	if err != nil {
		return err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(sql.NullString)
		}
		if err := rows.Scan(cells...); err != nil {
			return err
		}
		var out []string
		for _, c := range cells {
			out = append(out, c.(*sql.NullString).String)
		}
		fmt.Println(strings.Join(out, "|"))
	}
	return rows.Err()
}

// printRowSum prints a sum over every row of the shop, in no order, to show unchanged rows; and
// whether there is a journal.
func printRowSum(pool *sql.DB, _ []string) error {
	for _, t := range sample.Tables() {
		sum, err := rowSum(pool, t.Name)
		if err != nil {
			return err
		}
		fmt.Printf("%s %x\n", t.Name, sum)
	}
	var n int
	journal := "SELECT count(*) FROM expunge_run"
	if os.Getenv("ENGINE") == sample.Postgres {
		journal = "SELECT count(*) FROM expunge.run"
	}
	fmt.Println("journal:", pool.QueryRow(journal).Scan(&n) == nil)
	return nil
}

// rowSum is a sum over the rows of a table, whatever their order.
func rowSum(pool *sql.DB, table string) (sum [32]byte, err error) {
	rows, err := pool.Query(`SELECT * FROM "` + strings.ReplaceAll(table, `"`, `""`) + `"`)
	if err != nil {
		return sum, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return sum, err
	}
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(sql.NullString)
		}
		if err := rows.Scan(cells...); err != nil {
			return sum, err
		}
		h := sha256.New()
		for _, c := range cells {
			fmt.Fprintf(h, "%v\x00", *c.(*sql.NullString))
		}
		for i, b := range h.Sum(nil) {
			sum[i] ^= b
		}
	}
	return sum, rows.Err()
}
