package sqlite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseIndex(t *testing.T) {
	for sql, want := range map[string]indexText{
		`CREATE INDEX i ON t (a, b DESC)`:                                     {parts: []string{"a", "b"}},
		`CREATE UNIQUE INDEX "i (x" ON [t)] (lower(a || ',') COLLATE NOCASE)`: {parts: []string{"lower(a || ',')"}},
		"CREATE INDEX i ON t (a /* , b */, (c + d) ASC) WHERE a IS NOT NULL ": {parts: []string{"a", "(c + d)"}, where: "a IS NOT NULL"},
		`CREATE INDEX`: {},
	} {
		if d := cmp.Diff(want, parseIndex(sql), cmp.AllowUnexported(indexText{})); d != "" {
			t.Errorf("%s (-want +got):\n%s", sql, d)
		}
	}
}

func TestLex(t *testing.T) {
	var got []string
	for _, tok := range lexSQL("a\"b\"\"c\"`d`[e]'f''g' x'00' -- h\n/* i */1.5e3 <> \"open") {
		got = append(got, tok.text)
	}
	if d := cmp.Diff([]string{"a", `b"c`, "d", "e", "'f''g'", "x'00'", "1.5e3", "<", ">", "open"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "(", ")", "'", "\"", "[", "x'", "/*", "--", "CREATE TABLE t (a CHECK (a > (1)), CONSTRAINT c CHECK (b), FOREIGN KEY (a) REFERENCES b)",
		"CREATE INDEX i ON t ((a), b COLLATE NOCASE DESC) WHERE x", "CREATE TRIGGER update AFTER UPDATE OF a ON t BEGIN UPDATE OR IGNORE b SET c = 1; DELETE FROM d; INSERT INTO", "CREATE TABLE t (a CHECK (", "CONSTRAINT", "(COLLATE", "(a COLLATE"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		end := 0
		for _, tok := range lexSQL(sql) {
			if tok.start < end || tok.end <= tok.start || tok.end > len(sql) {
				t.Fatalf("a token from %d to %d after %d", tok.start, tok.end, end)
			}
			end = tok.end
		}
		parseTable(sql)
		parseIndex(sql)
		parseTrigger(sql)
		parseType(sql)
	})
}

// The advice about a virtual table after the run depends on its copies.
func TestAVirtualTableLosesWhatItKeeps(t *testing.T) {
	for _, c := range []struct {
		sql         string
		content     string
		contentless bool
		refresh     string
	}{
		{`CREATE VIRTUAL TABLE v USING fts4(content="post", body)`, "post", false, `INSERT INTO "v" ("v") VALUES ('rebuild')`},
		{`CREATE VIRTUAL TABLE v USING FTS4(body, content=post)`, "post", false, "'rebuild'"},
		{`CREATE VIRTUAL TABLE v USING fts4(content="", body)`, "", true, "drop it after the run"},
		{`CREATE VIRTUAL TABLE v USING fts5(body, content='post', content_rowid='id')`, "post", false, "'rebuild'"},
		{`CREATE VIRTUAL TABLE v USING fts5(body, content='')`, "", true, "'delete-all'"},
		{`CREATE VIRTUAL TABLE v USING fts5(body, content='', contentless_delete=1)`, "", true, "delete its entries"},
		{`CREATE VIRTUAL TABLE v USING fts5(body, content='', contentless_delete='1')`, "", true, "delete its entries"},
		{`CREATE VIRTUAL TABLE v USING fts3(body)`, "", false, "delete its rows"},
		{`CREATE VIRTUAL TABLE v USING fts5(content)`, "", false, "delete its rows"},
		{`CREATE VIRTUAL TABLE v USING rtree(id, x1, x2, +content)`, "", false, "delete its copies"},
	} {
		v := parseVirtual(c.sql)
		if got := v.refresh("v"); v.content != c.content || v.contentless != c.contentless || !strings.Contains(got, c.refresh) {
			t.Errorf("%s: %+v, %q", c.sql, v, got)
		}
	}
}
