package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/plan/policy"
)

func TestHold(t *testing.T) {
	const schema = `customer: id, email text
		order: id, customer_id? -> customer
		invoice: id, customer_id -> customer, order_id? -> order, address text, total, day date
		line: id, invoice_id -> invoice, text text`
	tests := []struct {
		name, hold, via string
		want            string
		problem         string
	}{
		{
			name: "no hold", hold: "", via: "order_id: delete",
			want: "delete line\ndelete invoice\ndelete order\ndelete customer",
		},
		{
			name: "some columns are kept, the others overwritten",
			hold: "because: VAT, until: day + 6y, keep: [total, day]", via: "order_id: delete",
			want: `detach invoice(order_id) staying
				delete line
				overwrite invoice held: address
				delete invoice
				delete order
				overwrite customer: email
				delete customer`,
		},
		{
			name: "the whole row is kept, with what it refers to",
			hold: "because: VAT, until: 2030-01-01", via: "order_id: delete",
			want: `detach order(customer_id) staying
				delete line
				delete invoice
				delete order
				overwrite customer: email
				delete customer`,
		},
		{
			name: "a reference that the hold keeps can't be detached",
			hold: "because: VAT", via: "order_id: detach",
			problem: "table invoice: the hold keeps (order_id), so the reference can't be detached: name the held columns in hold.keep, or decide `keep`",
		},
		{
			name: "one that it doesn't keep can",
			hold: "because: VAT, keep: [total]", via: "order_id: detach",
			want: `detach invoice(order_id)
				delete line
				delete order
				overwrite invoice held: address
				delete invoice
				overwrite customer: email
				delete customer`,
		},
		{
			name: "its end is a date or a timestamp",
			hold: "because: VAT, until: total + 6y, keep: [total]", via: "order_id: delete",
			problem: "table invoice: hold.until: column total is a integer: use a date or a timestamp",
		},
		{
			name: "it names columns", hold: "because: VAT, keep: [totals]", via: "order_id: delete",
			problem: "table invoice: hold.keep: column totals not found: did you mean total?",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := schemaOf(schema)
			hold := ""
			if test.hold != "" {
				hold = ", hold: {" + test.hold + "}"
			}
			p, err := FromSchema(s, capabilities(able), policyOf(t, s, "customer", "tables:\n  "+personalCustomer+`
  order: {erase: delete, columns: {id: none}}
  invoice: {erase: delete, via: {`+test.via+`}`+hold+`, columns: {address: {pii: address, overwrite: random}}}
  line: {erase: delete, columns: {text: {pii: free-text, overwrite: random}}}
`), ScopeSubjects)
			if test.problem != "" {
				refused(t, err, test.problem)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(lines(test.want), stepsOf(p)); d != "" {
				t.Errorf("steps (-want +got):\n%s", d)
			}
		})
	}
}

func TestWhatAHeldRowHoldsOnTo(t *testing.T) {
	s := schemaOf(`customer: id, email text
		order: id, customer_id? -> customer
		invoice: id, customer_id -> customer, order_id? -> order, address text
		line: id, invoice_id -> invoice, seller? -> customer`)
	p := mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+`
  order: {erase: delete, columns: {id: none}}
  invoice: {erase: delete, hold: {because: VAT, basis: "Art. 17(3)(b)", where: "total > 0"}, columns: {address: none}}
  line: {erase: delete, columns: {id: none}}
`), ScopeSubjects)
	for table, want := range map[string][]string{
		"invoice": {"customer", "order*"}, // rows without a hold set their reference to the order NULL
		"line":    {"customer*"},          // it remains only with its invoice, which it doesn't have to keep
		"order":   nil,                    // it remains for a held invoice, and its reference to the customer is set NULL
	} {
		got := anchored(planned(t, p, table))
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s keeps (-want +got):\n%s", table, d)
		}
	}
	if !strings.Contains(p.String(), "(hold: VAT)") {
		t.Error("a reviewer doesn't see the hold")
	}
}

// The end of a hold is counted from a column: overwriting this would end the hold, or prevent its
// end.
func TestAHoldsEndIsNotOverwritten(t *testing.T) {
	s := schemaOf("customer: id, email text\ninvoice: id, customer_id -> customer, day date")
	rules := func(keep string) *policy.Policy {
		return policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  invoice: {erase: delete, hold: {because: VAT, until: day + 6y, keep: ["+keep+"]}, columns: {day: {pii: other, overwrite: {shift: {days: 30}}}}}")
	}
	_, err := FromSchema(s, capabilities(able), rules("id"), ScopeSubjects)
	refused(t, err, "table invoice: hold.until: overwriting column day would change the hold's end: name it in hold.keep")
	if _, err = FromSchema(s, capabilities(able), rules("day"), ScopeSubjects); err != nil {
		t.Error(err)
	}
}
