package plan

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

const personalCustomer = "customer: {erase: delete, columns: {email: {pii: contact, overwrite: random}}}"

// TestClosure is the meaning of a policy for a subject's rows: the steps, in order.
func TestClosure(t *testing.T) {
	tests := []struct {
		name   string
		schema string
		change []func(*dialect.Schema)
		policy string // all of tables: and what follows
		want   string
	}{
		{
			name: "children go before their parents, the root last",
			schema: `customer: id, email text
				order: id, customer_id -> customer
				line (order_id, no): order_id -> order, no`,
			policy: "tables:\n  " + personalCustomer + "\n  order: {erase: delete, columns: {id: none}}\n  line: {erase: delete, columns: {no: none}}",
			want: `delete line
				delete order
				delete customer`,
		},
		{
			name: "several paths lead to one table",
			schema: `customer: id, email text
				order: id, customer_id -> customer
				ticket: id, customer_id -> customer
				note: id, order_id? -> order, ticket_id? -> ticket`,
			policy: "tables:\n  " + personalCustomer + "\n  order: {erase: delete, columns: {id: none}}\n  ticket: {erase: delete, columns: {id: none}}\n  note: {erase: delete, columns: {id: none}}",
			want: `delete note
				delete ticket
				delete order
				delete customer`,
		},
		{
			name:   "a self reference is opened before its rows go",
			schema: "customer: id, email text\ncomment: id, customer_id -> customer, parent? -> comment",
			policy: "tables:\n  " + personalCustomer + "\n  comment: {erase: delete, columns: {id: none}}",
			want: `detach comment(parent) going
				delete comment
				delete customer`,
		},
		{
			name:   "a decision per reference: a row goes with its sender and stays without its recipient",
			schema: "customer: id, email text\nmessage: id, sender -> customer, recipient? -> customer",
			policy: "tables:\n  " + personalCustomer + "\n  message: {via: {sender: delete, recipient: detach}, columns: {id: none}}",
			want: `detach message(recipient)
				delete message
				delete customer`,
		},
		{
			name:   "a foreign key that the catalogue doesn't enforce is followed, and opens no circle",
			schema: "customer: id, email text, last ~> order\norder: id, customer_id ~> customer",
			policy: "tables:\n  customer: {erase: delete, via: {last: keep}, columns: {email: {pii: contact, overwrite: random}}}\n  order: {erase: delete, columns: {id: {pii: none}, customer_id: none}}",
			want: `delete order
				overwrite customer: email
				delete customer`,
		},
		{
			name:   "rows that the policy overwrites stay",
			schema: "customer: id, email text\ninvoice: id, customer_id? -> customer, address text",
			policy: "tables:\n  " + personalCustomer + "\n  invoice: {erase: overwrite, columns: {address: {pii: address, overwrite: random}}}",
			want: `detach invoice(customer_id) staying
				overwrite invoice: address
				delete customer`,
		},
		{
			name:   "rows of one table are overwritten, deleted and kept by the way that they are reached",
			schema: "customer: id, email text\nvisit: id, guest -> customer, host? -> customer, witness? -> customer, note text",
			policy: "tables:\n  " + personalCustomer + "\n  visit: {via: {guest: delete, host: overwrite, witness: keep}, columns: {note: {pii: free-text, overwrite: random}}}",
			want: `detach visit(host) staying
				detach visit(witness) staying
				overwrite visit: note
				delete visit
				keep visit
				overwrite customer: email
				delete customer`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := schemaOf(test.schema, test.change...)
			p, err := FromSchema(s, capabilities(able), policyOf(t, s, "customer", test.policy), ScopeSubjects)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(lines(test.want), stepsOf(p)); d != "" {
				t.Errorf("steps (-want +got):\n%s", d)
			}
		})
	}
}

func TestPitfall8ForeignKeyShapes(t *testing.T) {
	s := schemaOf(`customer (tenant, no): tenant, no, code text, email text
		order: id, cust_no, cust_tenant
		badge: id, customer_code text`,
		foreign("order", "cust_no, cust_tenant", "customer", "no, tenant"),
		unique("customer", "code"),
		foreign("badge", "customer_code", "customer", "code"))
	p := mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  order: {erase: delete, columns: {id: none}}\n  badge: {erase: delete, columns: {id: none}}"), ScopeSubjects)
	if d := cmp.Diff([]Reach{{Reference: Reference{
		Table: nameOf("order"), Columns: []string{"cust_no", "cust_tenant"}, RefTable: nameOf("customer"), RefColumns: []string{"no", "tenant"},
	}, Erase: policy.EraseDelete}}, planned(t, p, "order").Reach); d != "" {
		t.Errorf("columns in another order than the key's (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"code"}, planned(t, p, "badge").Reach[0].RefColumns); d != "" {
		t.Errorf("a reference to a key that isn't the primary one (-want +got):\n%s", d)
	}
}

// The rows of a foreign key for a period are not those with an equal period.
func TestAForeignKeyForAPeriodNeedsALink(t *testing.T) {
	s := schemaOf(`guest: id, email text
		stay (room, during): room, during, guest_id -> guest
		meal: id, room, during`,
		foreign("meal", "room, during", "stay", "room, during"),
		with("meal", func(t *dialect.Table) { t.ForeignKeys[0].Period = true }))
	const tables = "tables:\n  guest: {erase: delete, columns: {id: none, email: {pii: contact}}}\n  stay: {erase: delete, columns: {room: none}}\n  meal: {erase: delete, columns: {id: none}}\n"
	_, err := FromSchema(s, capabilities(able), policyOf(t, s, "guest", tables), ScopeSubjects)
	if d := cmp.Diff([]string{"table meal: rows that refer to stay for a period (room, during) can't be found by this foreign key: add a link by the other columns, meal(room) -> stay(room), for the rows of all periods"}, problemsOf(t, err)); d != "" {
		t.Error(d)
	}
	p := mustBuild(t, s, policyOf(t, s, "guest", tables+"links: [meal(room) -> stay(room)]"), ScopeSubjects)
	if d := cmp.Diff([]string{"room"}, planned(t, p, "meal").Reach[0].Columns); d != "" || len(planned(t, p, "meal").Reach) != 1 {
		t.Error("the link alone leads to the meals", d)
	}
}

func TestLinksAreFollowedWithTheirConditions(t *testing.T) {
	s := schemaOf(`customer: id, email text
		order: id, customer_id -> customer
		log: id, kind text, entity text`,
		with("log", func(t *dialect.Table) { t.Indexes = append(t.Indexes, index("entity", false, "entity")) }))
	p := mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+`
  order: {erase: delete, columns: {id: none}}
  log: {erase: delete, columns: {id: none}}
links:
  - log(entity) -> order where kind = 'order'
  - log(entity) -> customer where kind = 'customer'
`), ScopeSubjects)
	var got []string
	for _, w := range planned(t, p, "log").Reach {
		if !w.Link {
			t.Error("a link is one")
		}
		got = append(got, w.RefTable.Table+": "+w.Where)
	}
	if d := cmp.Diff([]string{"customer: kind = 'customer'", "order: kind = 'order'"}, got); d != "" {
		t.Errorf("a polymorphic link over two parents (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"delete log", "delete order", "delete customer"}, stepsOf(p)); d != "" {
		t.Error(d)
	}
}

