package discover

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/internal/sample"
)

var errBroken = errors.New("broken")

// failing is a database with read errors.
type failing struct {
	dialect.DB
	table  string // for rows of this table
	denied bool   // the error is a missing permission
	counts bool   // for counts
	begun  *int
}

func (f failing) Begin(ctx context.Context, o dialect.TxOptions) (dialect.Tx, error) {
	if f.begun != nil {
		*f.begun++
	}
	if !o.ReadOnly {
		return nil, errors.New("the transaction could write")
	}
	tx, err := f.DB.Begin(ctx, o)
	return failingTx{tx, f}, err
}

type failingTx struct {
	dialect.Tx
	failing
}

func (f failingTx) Query(ctx context.Context, s dialect.Select) iter.Seq2[dialect.Row, error] {
	if s.Limit == 0 {
		return func(yield func(dialect.Row, error) bool) { yield(nil, errors.New("the query has no limit")) }
	}
	if s.Table.Table != f.table {
		return f.Tx.Query(ctx, s)
	}
	err := errBroken
	if f.denied {
		err = dialect.NewError(dialect.PermissionDenied, "42501", "read", s.Table, nil)
	}
	return func(yield func(dialect.Row, error) bool) { yield(nil, err) }
}

func (f failingTx) Count(ctx context.Context, t dialect.Name, where []dialect.Cond) (int64, error) {
	if f.counts {
		return 0, errBroken
	}
	return f.Tx.Count(ctx, t, where)
}

func TestATableThatMayNotBeReadIsDraftedFromItsNames(t *testing.T) {
	begun := 0
	d, err := Policy(t.Context(), failing{DB: sqlite.New(shop(t, sample.Shop{Customers: 20})), table: "customer", denied: true, begun: &begun}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if begun != 2 {
		t.Errorf("%d transactions; the refused one and one for the tables behind it were expected", begun)
	}
	for _, f := range d.Findings {
		switch f.Table + "." + f.Column {
		case "customer.email":
			if f.Category != "contact" || !strings.Contains(f.Reason, "the table may not be read") {
				t.Errorf("customer.email: %s: %s", f.Category, f.Reason)
			}
		case "staff.email":
			if !strings.Contains(f.Reason, "sampled values look like one") {
				t.Errorf("staff.email was not sampled: %s", f.Reason)
			}
		}
	}
}

func TestNamesOnlyReadsNoRow(t *testing.T) {
	begun := 0
	d, err := Policy(t.Context(), failing{DB: sqlite.New(shop(t, sample.Shop{Customers: 20})), begun: &begun}, Options{NamesOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if begun != 0 {
		t.Errorf("%d transactions were begun", begun)
	}
	want := readExpected(t, "testdata/shop.txt")
	got := want.score(t, d)
	t.Logf("names only: recall %.3f, precision %.3f, decided %.3f", got.recall, got.precision, got.decided)
	if got.recall < 0.9 || len(got.silent) > 0 {
		t.Errorf("recall %.3f; proposed as none: %q", got.recall, got.silent)
	}
}

func TestTheSampleIsBounded(t *testing.T) {
	db := open(t)
	if _, err := db.Exec(`CREATE TABLE letter (id INTEGER PRIMARY KEY, body TEXT);
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
		INSERT INTO letter SELECT i, hex(zeroblob(5000)) FROM n`); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		o    Options
		rows int
	}{
		{"by default", Options{}, 200},
		{"by rows", Options{Rows: 7}, 7},
		{"by bytes", Options{Bytes: 45_000}, 5},
	} {
		x, err := sqlite.New(db).Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d := newDatabase(x)
		if err := d.sample(t.Context(), sqlite.New(db), c.o.withDefaults()); err != nil {
			t.Fatal(err)
		}
		if d.tables[0].rows != c.rows {
			t.Errorf("%s: %d rows were read, expected %d", c.name, d.tables[0].rows, c.rows)
		}
	}
}
