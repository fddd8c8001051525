package sample

// traceTables are what customers leave behind: visits, messages, the audit log.
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
				return times(g.sessions(i), func(k int64) []any {
					return row(g.sessionID(i, k), when(!g.one(12), i), "2001:db8::"+hex(g.n(65536))+":"+hex(g.n(65536)),
						when(!g.one(5), "Browser/"+number(g.n(99))), g.moment(1))
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
				for s := range g.sessions(i) {
					all = append(all, times(1+g.n(5), func(int64) []any {
						return row(g.sessionID(i, s), "/search?q="+pick(g, lastNames), g.moment(1))
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
				return times(g.n(3), func(k int64) []any {
					return row(i*4+k, when(!g.one(20), i), when(!g.one(20), 1+g.n(g.customers)), "Hello "+pick(g, firstNames),
						when(!g.one(6), "Are you "+pick(g, firstNames)+" from "+pick(g, cities)+"?"), g.moment(3))
				})
			},
		},
		{
			// entity_id refers to customers, orders or products, as
			// entity_type says; no foreign key can.
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
				log := [][]any{row(i*16, "customer", i, "registered as "+pick(g, firstNames), g.moment(10))}
				for k := range g.orders(i) {
					o := i*ordersPerCustomer + k
					log = append(log, row(i*16+1+k, "order", o, when(g.one(2), "for "+pick(g, lastNames)), g.placed(o)))
				}
				if g.one(10) {
					log = append(log, row(i*16+15, "product", 1+g.n(productCount), nil, g.moment(10)))
				}
				return log
			},
		},
	}
}
