package sample

// traceTables are the customers' traces: visits, messages, the audit log.
func traceTables() []*Table {
	return []*Table{
		{
			Name: "web_session",
			Columns: []Column{
				column("session_id", uuid),
				column("customer_id", integer).null(),
				column("ip", text(45)).personal(),
				column("user_agent", text(120)).null().personal(),
				column("last_seen", instant),
			},
			PrimaryKey: []string{"session_id"},
			Indexes:    [][]string{{"last_seen"}},
			References: []Reference{ref("customer_id", "customer", "customer_id")},
			unit:       customers,
			make: func(g *dice, i int64) [][]any {
				return repeatRows(g.sessionCount(i), func(k int64) []any {
					return row(g.sessionID(i, k), valueIf(!g.one(12), i), "2001:db8::"+hex(g.n(65536))+":"+hex(g.n(65536)),
						valueIf(!g.one(5), "Browser/"+number(g.n(99))), g.momentWithin(1))
				})
			},
		},
		{
			Name: "page_view",
			Columns: []Column{
				column("session_id", uuid),
				column("url", text(200)).personal(),
				column("viewed_at", timestamp),
			},
			References: []Reference{ref("session_id", "web_session", "session_id")},
			unit:       customers,
			make: func(g *dice, i int64) [][]any {
				var all [][]any
				for s := range g.sessionCount(i) {
					all = append(all, repeatRows(1+g.n(5), func(int64) []any {
						return row(g.sessionID(i, s), "/search?q="+pickOne(g, lastNames), g.momentWithin(1))
					})...)
				}
				return all
			},
		},
		{
			Name: "message",
			Columns: []Column{
				column("message_id", integer),
				column("sender_id", integer).null(),
				column("recipient_id", integer).null(),
				column("subject", text(120)).personal(),
				column("body", prose).null().personal(),
				column("sent_at", timestamp),
			},
			PrimaryKey: []string{"message_id"},
			References: []Reference{
				ref("sender_id", "customer", "customer_id"),
				ref("recipient_id", "customer", "customer_id"),
			},
			unit: customers,
			make: func(g *dice, i int64) [][]any {
				return repeatRows(g.n(3), func(k int64) []any {
					return row(i*4+k, valueIf(!g.one(20), i), valueIf(!g.one(20), 1+g.n(g.customers)), "Hello "+pickOne(g, firstNames),
						valueIf(!g.one(6), "Are you "+pickOne(g, firstNames)+" from "+pickOne(g, cities)+"?"), g.momentWithin(3))
				})
			},
		},
		{
			// entity_id refers to customers, orders or products, as entity_type says; no foreign
			// key can.
			Name: "audit_log",
			Columns: []Column{
				column("audit_id", integer),
				column("entity_type", text(20)),
				column("entity_id", integer),
				column("detail", prose).null().personal(),
				column("logged_at", timestamp),
			},
			PrimaryKey: []string{"audit_id"},
			Indexes:    [][]string{{"entity_id", "entity_type"}},
			unit:       customers,
			make: func(g *dice, i int64) [][]any {
				log := [][]any{row(i*16, "customer", i, "registered as "+pickOne(g, firstNames), g.momentWithin(10))}
				for k := range g.orderCount(i) {
					o := i*ordersPerCustomer + k
					log = append(log, row(i*16+1+k, "order", o, valueIf(g.one(2), "for "+pickOne(g, lastNames)), g.placedAt(o)))
				}
				if g.one(10) {
					log = append(log, row(i*16+15, "product", 1+g.n(productCount), nil, g.momentWithin(10)))
				}
				return log
			},
		},
	}
}
