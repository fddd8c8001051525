package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseLink(t *testing.T) {
	for _, tt := range []struct {
		name string
		text string
		want Link
		form string // as written, if different from the text
	}{
		{"to the primary key", "audit(id) -> customer", Link{Table: "audit", Columns: []string{"id"}, RefTable: "customer"}, ""},
		{
			"polymorphic", "audit_log(entity_id) -> customer(customer_id) where entity_type = 'customer'",
			Link{Table: "audit_log", Columns: []string{"entity_id"}, RefTable: "customer", RefColumns: []string{"customer_id"},
				Where: "entity_type = 'customer'"}, "",
		},
		{
			"composite", "line(tenant, order_id) -> orders(tenant_id, id)",
			Link{Table: "line", Columns: []string{"tenant", "order_id"}, RefTable: "orders", RefColumns: []string{"tenant_id", "id"}}, "",
		},
		{
			"schemas", "log.audit(id) -> sales.customer(id)",
			Link{Table: "log.audit", Columns: []string{"id"}, RefTable: "sales.customer", RefColumns: []string{"id"}}, "",
		},
		{
			"quoted names", `"Mixed Case"("Customer Id") -> "a.b"("say ""hi""")`,
			Link{Table: "Mixed Case", Columns: []string{"Customer Id"}, RefTable: "a.b", RefColumns: []string{`say "hi"`}},
			`"Mixed Case"("Customer Id") -> a.b("say ""hi""")`,
		},
		{
			"a quoted name in a schema", `"my schema"."my.table"(id) -> t`,
			Link{Table: "my schema.my.table", Columns: []string{"id"}, RefTable: "t"}, `"my schema".my.table(id) -> t`,
		},
		{
			"names that end in a dot", `"t."(id) -> "..u"`,
			Link{Table: "t.", Columns: []string{"id"}, RefTable: "..u"}, "",
		},
		{
			"spacing", " audit\n( id )->customer  WHERE\tx > 1 ",
			Link{Table: "audit", Columns: []string{"id"}, RefTable: "customer", Where: "x > 1"}, "audit(id) -> customer where x > 1",
		},
		{
			"a condition in parentheses", "a(b) -> c where(d = 1)",
			Link{Table: "a", Columns: []string{"b"}, RefTable: "c", Where: "(d = 1)"}, "a(b) -> c where (d = 1)",
		},
		{
			"a table called where", "where(where) -> where where where = 1",
			Link{Table: "where", Columns: []string{"where"}, RefTable: "where", Where: "where = 1"}, "",
		},
		{"other alphabets", "été(ключ) -> 表", Link{Table: "été", Columns: []string{"ключ"}, RefTable: "表"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseLink(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("link (-want +got):\n%s", diff)
			}
			form := tt.form
			if form == "" {
				form = tt.text
			}
			if got.String() != form {
				t.Errorf("written %s, want %s", got, form)
			}
		})
	}
}

func TestParseColumns(t *testing.T) {
	for _, tt := range []struct {
		text string
		want []string
	}{
		{"sender_id", []string{"sender_id"}},
		{"Sender Id", []string{"Sender Id"}},
		{"order-id", []string{"order-id"}},
		{"a, b", []string{"a", "b"}},
		{"a,b", []string{"a", "b"}},
		{`"a, b"`, []string{"a, b"}},
		{`"order-id", "say ""hi"""`, []string{"order-id", `say "hi"`}},
	} {
		t.Run(tt.text, func(t *testing.T) {
			got, err := parseColumns(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, text := range []string{"", " ", "a,", ",a", "a, a", "a, order-id", `"a`, `""`, `a "b"`} {
		if got, err := parseColumns(text); err == nil {
			t.Errorf("parseColumns(%q) = %q, want an error", text, got)
		}
	}
}

// A condition is put in parentheses: it must be whole by itself.
func TestConditionThatIsNotWhole(t *testing.T) {
	for _, sql := range []string{
		"", " ", "a = 1) OR (1 = 1", "a = 1; DROP TABLE t", "a = 1 -- b", "a /* b */ = 1", "(a = 1", "a = 1)", "a = 'b", `"a = 1`, "`a = 1",
	} {
		if CheckCondition(sql) == "" {
			t.Errorf("%q was accepted", sql)
		}
	}
	for _, sql := range []string{
		"a = 1", "(a = 1) OR b IN ('x', 'y')", "a = 'it''s; --'", `"odd) name" = 1`, "`odd; name` = 1", "data ->> 'k' = 'v'", "a - -1 > 0", "a = ')'",
	} {
		if why := CheckCondition(sql); why != "" {
			t.Errorf("%q: %s", sql, why)
		}
	}
}

func FuzzParseLink(f *testing.F) {
	for _, s := range []string{
		"audit(id) -> customer", "a(b, c) -> d(e, f) where g = 'h'", `"Mixed Case"("x ""y""") -> "a.b"."c"`, "a(b)->c where(d=1)", `"."(a)->"a."`, "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		link, err := parseLink(s)
		if err != nil {
			return
		}
		again, err := parseLink(link.String())
		if err != nil {
			t.Fatalf("%q is written %q: %v", s, link, err)
		}
		if diff := cmp.Diff(link, again); diff != "" {
			t.Errorf("%q is written %q:\n%s", s, link, diff)
		}
	})
}

func FuzzParseColumns(f *testing.F) {
	for _, s := range []string{"a", "a, b", `"a, b", c`, "order id", `""""`, "a,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		columns, err := parseColumns(s)
		if err != nil {
			return
		}
		again, err := parseColumns(quoteColumns(columns))
		if diff := cmp.Diff(columns, again); err != nil || diff != "" {
			t.Errorf("%q is written %q: %v\n%s", s, quoteColumns(columns), err, diff)
		}
	})
}

func FuzzParseUntil(f *testing.F) {
	for _, s := range []string{"2030-12-31", "invoice_date + 6y", `"Booked On"+1y 6mo`, "paid", "2fa + 1d", "2030-02-30"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		until, err := parseUntil(s)
		if err != nil {
			return
		}
		again, err := parseUntil(until.String())
		if err != nil || again != until {
			t.Errorf("%q is written %q, which is read as %v, %v", s, until, again, err)
		}
	})
}