func TestALinkThatRepeatsAForeignKeyIsThatForeignKey(t *testing.T) {
	s := schemaOf("customer: id, email text\norder: id, customer_id -> customer")
	p := mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  order: {erase: delete, columns: {id: none}}\nlinks: [order(customer_id) -> customer]"), ScopeSubjects)
	if ways := planned(t, p, "order").Reach; len(ways) != 1 || ways[0].Link {
		t.Errorf("the order is reached by %+v, want the foreign key alone", ways)
	}
}

func TestOwnedRowsGoLast(t *testing.T) {
	s := schemaOf(`customer: id, email text, address_id? -> address
		address: id, geo_id? -> geo
		geo: id
		parcel: id, address_id? -> address`)
	p := mustBuild(t, s, policyOf(t, s, "customer", `tables:
  customer: {erase: delete, columns: {email: {pii: contact, overwrite: random}}}
  address: {erase: delete, columns: {id: none}}
  geo: {erase: delete, columns: {id: none}}
owns: [customer(address_id) -> address, address(geo_id) -> geo]
`), ScopeSubjects)
	if d := cmp.Diff([]string{"delete customer", "delete address", "delete geo"}, stepsOf(p)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"customer", "parcel"}, referring(planned(t, p, "address").SharedBy)); d != "" {
		t.Errorf("an address is shared by (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"address"}, referring(planned(t, p, "geo").SharedBy)); d != "" {
		t.Errorf("a place is shared by (-want +got):\n%s", d)
	}
}

func TestAnOwnersReferenceCountsThoughNothingDeclaresIt(t *testing.T) {
	s := schemaOf("customer: id, email text, address_id?\naddress: id")
	p := mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  address: {erase: delete, columns: {id: none}}\nowns: [customer(address_id) -> address]"), ScopeSubjects)
	if d := cmp.Diff([]string{"customer"}, referring(planned(t, p, "address").SharedBy)); d != "" {
		t.Errorf("another customer at the same address would lose it (-want +got):\n%s", d)
	}
}

func TestARowThatStaysKeepsWhatIsOwned(t *testing.T) {
	s := schemaOf(`customer: id, email text, address_id? -> address
		address: id, street text
		invoice: id, customer_id? -> customer, ship_to -> address`)
	policy := policyOf(t, s, "customer", "tables:\n  "+personalCustomer+`
  address: {erase: delete, columns: {street: {pii: address, overwrite: random}}}
  invoice: {erase: keep, columns: {id: none}}
owns: [customer(address_id) -> address]
`)
	p := mustBuild(t, s, policy, ScopeSubjects)
	if d := cmp.Diff([]string{"detach invoice(customer_id) staying", "keep invoice", "delete customer", "overwrite address: street", "delete address"}, stepsOf(p)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"address"}, anchored(planned(t, p, "invoice"))); d != "" {
		t.Errorf("a kept invoice keeps (-want +got):\n%s", d)
	}
}

func TestATableIsOwnedOrReachedNotBoth(t *testing.T) {
	s := schemaOf("customer: id, email text, address_id? -> address\naddress: id, customer_id? -> customer")
	_, err := FromSchema(s, capabilities(able), policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  address: {erase: delete, columns: {id: none}}\nowns: [customer(address_id) -> address]"), ScopeSubjects)
	if got := problemsOf(t, err); !slices.ContainsFunc(got, func(g string) bool {
		return g == "table address: the table is owned, but one of its own references reaches it too: remove it from owns" ||
			g == "table customer: (address_id) refers to address, and the row may be another subject's: add `via: {address_id: detach}` or `keep` under tables.customer"
	}) {
		t.Errorf("problems %q", got)
	}
}

func referring(refs []Reference) []string {
	var out []string
	for _, r := range refs {
		out = append(out, r.Table.Table)
	}
	slices.Sort(out)
	return out
}

// anchored are the tables whose rows a table's remaining rows keep, with a star if only those under
// a hold keep them.
func anchored(t *Table) []string {
	var out []string
	for _, a := range t.Keeps {
		name := a.RefTable.Table
		if a.Held {
			name += "*"
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}
