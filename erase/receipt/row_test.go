package receipt

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rowStatement names tables with dots and colons, and one in two schemas.
func rowStatement() *Statement {
	return &Statement{Predicate: Predicate{Actions: []Action{
		{Schema: "public", Table: "order"}, {Schema: "public", Table: "order"},
		{Schema: "public", Table: "user"}, {Schema: "archive", Table: "user"},
		{Table: "a.b"}, {Table: "x:y"}, {Table: "x"},
	}}}
}

func TestParseRow(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       Row
	}{
		{"one column", "order:order_id=17:delete", Row{"public", "order", map[string]string{"order_id": "17"}, Delete}},
		{"with its schema", "public.order:order_id=17:overwrite", Row{"public", "order", map[string]string{"order_id": "17"}, Overwrite}},
		{"several columns", "order:shop_id=7,order_id=17:detach", Row{"public", "order", map[string]string{"shop_id": "7", "order_id": "17"}, Detach}},
		{"a comma and a backslash in a value", `order:code=a\,b\\c:delete`, Row{"public", "order", map[string]string{"code": `a,b\c`}, Delete}},
		{"a colon and an equals sign in a value", "order:code=a:b=c:delete", Row{"public", "order", map[string]string{"code": "a:b=c"}, Delete}},
		{"an empty value", "order:code=:delete", Row{"public", "order", map[string]string{"code": ""}, Delete}},
		{"one of two schemas", "archive.user:id=1:delete", Row{"archive", "user", map[string]string{"id": "1"}, Delete}},
		{"a dot in the table", "a.b:id=1:delete", Row{"", "a.b", map[string]string{"id": "1"}, Delete}},
		{"a colon in the table", "x:y:id=1:delete", Row{"", "x:y", map[string]string{"id": "1"}, Delete}},
		{"JSON", `{"schema":"s","table":"t","key":{"a=b":"1"},"operation":"delete"}`, Row{"s", "t", map[string]string{"a=b": "1"}, Delete}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseRow(rowStatement(), test.text)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestParseRowRefuses(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"nothing", "", "form table:column=value:operation"},
		{"no operation", "order:order_id=tiger", "no operation"},
		{"an operation that erases nothing", "order:order_id=tiger:keep", "no operation"},
		{"an unknown table", "wolf:order_id=tiger:delete", "the receipt has no table of that name"},
		{"a table in two schemas", "user:id=tiger:delete", "in two schemas"},
		{"no key", "order::delete", "column=value"},
		{"no column", "order:=tiger:delete", "column=value"},
		{"no value", "order:tiger:delete", "column=value"},
		{"a column twice", "order:id=tiger,id=2:delete", "column=value"},
		{"JSON without a key", `{"schema":"","table":"tiger","key":{},"operation":"delete"}`, "needs a table, a key"},
		{"JSON with another field", `{"tiger":1}`, "malformed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseRow(rowStatement(), test.text)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "tiger") && test.name != "JSON with another field" {
				t.Errorf("error %v, want one that says %q", err, test.want)
			}
		})
	}
}

func FuzzParseRow(f *testing.F) {
	for _, seed := range []string{"order:order_id=17:delete", `order:a=b\,c,d=e:overwrite`, "x:y:id=1:detach", `{"table":"t","key":{"a":"1"},"operation":"delete"}`, `order:a=\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		row, err := ParseRow(rowStatement(), text)
		if err == nil && (row.Table == "" || len(row.Key) == 0 || row.Operation == "") {
			t.Error("a row without table, key or operation")
		}
	})
}

func TestATableHasTheNameOfItsPath(t *testing.T) {
	p := &Predicate{Actions: []Action{
		{Schema: "public", Table: "member", Path: "member"},
		{Schema: "crm", Table: "member", Path: "member ← crm.member(id)"},
		{Schema: "public", Table: "visit", Path: "member ← crm.member(id) ← visit(member_id)"},
		{Schema: "crm", Table: "place", Path: "member(place_id) → crm.place"},
		{Table: "letter", Path: "member ← letter(about)"},
	}}
	for _, c := range []struct{ schema, table, want string }{
		{"public", "member", "member"}, {"crm", "member", "crm.member"}, {"public", "visit", "visit"}, {"crm", "place", "crm.place"},
		{"", "letter", "letter"}, {"public", "unknown", "public.unknown"},
	} {
		if got := p.TableName(c.schema, c.table); got != c.want {
			t.Errorf("%s.%s is called %s, want %s", c.schema, c.table, got, c.want)
		}
	}
}
