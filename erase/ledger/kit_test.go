package ledger_test

import (
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/expungedb/expunge/erase/ledger"
	"github.com/expungedb/expunge/erase/ledger/record"
)

var noon = time.Date(2026, time.January, 1, 12, 0, 0, 0, time.UTC)

// database is where the runs of most tests are.
const database = "8c1b2c86-2a06-4ef5-a1a6-4b5f3a1b7a10"

// operator is the identity of every test, and stranger another one.
var operator, stranger = identity(), identity()

func identity() *age.X25519Identity {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}
	return id
}

// open opens a ledger readable by the operator.
func open(t testing.TB, dir string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(dir, operator.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// named is the run with an ID in most tests.
func named(run string) record.Run {
	return record.Run{Database: database, RunID: run, Erasure: "receipt of " + run}
}

// header is the header of a run written at an hour of the day.
func header(run string, hour int) record.Header {
	at := noon.Add(time.Duration(hour-12) * time.Hour)
	return record.Header{
		RunID: run, Erasure: named(run).Erasure, Scope: "subjects", Plan: []byte("{}\n"), PlanDigest: "p", PolicyDigest: "q",
		Database: database, AsOf: at, Written: at, Until: at.AddDate(0, 0, 14),
	}
}

// mark is the mark of a run ended at an hour of the day.
func mark(hour int) record.Mark {
	at := noon.Add(time.Duration(hour-12) * time.Hour)
	return record.Mark{Closed: at, Until: at.AddDate(0, 0, 14), Receipt: strings.Repeat("ab", 32)}
}

func subjects(s ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, x := range s {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// begin writes an entry; a failure fails the test.
func begin(t testing.TB, l *ledger.Ledger, h record.Header, s ...string) {
	t.Helper()
	if err := l.Begin(t.Context(), h, subjects(s...)); err != nil {
		t.Fatal(err)
	}
}

// told is an entry as a reader sees it, in short.
type told struct {
	Run      string
	Ended    bool
	Subjects []string
}

// read reads a ledger after a restore to that moment. It returns errors separately.
func read(t testing.TB, l *ledger.Ledger, since time.Time, identities ...age.Identity) (out []told, problems []error) {
	t.Helper()
	if len(identities) == 0 {
		identities = []age.Identity{operator}
	}
	for e, err := range l.Reader(identities...).Entries(since) {
		if err != nil {
			problems = append(problems, err)
			continue
		}
		x := told{e.RunID, e.Mark != nil, nil}
		for s, err := range e.Subjects() {
			if err != nil {
				problems = append(problems, err)
				continue
			}
			x.Subjects = append(x.Subjects, s)
		}
		out = append(out, x)
	}
	return out, problems
}

// files returns the names in the ledger with that suffix, in order.
func files(t testing.TB, dir, suffix string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range list {
		if strings.HasSuffix(f.Name(), suffix) {
			out = append(out, filepath.Join(dir, f.Name()))
		}
	}
	slices.Sort(out)
	return out
}
