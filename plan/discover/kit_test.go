package discover

import (
	"bufio"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan/policy"
)

// open creates an empty SQLite database.
func open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "x.db")+"?_pragma=foreign_keys(1)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// script creates a database from an SQL file.
func script(t testing.TB, file string) *sql.DB {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	db := open(t)
	if _, err := db.Exec(string(text)); err != nil {
		t.Fatal(err)
	}
	return db
}

func shop(t testing.TB, s sample.Shop) *sql.DB {
	t.Helper()
	db := open(t)
	if err := s.Load(t.Context(), sample.SQLite, db); err != nil {
		t.Fatal(err)
	}
	return db
}

func draftOf(t testing.TB, db *sql.DB, o Options) *Draft {
	t.Helper()
	d, err := Policy(t.Context(), sqlite.New(db), o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// expected is a hand-made list of a schema's personal columns: "table.column
// category" a line. A ? at its beginning marks a disputed column: neither answer
// counts. All other columns are not personal.
type expected struct {
	category map[string]string
	either   map[string]bool
}

func readExpected(t testing.TB, file string) expected {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	e := expected{map[string]string{}, map[string]bool{}}
	for s := bufio.NewScanner(f); s.Scan(); {
		line, _, _ := strings.Cut(s.Text(), " #")
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		i := strings.LastIndexByte(line, ' ')
		if i < 0 {
			t.Fatalf("%s: no category in a line", file)
		}
		name, open := strings.CutPrefix(line[:i], "?")
		e.category[name] = line[i+1:]
		e.either[name] = open
	}
	if len(e.category) == 0 {
		t.Fatalf("%s is empty", file)
	}
	return e
}

// score compares a draft with a list.
type score struct {
	recall, precision, decided, categories float64
	missed, invented, unsure, other        []string
	silent                                 []string // personal columns called none by the draft
}

func (e expected) score(t testing.TB, d *Draft) score {
	t.Helper()
	var s score
	var hits, personal, claimed, right, open int
	seen := map[string]bool{}
	for _, f := range d.Findings {
		name := f.Table + "." + f.Column
		seen[name] = true
		want, is := e.category[name]
		claims := f.Category != policy.PIINone && f.Category != policy.PIIUndecided
		if f.Category == policy.PIIUndecided {
			open++
			s.unsure = append(s.unsure, name+": "+f.Reason)
		}
		if e.either[name] {
			continue
		}
		switch {
		case is && claims:
			hits, personal, claimed = hits+1, personal+1, claimed+1
			if want == f.Category {
				right++
			} else {
				s.other = append(s.other, fmt.Sprintf("%s: %s, expected %s: %s", name, f.Category, want, f.Reason))
			}
		case is:
			personal++
			s.missed = append(s.missed, name+": "+f.Category+": "+f.Reason)
			if f.Category == policy.PIINone {
				s.silent = append(s.silent, name)
			}
		case claims:
			claimed++
			s.invented = append(s.invented, name+": "+f.Category+": "+f.Reason)
		}
	}
	for name := range e.category {
		if !seen[name] {
			t.Errorf("the list has %s, and the schema doesn't", name)
		}
	}
	s.recall, s.precision = ratio(hits, personal), ratio(hits, claimed)
	s.categories, s.decided = ratio(right, hits), 1-ratio(open, len(d.Findings))
	slices.Sort(s.missed)
	return s
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

type sqliteDB struct{ *sql.DB }
