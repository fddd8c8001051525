package main

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/erase"
)

// printed is the program's output without the digest, because the digest changes with the plan's
// format.
const printed = `Plan for club on sqlite, scope subjects
A subject is a row of member, named by id (or by email)

For each given row of member:
  s1  delete  booking  member ← booking(member_id)
  s2  delete  member   member

Digest …
delete booking: 2
delete member: 1
the database now: holds
`

func TestItRuns(t *testing.T) {
	var out strings.Builder
	pool, err := openClub()
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if err := forgetAda(t.Context(), sqlite.New(pool), &out, filepath.Join(t.TempDir(), "receipt.json")); err != nil {
		t.Fatal(err)
	}
	got := regexp.MustCompile(`Digest [0-9a-f]{64}`).ReplaceAllString(out.String(), "Digest …")
	if diff := cmp.Diff(printed, got); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

// returning is a database whose application inserts the erased member again, before the run
// verifies the delete.
type returning struct {
	dialect.DB
	pool *sql.DB
}

func (r returning) Begin(ctx context.Context, o dialect.TxOptions) (dialect.Tx, error) {
	_, err := r.pool.ExecContext(ctx, `INSERT INTO member SELECT 1, 'ada@example.com', 'Ada' WHERE NOT EXISTS (SELECT 1 FROM member WHERE id = 1)`)
	if err != nil {
		return nil, err
	}
	return r.DB.Begin(ctx, o)
}

func TestTheReceiptIsKeptWhenRowsAreLeftOver(t *testing.T) {
	pool, err := openClub()
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	file := filepath.Join(t.TempDir(), "receipt.json")
	err = forgetAda(t.Context(), returning{sqlite.New(pool), pool}, new(strings.Builder), file)
	var left *erase.LeftError
	if !errors.As(err, &left) || left.Rows != 1 {
		t.Fatalf("error %v, want one row left", err)
	}
	if kept, err := os.ReadFile(file); err != nil || string(kept) != string(left.Receipt) {
		t.Errorf("the receipt isn't kept: %v", err)
	}
}
