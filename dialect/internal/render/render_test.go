package render

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

func TestABuilderKeepsItsFirstError(t *testing.T) {
	var b Builder[any]
	table := dialect.Name{Table: "person"}
	if !b.SameLength(table, 2, 2) || !b.Operator(table, "<=") || b.Err != nil {
		t.Errorf("what is in order fails: %v", b.Err)
	}
	if b.SameLength(table, 1, 2) || b.Operator(table, "LIKE") {
		t.Error("what isn't in order is accepted")
	}
	first := b.Err
	if name := Found(&b, &table, nil); *name != table {
		t.Errorf("found %s", name)
	}
	if name := Found[dialect.Name](&b, nil, errors.New("not there")); name == nil || *name != (dialect.Name{}) {
		t.Errorf("found %v", name)
	}
	b.Unfit(table, "name")
	b.Fail(errors.New("another"))
	if !errors.Is(b.Err, first) || !strings.Contains(first.Error(), "number of values (1) differs from number of columns (2)") {
		t.Errorf("error %v", b.Err)
	}
	if x, y := b.Alias("k"), b.Alias("r"); x != "k1" || y != "r2" {
		t.Errorf("aliases %s, %s", x, y)
	}
}

func TestCreateTable(t *testing.T) {
	run := dialect.Name{Schema: "j", Table: "run"}
	quoted := func(s string) string { return "<" + s + ">" }
	syntax := TableSyntax{Create: "CREATE TABLE", Ident: quoted, Table: dialect.Name.String, Type: func(c *dialect.Column) string { return string(c.Kind) }, Null: " NULL", Options: " X"}
	table := &dialect.Table{Name: dialect.Name{Schema: "j", Table: "batch"}, PrimaryKey: []string{"run", "nr"},
		Columns:     []*dialect.Column{{Name: "run", Kind: dialect.UUID}, {Name: "nr", Kind: dialect.Int}, {Name: "end", Kind: dialect.Text, Nullable: true}},
		ForeignKeys: []*dialect.ForeignKey{{Columns: []string{"run"}, RefTable: run, RefColumns: []string{"id"}, OnDelete: dialect.Cascade}}}
	want := "CREATE TABLE j.batch (\n\t<run> uuid NOT NULL,\n\t<nr> int NOT NULL,\n\t<end> text NULL,\n\tPRIMARY KEY (<run>, <nr>),\n\t" +
		"FOREIGN KEY (<run>) REFERENCES j.run (<id>) ON DELETE CASCADE\n) X"
	if d := cmp.Diff(want, syntax.CreateTable(table)); d != "" {
		t.Error(d)
	}
	syntax.RefName = func(n dialect.Name) string { return n.Table }
	if sql := syntax.CreateTable(table); !strings.Contains(sql, "REFERENCES run (<id>)") {
		t.Errorf("got %s", sql)
	}
	if left := Missing([]*dialect.Table{table, {Name: run}}, []string{"run", "else"}); !slices.Equal(left, []*dialect.Table{table}) {
		t.Errorf("missing are %v", left)
	}
}

func TestParts(t *testing.T) {
	text := func(n int) dialect.Row { return dialect.Row{int64(1), strings.Repeat("x", n)} }
	for _, test := range []struct {
		name string
		rows []dialect.Row
		want []int
	}{
		{"none", nil, nil},
		{"all at once", []dialect.Row{text(1), text(2)}, []int{2}},
		{"split where they would be too many", []dialect.Row{text(30), text(40), text(20)}, []int{2, 1}},
		{"one that is too long by itself", []dialect.Row{text(1), text(200), text(1)}, []int{1, 1, 1}},
		{"bytes count twice", []dialect.Row{{make([]byte, 30)}, {make([]byte, 30)}}, []int{1, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []int
			n, err := Parts(dialect.BulkUpdate{Rows: test.rows}, 100, func(u dialect.BulkUpdate) (int64, error) {
				got = append(got, len(u.Rows))
				return int64(len(u.Rows)), nil
			})
			if d := cmp.Diff(test.want, got); d != "" || n != int64(len(test.rows)) || err != nil {
				t.Errorf("%d rows, %v (-want +got):\n%s", n, err, d)
			}
		})
	}
	broken := errors.New("broken")
	if _, err := Parts(dialect.BulkUpdate{Rows: []dialect.Row{text(1)}}, 1, func(dialect.BulkUpdate) (int64, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}

func TestIsPlainJSON(t *testing.T) {
	for s, want := range map[string]bool{"": true, "plain text": true, `a "quote"`: false, `a \`: false, "a\nb": false, "é": false} {
		if got := IsPlainJSON(s); got != want {
			t.Errorf("%q: got %t", s, got)
		}
	}
}
