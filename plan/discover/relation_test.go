package discover

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/internal/sample"
)

// proposed returns the texts of a draft's proposals about something, sorted.
func proposed(d *Draft, about string) []string {
	var out []string
	for _, p := range d.Proposals {
		if p.About == about {
			text := p.Text
			if about == AboutVia || about == AboutErase {
				text = p.Table + " " + text
			}
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return out
}

func TestWhatIsProposedBetweenTables(t *testing.T) {
	for _, c := range []struct {
		name             string
		draft            func() *Draft
		subject, ids     []string
		links, owns, via []string
	}{
		{
			name:    "shop: a polymorphic log, an owned address, two people in one message, a referral",
			draft:   func() *Draft { return draftOf(t, shop(t, sample.Shop{Customers: 50}), Options{}) },
			subject: []string{"customer"}, ids: []string{"loyalty_no", "email", "phone"},
			links: []string{
				"audit_log(entity_id) -> customer(customer_id) where entity_type = 'customer'",
				"audit_log(entity_id) -> order(order_id) where entity_type = 'order'",
				"audit_log(entity_id) -> product(product_id) where entity_type = 'product'",
			},
			owns: []string{"customer(address_id) -> address"},
			via:  []string{"customer via: {referred_by: detach}", "message via: {sender_id: delete, recipient_id: detach}"},
		},
		{
			name:    "hospital: columns that are called as another table's key",
			draft:   func() *Draft { return draftOf(t, script(t, "testdata/hospital.sql"), Options{}) },
			subject: []string{"Patient"}, ids: []string{"PatientenNr", "Tel", "Handy", "EMail"},
			links: []string{
				"Zugriffsprotokoll(PatientenId) -> Patient(PatientenId)",
				"Zugriffsprotokoll(PersonalNr) -> Mitarbeiter(PersonalNr)",
			},
		},
		{
			name:    "forum: columns that are called after a table or after what someone is to the row",
			draft:   func() *Draft { return draftOf(t, script(t, "testdata/forum.sql"), Options{}) },
			subject: []string{"users"}, ids: []string{"username", "email"},
			links: []string{
				"events(trackable_id) -> posts(id) where trackable_type = 'Post'",
				"events(trackable_id) -> users(id) where trackable_type = 'User'",
				"invitations(inviter_id) -> users(id)",
				"posts(author_id) -> users(id)",
				"threads(user_id) -> users(id)",
			},
			via: []string{"private_messages via: {sender_id: delete, recipient_id: detach}", "users via: {invited_by_id: detach}"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := c.draft()
			if diff := cmp.Diff(c.subject, proposed(d, AboutSubject)); diff != "" {
				t.Errorf("subject (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.ids, d.Policy.Subject.Identifiers); diff != "" {
				t.Errorf("identifiers (-want +got):\n%s", diff)
			}
			for about, want := range map[string][]string{AboutLink: c.links, AboutOwns: c.owns, AboutVia: c.via} {
				if diff := cmp.Diff(want, proposed(d, about)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", about, diff)
				}
			}
		})
	}
}

func TestALinkWhoseValuesAreNoKeysIsNotProposed(t *testing.T) {
	db := open(t)
	for _, s := range []string{
		"CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT, email TEXT)",
		"CREATE TABLE visit (id INTEGER PRIMARY KEY, customer_id INTEGER, other_customer_id INTEGER, third_customer_id INTEGER)",
		"INSERT INTO customer VALUES (1, 'A', 'a@x.example'), (2, 'B', 'b@x.example')",
		"INSERT INTO visit VALUES (1, 1, 1, NULL), (2, 2, 7, NULL), (3, NULL, 2, NULL)",
	} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"visit(customer_id) -> customer(id)", "visit(third_customer_id) -> customer(id)"}
	if diff := cmp.Diff(want, proposed(draftOf(t, db, Options{}), AboutLink)); diff != "" {
		t.Errorf("links; 7 is no customer, and of a column without values its name decides (-want +got):\n%s", diff)
	}
}

func TestNoSubjectIsProposedWhereNobodyIs(t *testing.T) {
	db := open(t)
	if _, err := db.Exec("CREATE TABLE product (id INTEGER PRIMARY KEY, name TEXT, price DECIMAL(8,2)); INSERT INTO product VALUES (1, 'Lamp', 2), (2, 'Hat', 3), (3, 'Pen', 4)"); err != nil {
		t.Fatal(err)
	}
	d := draftOf(t, db, Options{})
	if d.Policy.Subject.Table != "undecided" || len(d.Proposals) > 0 {
		t.Errorf("subject %q, %d proposals: neither was expected", d.Policy.Subject.Table, len(d.Proposals))
	}
}

func TestReferencesAreWrittenAsViaReadsThem(t *testing.T) {
	for want, columns := range map[string][]string{
		`sender_id`:              {"sender_id"},
		`"null"`:                 {"null"},
		`"a b"`:                  {"a b"},
		`"a, b"`:                 {"a", "b"},
		`"\"a, b\", \"c\"\"d\""`: {"a, b", `c"d`},
	} {
		if got := viaKey(columns); got != want {
			t.Errorf("%q is written %s, expected %s", columns, got, want)
		}
	}
}
