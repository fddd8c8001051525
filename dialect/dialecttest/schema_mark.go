package dialecttest

import (
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// schemaMark: a mark changes after each change that a batch must notice, within the transaction
// that has deleted rows. It remains the same without changes and after writes.
func (s *suite) schemaMark(t *testing.T) {
	env := s.openEnv(t,
		Table{Name: "parent", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "note", Type: text(20)}}, Primary: []string{"id"}},
		Table{Name: "other", Columns: []Column{{Name: "id", Type: integer, NotNull: true}}, Primary: []string{"id"}},
		Table{Name: "log", Columns: []Column{{Name: "gone", Type: integer, NotNull: true}}, Primary: []string{"gone"}})
	parent := env.Name("parent")
	mark := func() (out string) {
		t.Helper()
		inReadTx(t, env.DB, func(tx dialect.Tx) {
			var err error
			if out, err = tx.SchemaMark(contextFor(t), []dialect.Name{parent}); err != nil {
				t.Fatal(err)
			}
		})
		return out
	}
	q := s.Quote
	was := mark()
	env.Exec(t, "INSERT INTO "+q("parent")+" VALUES (1, 'a')", "UPDATE "+q("parent")+" SET "+q("note")+" = 'b'", "DELETE FROM "+q("parent"))
	if mark() != was || was == "" {
		t.Errorf("the mark is another one after rows were written")
	}
	id := s.Type(integer)
	reference := func(table, action string) string {
		return "CREATE TABLE " + q(table) + " (" + q("id") + " " + id + " NOT NULL, " + q("ref") + " " + id + " DEFAULT 1, PRIMARY KEY (" + q("id") + "), FOREIGN KEY (" +
			q("ref") + ") REFERENCES " + q("parent") + " (" + q("id") + ")" + action + ")"
	}
	changes := map[string][]string{
		"a reference with CASCADE":  {reference("cascading", " ON DELETE CASCADE")},
		"a reference with SET NULL": {reference("clearing", " ON DELETE SET NULL")},
		"a plain reference":         {reference("plain", "")},
		"a column":                  {"ALTER TABLE " + q("parent") + " ADD " + q("born") + " " + id},
	}
	if s.Trigger != nil {
		changes["a trigger"] = s.Trigger("noticed", "parent", "log", "id")
	}
	for name, statements := range changes {
		before := mark()
		env.Exec(t, statements...)
		if mark() == before {
			t.Errorf("%s doesn't change the mark", name)
		}
	}
	before := mark()
	env.Exec(t, "DROP TABLE "+q("cascading"))
	if mark() == before {
		t.Error("a reference that is dropped doesn't change the mark")
	}
}
