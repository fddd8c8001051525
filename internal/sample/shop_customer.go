package sample

import "strings"

// customerTables are the subjects and their property.
func customerTables() []*Table {
	return []*Table{
		{
			Name: "address",
			Columns: []Column{
				column("address_id", integer),
				column("street", text(120)).personal(),
				column("city", text(60)).personal(),
				column("postcode", text(24)).personal(),
				column("country", char(2)),
			},
			PrimaryKey: []string{"address_id"},
			unit:       customers,
			make: func(g *dice, i int64) [][]any {
				if g.addressOf(i) != i {
					return nil
				}
				return rows(row(i, pickOne(g, streets)+" "+number(1+g.n(200)), pickOne(g, cities), number(10000+g.n(90000)), pickOne(g, countries)))
			},
		},
		{
			Name: "customer",
			Columns: []Column{
				column("customer_id", integer),
				column("loyalty_no", text(20)),
				column("tenant", text(10)),
				column("code", text(24)).personal(),
				column("email", text(120)).personal(),
				column("first_name", text(60)).personal(),
				column("last_name", text(60)).personal(),
				{Name: "full_name", Type: text(130), Nullable: true, Joined: []string{"first_name", "last_name"}},
				column("phone", text(32)).null().personal(),
				column("birth_date", date).null(),
				column("country", char(2)),
				column("vat_no", text(24)).null().personal(),
				column("status", oneOf("new", "active", "blocked")),
				column("credit", money).null(),
				column("newsletter", boolean),
				column("notes", prose).null().personal(),
				column("preferences", document).null().personal(),
				column("avatar", blob).null().personal(),
				column("address_id", integer).null(),
				column("referred_by", integer).null(),
				column("created_at", timestamp),
				{Name: "updated_at", Type: timestamp, Touched: true},
			},
			PrimaryKey: []string{"customer_id"},
			Unique:     [][]string{{"loyalty_no"}, {"email"}, {"tenant", "code"}},
			Partial:    []string{"vat_no"},
			References: []Reference{
				ref("address_id", "address", "address_id"),
				ref("referred_by", "customer", "customer_id"),
			},
			unit: customers,
			make: makeCustomer,
		},
		{
			Name: "wishlist",
			Columns: []Column{
				column("wishlist_id", integer),
				column("customer_id", integer),
				column("name", text(60)).personal(),
			},
			PrimaryKey: []string{"wishlist_id"},
			References: []Reference{{Columns: []string{"customer_id"}, Table: "customer", RefColumns: []string{"customer_id"}, Cascade: true}},
			unit:       customers,
			make: func(g *dice, i int64) [][]any {
				if !g.hasWishlist(i) {
					return nil
				}
				return rows(row(i, i, pickOne(g, firstNames)+"'s wishes"))
			},
		},
		{
			Name: "wishlist_item",
			Columns: []Column{
				column("wishlist_id", integer),
				column("product_id", integer),
				column("note", text(120)).null().personal(),
			},
			PrimaryKey: []string{"wishlist_id", "product_id"},
			References: []Reference{
				{Columns: []string{"wishlist_id"}, Table: "wishlist", RefColumns: []string{"wishlist_id"}, Cascade: true},
				ref("product_id", "product", "product_id"),
			},
			unit: customers,
			make: func(g *dice, i int64) [][]any {
				if !g.hasWishlist(i) {
					return nil
				}
				first := 1 + g.n(productCount-1)
				return rows(row(i, first, valueIf(g.one(2), "for "+pickOne(g, firstNames))), row(i, first+1, nil))
			},
		},
		{
			// The reference is to a unique key other than the primary one.
			Name: "loyalty_event",
			Columns: []Column{
				column("event_id", uuid),
				column("loyalty_no", text(20)),
				column("points", integer),
				column("happened_at", timestamp),
			},
			PrimaryKey: []string{"event_id"},
			References: []Reference{ref("loyalty_no", "customer", "loyalty_no")},
			unit:       customers,
			make: func(g *dice, i int64) [][]any {
				return repeatRows(g.n(5), func(int64) []any {
					return row(g.uuid(), loyaltyNo(i), g.n(500)-100, g.momentWithin(5))
				})
			},
		},
		{
			// Everything in these names needs quoting.
			Name: `Käufer's "Notiz"`,
			Columns: []Column{
				column("Notiz Nr.", integer),
				column("Käufer", integer),
				column("select", text(40)),
				column(`Text "frei"; --`, prose).null().personal(),
			},
			PrimaryKey: []string{"Notiz Nr."},
			References: []Reference{ref("Käufer", "customer", "customer_id")},
			unit:       customers,
			make: func(g *dice, i int64) [][]any {
				return repeatRows(g.n(4)/3, func(int64) []any {
					return row(i, i, "note", pickOne(g, firstNames)+" rief an; zurückrufen!")
				})
			},
		},
	}
}

func makeCustomer(g *dice, i int64) [][]any {
	first, last := pickOne(g, firstNames), pickOne(g, lastNames)
	created := g.momentWithin(10)
	return rows(row(
		i,
		loyaltyNo(i),
		pickOne(g, tenants),
		"C"+number(i),
		strings.ToLower(asciiOnly(first)+"."+asciiOnly(last))+number(i)+"@mail.example",
		first,
		last,
		valueIf(!g.one(5), "+49 30 "+number(1000000+g.n(9000000))),
		valueIf(!g.one(10), g.dayWithin(70)),
		pickOne(g, countries),
		valueIf(g.one(6), "DE"+number(100000000+i)),
		pickOne(g, []string{"new", "active", "active", "blocked"}),
		valueIf(g.one(3), g.money(50000)),
		g.one(2),
		pickOne(g, []any{nil, "", "prefers a call from " + pickOne(g, firstNames), "moved from " + pickOne(g, cities) + ", née " + pickOne(g, lastNames)}),
		pickOne(g, []any{nil, `{"theme": "dark", "nickname": "` + first + `"}`, `{"contacts": [{"name": "` + last + `"}], "theme": null}`}),
		valueIf(g.one(4), []byte{0x89, 'P', 'N', 'G', byte(i), byte(i >> 8), 0, 0xff}),
		valueIf(g.addressOf(i) > 0, g.addressOf(i)),
		valueIf(i > 1 && g.one(4), 1+g.n(i-1)),
		created,
		created,
	))
}
