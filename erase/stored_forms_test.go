package erase_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
)

// TestASubjectIsFoundByAnIdentifierInABlobColumn: SQLite stores text in a BLOB
// column as text and bytes in a TEXT column as bytes, and many applications do so.
func TestASubjectIsFoundByAnIdentifierInABlobColumn(t *testing.T) {
	for _, test := range []struct{ name, column, text, bytes string }{
		{"blob", "blob", "'Ada Example'", "x'426F62'"},
		{"text", "text", "'Ada Example'", "x'426F62'"},
		{"no type", "", "'Ada Example'", "x'426F62'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			db := openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
			db.exec(t, "CREATE TABLE person (id integer PRIMARY KEY, name "+test.column+" NOT NULL UNIQUE, mail blob)",
				"INSERT INTO person VALUES (1, "+test.text+", 'ada@mail.example'), (2, "+test.bytes+", 'bob@mail.example'), (3, 'Cem', x'00'), (4, x'43656D', x'00')")
			p := db.plan(t, "version: 1\ndatabase: b\nsubject: {table: person, identifiers: [name, mail]}\ntables: {person: {erase: delete, columns: {id: none, name: {pii: name, overwrite: random}, mail: {pii: contact, overwrite: random}}}}", plan.Subjects())
			db.run(t, p, options(p, "ada", "name=Ada Example"))
			db.run(t, p, options(p, "bob", "name=Bob"))
			if n := db.count(t, "SELECT count(*) FROM person WHERE id < 3"); n != 0 {
				t.Errorf("%d of 2 people left", n)
			}
			// One name that is stored in both ways is of two people.
			if _, err := erase.Run(t.Context(), db.DB, p, options(p, "cem", "name=Cem")); !errors.Is(err, erase.ErrNoSuchSubject) {
				t.Errorf("an identifier of two people: %v", err)
			}
		})
	}
}
