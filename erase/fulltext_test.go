package erase_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
)

const postPolicy = `
version: 1
database: blog
subject: {table: author}
tables:
  author: {erase: delete, columns: {id: none, name: {pii: name}}}
  post: {erase: delete, columns: {id: none, author_id: none, body: {pii: free-text}}}
`

// A full-text index keeps nothing of an erased row, or there is an allowed hazard with the index's
// name.
func TestAFullTextIndexKeepsNothingUnnoticed(t *testing.T) {
	const rebuild = "INSERT INTO words (words) VALUES ('rebuild')"
	const external = "CREATE VIRTUAL TABLE words USING fts5(body, content='post', content_rowid='id')"
	maintained := []string{
		"CREATE TRIGGER post_ai AFTER INSERT ON post BEGIN INSERT INTO words (rowid, body) VALUES (new.id, new.body); END",
		"CREATE TRIGGER post_ad AFTER DELETE ON post BEGIN INSERT INTO words (words, rowid, body) VALUES ('delete', old.id, old.body); END",
	}
	for _, c := range []struct {
		name   string
		create []string
		fill   string // the index, if no trigger fills it
		finds  bool   // the index still finds the erased text
		mend   string // the statement that removes it
	}{
		{name: "external content with triggers", create: append([]string{external}, maintained...)},
		{name: "external content without triggers", create: []string{external}, fill: "INSERT INTO words (words) VALUES ('rebuild')", finds: true, mend: "INSERT INTO words (words) VALUES ('rebuild')"},
		{name: "external content that is a view", create: []string{"CREATE VIEW texts AS SELECT id, body FROM post", "CREATE VIRTUAL TABLE words USING fts5(body, content='texts', content_rowid='id')"},
			fill: rebuild, finds: true, mend: rebuild},
		{name: "no content, with triggers", create: append([]string{"CREATE VIRTUAL TABLE words USING fts5(body, content='')"}, maintained...)},
		{name: "no content, filled by a trigger only", create: []string{"CREATE VIRTUAL TABLE words USING fts5(body, content='')", maintained[0]}, finds: true, mend: "INSERT INTO words (words) VALUES ('delete-all')"},
		{name: "no content, filled by the application", create: []string{"CREATE VIRTUAL TABLE words USING fts5(body, content='')"}, fill: "INSERT INTO words (rowid, body) SELECT id, body FROM post", finds: true, mend: "INSERT INTO words (words) VALUES ('delete-all')"},
		{name: "no content, with deletes", create: []string{"CREATE VIRTUAL TABLE words USING fts5(body, content='', contentless_delete=1)", maintained[0], "CREATE TRIGGER post_ad AFTER DELETE ON post BEGIN DELETE FROM words WHERE rowid = old.id; END"}},
		{name: "no content, with deletes, filled by the application", create: []string{"CREATE VIRTUAL TABLE words USING fts5(body, content='', contentless_delete=1)"}, fill: "INSERT INTO words (rowid, body) SELECT id, body FROM post", finds: true, mend: "DELETE FROM words WHERE rowid = 10"},
		{name: "filled by a trigger only", create: []string{"CREATE VIRTUAL TABLE words USING fts5(body)", maintained[0]}, finds: true, mend: "DELETE FROM words WHERE rowid NOT IN (SELECT id FROM post)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			onSQLite(t, func(t *testing.T, db *target) {
				db.exec(t, "CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT)",
					"CREATE TABLE post (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES author, body TEXT)", "CREATE INDEX post_author ON post (author_id)")
				db.exec(t, c.create...)
				db.exec(t, "INSERT INTO author VALUES (1, 'Ada'), (2, 'Bob')", "INSERT INTO post VALUES (10, 1, 'zqueer words'), (11, 2, 'plain words')")
				if c.fill != "" {
					db.exec(t, c.fill)
				}
				const finds = "SELECT count(*) FROM words WHERE words MATCH 'zqueer'"
				if n := db.count(t, finds); n != 1 {
					t.Fatalf("the index finds %d rows beforehand: the test says nothing", n)
				}
				p := db.plan(t, postPolicy+"  words: {pii: none}\n", plan.ScopeSubjects)
				hazard := slices.ContainsFunc(p.Hazards, func(h plan.Hazard) bool {
					return h.Name == plan.CopiesElsewhere && strings.Contains(h.Reason, "words")
				})
				if !hazard {
					t.Errorf("no hazard names the index: %v", p.Hazards)
				}
				o := options(p, "r", "1")
				allowed := o.Allow
				o.Allow = nil
				var refused *erase.HazardError
				if _, err := erase.Run(t.Context(), db.DB, p, o); !errors.As(err, &refused) {
					t.Errorf("error %v, want a *HazardError", err)
				}
				o.Allow = allowed
				db.run(t, p, o)
				if n := db.count(t, finds); n > 0 != c.finds {
					t.Errorf("the index finds %d rows of what was erased", n)
				}
				if c.mend != "" {
					db.exec(t, c.mend)
				}
				if n := db.count(t, finds); n > 0 {
					t.Errorf("the index finds %d rows after it was mended", n)
				}
			})
		})
	}
}

// An index of places keeps a deleted row's place, unless a trigger removes it.
func TestAnIndexOfPlacesKeepsNothingUnnoticed(t *testing.T) {
	onSQLite(t, func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE author (id INTEGER PRIMARY KEY, name TEXT)",
			"CREATE TABLE post (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES author, body TEXT)", "CREATE INDEX post_author ON post (author_id)",
			"CREATE VIRTUAL TABLE place USING rtree(id, x1, x2, +body)",
			"CREATE TRIGGER post_ai AFTER INSERT ON post BEGIN INSERT INTO place VALUES (new.id, 1, 2, new.body); END",
			"INSERT INTO author VALUES (1, 'Ada')", "INSERT INTO post VALUES (10, 1, 'at home')")
		p := db.plan(t, postPolicy+"  place: {pii: none}\n", plan.ScopeSubjects)
		if !p.Has("COPIES_ELSEWHERE:post") {
			t.Fatalf("hazards %v", p.Hazards)
		}
		o := options(p, "r", "1")
		o.Allow = []plan.HazardName{plan.TriggersFire, plan.HistoryKept}
		var refused *erase.HazardError
		if _, err := erase.Run(t.Context(), db.DB, p, o); !errors.As(err, &refused) {
			t.Errorf("error %v, want a *HazardError", err)
		}
		db.run(t, p, options(p, "r", "1"))
	})
}
