package sample

// orderTables are the customers' purchases. order.last_payment_id and payment.order_id close a
// cycle, payment.refund_of a second one in it.
func orderTables() []*Table {
	return []*Table{
		{
			Name: "order",
			Columns: []Column{
				column("order_id", integer),
				column("customer_id", integer),
				column("shop_code", text(10)),
				column("order_no", integer),
				column("group", text(20)).null(),
				column("status", oneOf("open", "paid", "sent")),
				column("placed_at", timestamp),
				column("total", money),
				column("ship_to", integer).null(),
				column("last_payment_id", integer).null(),
			},
			PrimaryKey: []string{"order_id"},
			Unique:     [][]string{{"shop_code", "order_no"}},
			References: []Reference{
				ref("customer_id", "customer", "customer_id"),
				ref("ship_to", "address", "address_id"),
				ref("last_payment_id", "payment", "payment_id"),
			},
			unit: orders,
			make: func(g *dice, o int64) [][]any {
				address := g.addressOf(customerOf(o))
				return rows(row(o, customerOf(o), shopCode(o), orderNo(o), valueIf(g.one(3), "summer"), g.orderStatus(o), g.placedAt(o),
					g.money(90000), valueIf(address > 0 && g.one(2), address), valueIf(g.orderStatus(o) != "open", o*4)))
			},
		},
		{
			Name: "order_line",
			Columns: []Column{
				column("order_id", integer),
				column("line_no", integer),
				column("product_id", integer),
				column("quantity", integer),
				column("price", money),
				column("gift_note", text(120)).null().personal(),
			},
			PrimaryKey: []string{"order_id", "line_no"},
			References: []Reference{
				ref("order_id", "order", "order_id"),
				ref("product_id", "product", "product_id"),
			},
			Checks: []string{"quantity > 0"},
			unit:   orders,
			make: func(g *dice, o int64) [][]any {
				return repeatRows(1+g.n(3), func(k int64) []any {
					return row(o, k+1, 1+g.n(productCount), 1+g.n(5), g.money(20000), valueIf(g.one(6), "Dear "+pickOne(g, firstNames)))
				})
			},
		},
		{
			Name: "payment",
			Columns: []Column{
				column("payment_id", integer),
				column("order_id", integer),
				column("refund_of", integer).null(),
				column("iban", text(34)).null().personal(),
				column("amount", money),
				column("paid_at", timestamp),
			},
			PrimaryKey: []string{"payment_id"},
			References: []Reference{
				ref("order_id", "order", "order_id"),
				ref("refund_of", "payment", "payment_id"),
			},
			unit: orders,
			make: func(g *dice, o int64) [][]any {
				if g.orderStatus(o) == "open" {
					return nil
				}
				paid := [][]any{row(o*4, o, nil, valueIf(!g.one(4), "DE"+number(10+g.n(89))+"5001"+number(100000000000+g.n(899999999999))), g.money(90000), g.placedAt(o))}
				if g.one(6) {
					paid = append(paid, row(o*4+1, o, o*4, nil, "-"+g.money(500), g.placedAt(o)))
				}
				return paid
			},
		},
		{
			// A reference by two columns to a key other than the primary one, named in another
			// order than the table's.
			Name: "parcel",
			Columns: []Column{
				column("tracking_no", text(20)),
				column("shop", text(10)),
				column("order_ref", integer),
				column("recipient", text(120)).personal(),
				column("phone", text(32)).null().personal(),
			},
			PrimaryKey: []string{"tracking_no"},
			References: []Reference{{Columns: []string{"order_ref", "shop"}, Table: "order", RefColumns: []string{"order_no", "shop_code"}}},
			unit:       orders,
			make: func(g *dice, o int64) [][]any {
				if g.orderStatus(o) != "sent" {
					return nil
				}
				return rows(row("PX"+number(o), shopCode(o), orderNo(o), pickOne(g, firstNames)+" "+pickOne(g, lastNames),
					valueIf(g.one(2), "+44 20 "+number(1000000+g.n(9000000)))))
			},
		},
		{
			Name: "return_line",
			Columns: []Column{
				column("return_id", integer),
				column("order_id", integer),
				column("line_no", integer),
				column("reason", text(200)).personal(),
			},
			PrimaryKey: []string{"return_id"},
			References: []Reference{{Columns: []string{"order_id", "line_no"}, Table: "order_line", RefColumns: []string{"order_id", "line_no"}}},
			unit:       orders,
			make: func(g *dice, o int64) [][]any {
				return repeatRows(g.n(5)/4, func(int64) []any { return row(o, o, int64(1), "too small for "+pickOne(g, firstNames)) })
			},
		},
		{
			Name: "invoice",
			Columns: []Column{
				column("invoice_id", integer),
				column("customer_id", integer),
				column("order_id", integer).null(),
				column("invoice_date", date),
				column("billing_name", text(120)).personal(),
				column("billing_address", text(200)).null().personal(),
				column("total", money),
			},
			PrimaryKey: []string{"invoice_id"},
			References: []Reference{
				ref("customer_id", "customer", "customer_id"),
				ref("order_id", "order", "order_id"),
			},
			unit: orders,
			make: func(g *dice, o int64) [][]any {
				if g.orderStatus(o) == "open" {
					return nil
				}
				return rows(row(o, customerOf(o), o, g.placedAt(o)[:len("2006-01-02")], pickOne(g, firstNames)+" "+pickOne(g, lastNames),
					valueIf(!g.one(9), pickOne(g, streets)+" "+number(1+g.n(99))+", "+pickOne(g, cities)), g.money(90000)))
			},
		},
	}
}
