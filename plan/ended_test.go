package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// Scope expired finishes an erasure after a hold: from the subject's row, and from rows that may
// lose their path to it.
func TestHoldsThatEndHaveARootInScopeExpired(t *testing.T) {
	const schema = `customer: id, email text
		order: id, customer_id? -> customer
		invoice: id, customer_id -> customer, order_id? -> order, address text, total, day date
		line: id, invoice_id -> invoice, text text`
	tests := []struct {
		name, hold, schema, invoice string
		roots                       string
		want                        string
		problem                     string
	}{
		{
			name: "what was overwritten isn't overwritten again", hold: "until: day + 6y, keep: [total, day]", roots: "customer, invoice",
			want: "detach invoice(order_id) staying\ndelete line\ndelete invoice\ndelete order\ndelete customer",
		},
		{
			name: "what was kept whole is when it has to stay", hold: "until: 2030-01-01", invoice: "overwrite", roots: "customer, order",
			want: `detach order(customer_id) staying
				detach invoice(order_id) staying
				delete line
				overwrite invoice: address
				delete order
				delete customer`,
		},
		{
			name: "columns that were kept are", hold: "until: 2030-01-01, keep: [address]", invoice: "overwrite", roots: "customer, invoice",
			want: "detach invoice(order_id) staying\ndelete line\noverwrite invoice freed: address\ndelete order\ndelete customer",
		},
		{
			name: "a row that lets go of its subject is found by itself", hold: "until: day + 6y, keep: [total, day]", roots: "customer, invoice",
			schema: "customer: id, email text\norder: id, customer_id -> customer\ninvoice: id, customer_id? -> customer, order_id? -> order, address text, total, day date\nline: id, invoice_id -> invoice, text text",
		},
		{
			name: "unless the hold keeps the reference", hold: "until: day + 6y, keep: [total, day, customer_id, order_id]", roots: "customer, order",
			schema: "customer: id, email text\norder: id, customer_id? -> customer\ninvoice: id, customer_id? -> customer, order_id? -> order, address text, total, day date\nline: id, invoice_id -> invoice, text text",
		},
		{
			name: "or the table has no key to find it by", hold: "until: day + 6y, keep: [total, day]",
			schema:  "customer: id, email text\norder: id, customer_id -> customer\ninvoice (): customer_id? -> customer, order_id? -> order, id, address text, total, day date",
			problem: "table invoice: a held row may become unreachable from the subject, and the table has no primary key",
		},
		{name: "a hold without an end has none", hold: "keep: [total, day]", problem: "the policy has no retention period and no hold with an end"},
		{name: "a condition may hold no longer", hold: "where: total > 0, keep: [total, day]", roots: "customer, invoice"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if test.schema == "" {
				test.schema = schema
			}
			if test.invoice == "" {
				test.invoice = "delete"
			}
			s := schemaOf(test.schema, with("invoice", func(t *dialect.Table) {
				if len(t.PrimaryKey) == 0 {
					t.Address = "rowid"
				}
			}))
			policy := "tables:\n  " + personalCustomer + `
  order: {erase: delete, columns: {id: none}}
  invoice: {erase: ` + test.invoice + `, hold: {because: VAT, ` + test.hold + `}, columns: {address: {pii: address, overwrite: random}}}
`
			if strings.Contains(test.schema, "line:") {
				policy += "  line: {erase: delete, columns: {text: {pii: free-text, overwrite: random}}}\n"
			}
			p, err := FromSchema(s, capabilities(able), policyOf(t, s, "customer", policy), ScopeExpired)
			if test.problem != "" {
				if got := problemsOf(t, err); !anyContains(got, test.problem) {
					t.Errorf("problems %q", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var roots []string
			for _, r := range p.Roots {
				roots = append(roots, r.Table.Table)
				if !r.Ended || r.Older != nil {
					t.Errorf("root %s isn't one of holds that ended", r.Table)
				}
			}
			if d := cmp.Diff(test.roots, strings.Join(roots, ", ")); d != "" {
				t.Errorf("roots (-want +got):\n%s", d)
			}
			first := *p
			first.Roots = p.Roots[:1]
			if d := cmp.Diff(lines(test.want), stepsOf(&first)); d != "" && test.want != "" {
				t.Errorf("steps (-want +got):\n%s", d)
			}
			if !strings.Contains(p.String(), "For each row of customer left by an erasure because of a hold, once the hold has ended:") {
				t.Errorf("a reviewer isn't told:\n%s", p)
			}
			data, err := p.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if again, err := Decode(data); err != nil || again.Digest() != p.Digest() {
				t.Errorf("decoded %v, %v", again, err)
			}
		})
	}
}

// A row under no hold remains without its subject, on the path to a held row: it is a root then,
// for any decision of its references, and no step changes it.
func TestARowThatLeadsToWhatIsHeldIsARoot(t *testing.T) {
	s := schemaOf(`customer: id, email text
		order: id, buyer? -> customer, seller? -> customer, note text?
		payment: id, order_id -> order, day date`)
	for _, test := range []struct{ via, want string }{
		{"buyer: overwrite, seller: overwrite", "delete payment"},
		{"buyer: overwrite, seller: keep", "delete payment\nkeep order"},
	} {
		p := mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+`
  order: {via: {`+test.via+`}, columns: {note: {pii: free-text, overwrite: null}}}
  payment: {erase: delete, hold: {because: tax, until: day + 6y}, columns: {id: none}}
`), ScopeExpired)
		if len(p.Roots) != 2 || p.Roots[1].Table.Table != "order" {
			t.Fatalf("roots %+v", p.Roots)
		}
		second := *p
		second.Roots = p.Roots[1:]
		if d := cmp.Diff(lines(test.want), stepsOf(&second)); d != "" {
			t.Errorf("%s: steps (-want +got):\n%s", test.via, d)
		}
	}
}

