package sample_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/internal/sample"
)

func TestRowsAreAFunctionOfTheSeed(t *testing.T) {
	for _, table := range sample.Tables() {
		a := slices.Collect(sample.Shop{Customers: 20, Seed: 1}.Rows(table.Name))
		b := slices.Collect(sample.Shop{Customers: 20, Seed: 1}.Rows(table.Name))
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("table %s differs between two equal shops", table.Name)
		}
	}
	a := slices.Collect(sample.Shop{Customers: 20, Seed: 1}.Rows("customer"))
	b := slices.Collect(sample.Shop{Customers: 20, Seed: 2}.Rows("customer"))
	if cmp.Equal(a, b) {
		t.Error("another seed gives the same customers")
	}
}

// The shop must contain every shape easily missed by a subject's closure.
func TestEveryAwkwardShapeOccurs(t *testing.T) {
	shop := sample.Shop{Customers: 200}
	for _, tt := range []struct {
		shape string
		table string
		count int // at least
		is    func(r map[string]any) bool
	}{
		{"a customer referred by another", "customer", 20, func(r map[string]any) bool { return r["referred_by"] != nil }},
		{"an address that two customers share", "customer", 5, func(r map[string]any) bool {
			return r["address_id"] != nil && r["address_id"] != r["customer_id"]
		}},
		{"a customer without an address", "customer", 5, func(r map[string]any) bool { return r["address_id"] == nil }},
		{"a message without a recipient", "message", 2, func(r map[string]any) bool { return r["recipient_id"] == nil }},
		{"a message to oneself or another", "message", 50, func(r map[string]any) bool { return r["recipient_id"] != nil }},
		{"an order and its payment that refer to each other", "order", 50, func(r map[string]any) bool { return r["last_payment_id"] != nil }},
		{"a payment that refers to another", "payment", 10, func(r map[string]any) bool { return r["refund_of"] != nil }},
		{"a bundle of products", "product", 10, func(r map[string]any) bool { return r["bundle_of"] != nil }},
		{"a team with a lead", "team", 3, func(r map[string]any) bool { return r["lead_id"] != nil }},
		{"a log line about a customer", "audit_log", 100, func(r map[string]any) bool { return r["entity_type"] == "customer" }},
		{"a log line about an order", "audit_log", 100, func(r map[string]any) bool { return r["entity_type"] == "order" }},
		{"a log line about a product", "audit_log", 5, func(r map[string]any) bool { return r["entity_type"] == "product" }},
		{"an invoice under hold at Now", "invoice", 50, func(r map[string]any) bool { return r["invoice_date"].(string) >= "2020-01-02" }},
		{"an invoice whose hold has ended", "invoice", 20, func(r map[string]any) bool { return r["invoice_date"].(string) < "2020-01-01" }},
		{"a session that has expired at Now", "web_session", 50, func(r map[string]any) bool { return r["last_seen"].(string) < "2025-10-01" }},
		{"a session of nobody", "web_session", 2, func(r map[string]any) bool { return r["customer_id"] == nil }},
		{"empty notes that aren't NULL", "customer", 10, func(r map[string]any) bool { return r["notes"] == "" }},
	} {
		t.Run(tt.shape, func(t *testing.T) {
			if n := count(shop, tt.table, tt.is); n < tt.count {
				t.Errorf("occurs %d times, want %d", n, tt.count)
			}
		})
	}
}

func TestACustomerHasAboutTwentyRowsInManyTables(t *testing.T) {
	shop := sample.Shop{Customers: 1000}
	total, tables := 0, 0
	for _, table := range sample.Tables() {
		n := count(shop, table.Name, func(map[string]any) bool { return true })
		total += n
		if n > 200 {
			tables++
		}
	}
	if total < 18_000 || total > 28_000 || tables < 12 {
		t.Errorf("1,000 customers have %d rows in %d tables", total, tables)
	}
}

func TestCanariesAreUniqueAndListed(t *testing.T) {
	shop := sample.Shop{Customers: 30, Canaries: true}
	var stored strings.Builder
	for _, table := range sample.Tables() {
		for r := range shop.Rows(table.Name) {
			for _, v := range r {
				switch v := v.(type) {
				case string:
					stored.WriteString(v + "\n")
				case []byte:
					stored.Write(append(v, '\n'))
				}
			}
		}
	}
	seen := map[string]bool{}
	columns := map[string]bool{}
	for c := range shop.Planted() {
		if seen[c.Mark] || strings.Count(stored.String(), c.Mark) != 1 || len(c.Mark) < 12 {
			t.Fatalf("a canary of %s.%s isn't unique", c.Table, c.Column)
		}
		seen[c.Mark], columns[c.Table+"."+c.Column] = true, true
	}
	for _, table := range sample.Tables() {
		for _, c := range table.Columns {
			if c.Personal && !columns[table.Name+"."+c.Name] {
				t.Errorf("column %s.%s has no canary", table.Name, c.Name)
			}
		}
	}
}

func count(shop sample.Shop, table string, is func(map[string]any) bool) int {
	i := slices.IndexFunc(sample.Tables(), func(t *sample.Table) bool { return t.Name == table })
	columns := sample.Tables()[i].Insertable()
	n := 0
	for values := range shop.Rows(table) {
		r := map[string]any{}
		for i, c := range columns {
			r[c.Name] = values[i]
		}
		if is(r) {
			n++
		}
	}
	return n
}
