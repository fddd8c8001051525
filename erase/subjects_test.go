package erase_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// listed is the content of a file of subjects, and the final error.
func listed(t *testing.T, path string) (out []string, err error) {
	t.Helper()
	for s, e := range erase.SubjectsFile(path).Subjects() {
		if e != nil {
			return out, e
		}
		out = append(out, s)
	}
	return out, nil
}

func TestSubjectsFileAsEditorsWriteIt(t *testing.T) {
	for _, c := range []struct{ name, content string }{
		{"Unix", "5\n6\n"},
		{"Windows, with a byte order mark", "\ufeff5\r\n6\r\n"},
		{"no line feed at the end, comments and empty lines", "# two\n#\n\n5\n#\tmore\n6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "list")
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := listed(t, path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"5", "6"}, got); diff != "" {
				t.Errorf("subjects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSubjectsFileThatIsNone(t *testing.T) {
	dir := t.TempDir()
	written := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, path := range map[string]string{
		"a folder":                            dir,
		"a line without end":                  written("long", "5\n"+strings.Repeat("7", 1<<17)),
		"UTF-16":                              written("utf-16", "\xff\xfe5\x00\n\x00"),
		"UTF-16, most significant byte first": written("utf-16be", "\xfe\xff\x005\x00\n"),
		"what may be a comment, and may be a key": written("hash", "5\n#7\n"),
	} {
		if _, err := listed(t, path); !errors.Is(err, erase.ErrBadSubject) {
			t.Errorf("%s: error %v, want ErrBadSubject", name, err)
		}
	}
}

func TestALineOfAFileIsOneSubjectAsItStandsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(path, []byte(" Ada\nAda \n \nExample, Ada\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := listed(t, path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{" Ada", "Ada ", " ", "Example, Ada"}, got); diff != "" {
		t.Errorf("subjects (-want +got):\n%s", diff)
	}
}

// clubByCode is a club with keys of several spellings: a text without regard to case, or else a number.
func (d *target) clubByCode(t *testing.T) (spellings []string) {
	t.Helper()
	spellings = []string{"ADA", "ada"}
	key := "VARCHAR(20)"
	switch d.Engine {
	case sample.SQLite:
		key = "TEXT COLLATE NOCASE"
	case sample.Postgres:
		key, spellings = "NUMERIC(10)", []string{"007", "7"}
	}
	d.exec(t,
		`CREATE TABLE member (code `+key+` NOT NULL, email VARCHAR(80) NOT NULL, until_day DATE, PRIMARY KEY (code))`,
		`CREATE TABLE letter (letter_id INTEGER NOT NULL, about `+key+`, PRIMARY KEY (letter_id))`,
		`CREATE INDEX ix_letter ON letter (about)`,
		`INSERT INTO member VALUES ('`+spellings[1]+`', 'one@club.example', '2030-01-01'), ('8', 'two@club.example', '2020-01-01')`,
		`INSERT INTO letter VALUES (1, '`+spellings[1]+`'), (2, '8')`,
	)
	return spellings
}

const byCode = `
version: 1
database: club
subject: {table: member, key: code}
tables:
  member:
    erase: overwrite
    columns: {code: none, email: {pii: contact, overwrite: {pseudonym: email}}, until_day: none}
  letter: {erase: delete, columns: {letter_id: none, about: none}}
links: [letter(about) -> member(code)]
`

func TestWhoIsNamedInTwoSpellingsIsOverwrittenOnce(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		spellings := db.clubByCode(t)
		p := db.plan(t, byCode, plan.ScopeSubjects)
		o := options(p, "r", spellings...)
		o.MaxRows = 1 // a batch for each
		st := db.run(t, p, o)
		if d := cmp.Diff(map[string]receipt.Rows{
			"overwrite member": {Matched: 2, Affected: 1, AlreadyGone: 1}, "delete letter": {Matched: 1, Affected: 1},
		}, done(st)); d != "" {
			t.Error(d)
		}
	})
}

func TestAHeldSubjectInAnotherSpellingHasNotComeBack(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		spellings := db.clubByCode(t)
		held := strings.Replace(byCode, "erase: overwrite", "erase: delete\n    hold: {because: accounts, basis: tax law, until: until_day + 1y}", 1)
		p := db.plan(t, held, plan.ScopeSubjects)
		st := db.run(t, p, options(p, "r", spellings[0], "8"))
		if d := cmp.Diff(map[string]receipt.Rows{
			"delete member": {Matched: 2, Affected: 1, Held: 1}, "delete letter": {Matched: 2, Affected: 1, Held: 1},
		}, done(st)); d != "" {
			t.Error(d)
		}
	})
}