// Rows of one table that refer to each other are on the path to held ones among them. Those under
// no hold set their reference to the subject NULL.
func TestRowsOfOneTableLeadToThoseThatAreHeld(t *testing.T) {
	s := schemaOf("customer: id, email text\npost: id, customer_id? -> customer, reply_to? -> post, day date, text text")
	for _, decision := range []policy.Erase{policy.EraseOverwrite, policy.EraseDelete} {
		p := mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+`
  post: {erase: `+string(decision)+`, hold: {because: a claim, until: day + 3y}, columns: {text: {pii: free-text, overwrite: random}}}
`), ScopeExpired)
		if len(p.Roots) != 2 || p.Roots[1].Table.Table != "post" {
			t.Errorf("%s: posts are no root of %d", decision, len(p.Roots))
		}
	}
}

// Retention periods come first: no other root has to find their rows too.
func TestRetentionAndHoldsThatEnd(t *testing.T) {
	s := schemaOf("customer: id, email text\ninvoice: id, customer_id -> customer, day date\nsession: id, customer_id -> customer, seen date")
	p := mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+`
  invoice: {erase: delete, hold: {because: VAT, until: day + 6y}, columns: {id: none}}
  session: {erase: delete, columns: {id: none}}
retention: [{table: session, by: seen, older_than: 90d, erase: delete}]
`), ScopeExpired)
	if len(p.Roots) != 2 || p.Roots[0].Older == nil || !p.Roots[1].Ended {
		t.Errorf("roots %+v", p.Roots)
	}
	if p.Subject != nil {
		t.Error("scope expired takes no subjects")
	}
}

// TestLookup is a retention period from another table.
func TestLookup(t *testing.T) {
	const tables = "tables:\n  tenant: {columns: {id: none}}\n  session: {erase: delete, columns: {id: none}}\nretention:\n  - {table: session, by: seen, older_than: OLDER, erase: delete}\n"
	const lookup = "{table: tenant, column: days, key: tenant_id}"
	tests := []struct {
		name, schema, older string
		want                *Lookup
		problem             string
	}{
		{
			name: "by a foreign key", schema: "tenant: id, days?\nsession: id, tenant_id -> tenant, seen date", older: lookup,
			want: &Lookup{Table: nameOf("tenant"), Column: "days", Key: "tenant_id", RefKey: "id"},
		},
		{
			name: "by the table's key without a foreign key", schema: "tenant: id, days text\nsession: id, tenant_id, seen date", older: lookup,
			want: &Lookup{Table: nameOf("tenant"), Column: "days", Key: "tenant_id", RefKey: "id"},
		},
		{
			name: "by a foreign key to another column", schema: "tenant: id, code text, days\nsession: id, tenant_id text -> tenant.code, seen date", older: lookup,
			want: &Lookup{Table: nameOf("tenant"), Column: "days", Key: "tenant_id", RefKey: "code"},
		},
		{
			name: "in a table that isn't there", schema: "tenant: id, days\nsession: id, tenant_id, seen date", older: "{table: tenants, column: days, key: tenant_id}",
			problem: "table tenants not found in the schema: did you mean tenant?",
		},
		{
			name: "in a column that isn't there", schema: "tenant: id, daze\nsession: id, tenant_id, seen date", older: lookup,
			problem: "table tenant: older_than.column: column days not found",
		},
		{
			name: "by a column that isn't there", schema: "tenant: id, days\nsession: id, tenant, seen date", older: lookup,
			problem: "table session: older_than.key: column tenant_id not found",
		},
		{
			name: "in a column of another type", schema: "tenant: id, days date\nsession: id, tenant_id, seen date", older: lookup,
			problem: "table tenant: older_than.column: column days is a date: use a whole number of days, or a text such as 90d",
		},
		{
			name: "by a column of another type", schema: "tenant: id, days\nsession: id, tenant_id text, seen date", older: lookup,
			problem: "table session: older_than.key: column tenant_id is a text, but refers to id of tenant, a integer",
		},
		{
			name: "by a key of two columns", schema: "tenant (id, region): id, region, days\nsession: id, tenant_id, seen date", older: lookup,
			problem: "table tenant: older_than: the table needs a primary key or a unique NOT NULL key of one column",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := schemaOf(test.schema)
			p, err := FromSchema(s, capabilities(able), policyOf(t, s, "", strings.Replace(tables, "OLDER", test.older, 1)), ScopeExpired)
			if test.problem != "" {
				if got := problemsOf(t, err); !anyContains(got, test.problem) {
					t.Errorf("problems %q", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(&Older{Column: "seen", Lookup: test.want}, p.Roots[0].Older); d != "" {
				t.Error(d)
			}
			if !slices.Contains(p.Covers, nameOf("tenant")) {
				t.Error("the table of the periods isn't covered")
			}
			if !strings.Contains(p.String(), "with seen older than tenant.days says for its tenant_id:") {
				t.Errorf("a reviewer isn't told:\n%s", p)
			}
		})
	}
}
