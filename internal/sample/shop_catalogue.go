package sample

// catalogueTables are the shop without any customer: goods and staff. Staff are people too; no
// customer's request touches their rows.
func catalogueTables() []*Table {
	return []*Table{
		{
			Name: "category",
			Columns: []Column{
				column("category_id", integer),
				column("parent_id", integer).null(),
				column("name", text(60)),
			},
			PrimaryKey: []string{"category_id"},
			References: []Reference{ref("parent_id", "category", "category_id")},
			unit:       categories,
			make: func(g *dice, i int64) [][]any {
				return rows(row(i, valueIf(i > 4, i/4), pickOne(g, goods)+" "+number(i)))
			},
		},
		{
			Name: "product",
			Columns: []Column{
				column("product_id", integer),
				column("category_id", integer),
				column("bundle_of", integer).null(),
				column("sku", text(20)),
				column("name", text(80)),
				column("price", money),
				column("active", boolean),
			},
			PrimaryKey: []string{"product_id"},
			Unique:     [][]string{{"sku"}},
			References: []Reference{
				ref("category_id", "category", "category_id"),
				ref("bundle_of", "product", "product_id"),
			},
			Checks: []string{"price >= 0"},
			unit:   products,
			make: func(g *dice, i int64) [][]any {
				return rows(row(i, 1+g.n(categoryCount), valueIf(i > 1 && g.one(5), 1+g.n(i-1)),
					"SKU-"+number(i), pickOne(g, goods), g.money(20000), !g.one(10)))
			},
		},
		{
			// team.lead_id and staff.team_id close a cycle, staff.manager_id a second one in the
			// same component.
			Name: "team",
			Columns: []Column{
				column("team_id", integer),
				column("name", text(60)),
				column("lead_id", integer).null(),
			},
			PrimaryKey: []string{"team_id"},
			References: []Reference{ref("lead_id", "staff", "staff_id")},
			unit:       teams,
			make: func(_ *dice, i int64) [][]any {
				return rows(row(i, "Team "+number(i), valueIf(i != teamCount, i*staffPerTeam)))
			},
		},
		{
			Name: "staff",
			Columns: []Column{
				column("staff_id", integer),
				column("team_id", integer),
				column("manager_id", integer).null(),
				column("name", text(80)).personal(),
				column("email", text(120)).personal(),
				column("hired_on", date),
			},
			PrimaryKey: []string{"staff_id"},
			Unique:     [][]string{{"email"}},
			References: []Reference{
				ref("team_id", "team", "team_id"),
				ref("manager_id", "staff", "staff_id"),
			},
			unit: staff,
			make: func(g *dice, i int64) [][]any {
				return rows(row(i, 1+(i-1)/staffPerTeam, valueIf(i > 1, i/2), pickOne(g, firstNames)+" "+pickOne(g, lastNames),
					"staff"+number(i)+"@shop.example", g.dayWithin(10)))
			},
		},
	}
}
