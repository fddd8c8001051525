package erase_test

import (
	"fmt"
	"hash/fnv"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/examples/policies"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// A staging copy has the shape of production and nobody in it. Its constraints hold, its joins give the
// same counts, and it contains no personal value. The next copy gives the same people the same
// replacements.
func TestAStagingCopyKeepsItsShapeAndNobody(t *testing.T) {
	for name, fill := range map[string]func(t *testing.T, db *target) (*policy.Policy, planted){
		"shop":    fillShop,
		"Chinook": fillChinook,
	} {
		t.Run(name, func(t *testing.T) {
			onOneOfEach(t, func(t *testing.T, db *target) {
				rules, canaries := fill(t, db)
				before := db.everywhere(t)
				if n := len(canaries.in(before)); n == 0 || n != canaries.n {
					t.Fatalf("%d of %d canaries are in the database", n, canaries.n)
				}
				p, err := db.build(t.Context(), db.consistently(t, rules), plan.ScopeEverything)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := erase.Rehearse(t.Context(), db.DB, p, withSample(options(p, ""), 10)); err != nil {
					t.Fatal(err)
				}
				joins := db.keyJoins(t, p)
				st := db.run(t, p, options(p, "first"))
				if d := cmp.Diff(joins, db.keyJoins(t, p)); d != "" {
					t.Errorf("rows of joins (-before +after):\n%s", d)
				}
				db.valid(t)
				if found := canaries.in(db.everywhere(t)); len(found) > 0 {
					t.Errorf("%d canaries are left: %v", len(found), found[:min(len(found), 5)])
				}
				for _, a := range st.Predicate.Actions {
					if a.Unchanged > 0 {
						t.Errorf("table %s: %d values came out as they were", a.Table, a.Unchanged)
					}
				}

				again := db.empty(t)
				fill(t, again)
				if string(again.everywhere(t)) != string(before) {
					t.Fatal("the second copy isn't as the first one was")
				}
				own, err := again.meant(t.Context(), p)
				if err != nil {
					t.Fatal(err)
				}
				again.run(t, own, options(own, "second"))
				if d := cmp.Diff(db.agreed(t, p), again.agreed(t, p)); d != "" {
					t.Errorf("consistent values of the two copies:\n%s", d[:min(len(d), 2000)])
				}
			})
		})
	}
}

// planted are canaries: their number, and a search for them in a text.
type planted struct {
	n  int
	in func(text []byte) []string
}

func fillShop(t *testing.T, db *target) (*policy.Policy, planted) {
	t.Helper()
	shop := sample.Shop{Customers: 25, Seed: 5, Canaries: true}
	canaries := scanner{}
	for c := range shop.Planted() {
		canaries.add(c.Table+"."+c.Column+" "+c.Mark, c.Mark)
	}
	return db.shop(t, shop), planted{len(canaries), canaries.in}
}

// fillChinook plants a mark of its own into every personal text of every row.
func fillChinook(t *testing.T, db *target) (*policy.Policy, planted) {
	t.Helper()
	rules := mustParse(policies.Read(loadChinook(t, db).policy))
	schema, err := db.DB.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	canaries := map[string]string{} // mark → name
	for _, table := range schema.Tables {
		rule := ruleOf(rules, table)
		if rule == nil || len(table.Key()) != 1 {
			continue
		}
		plant := dialect.BulkUpdate{Table: table.Name, Key: table.Key()}
		for _, c := range table.Columns {
			if r := rule.Column(c.Name); r != nil && r.Overwrite != nil && c.Kind == dialect.Text {
				plant.Set = append(plant.Set, c.Name)
			}
		}
		if len(plant.Set) == 0 {
			continue
		}
		db.write(t, func(tx dialect.Tx) error {
			for row, err := range tx.Query(t.Context(), dialect.Select{Table: table.Name, Columns: plant.Key, Order: plant.Key}) {
				if err != nil {
					return err
				}
				for _, name := range plant.Set {
					h := fnv.New32a()
					fmt.Fprint(h, table.Name.Table, ".", name)
					mark := fmt.Sprintf("%08xz%04dk", h.Sum32(), len(plant.Rows))
					if n := table.Column(name).Length; n > 0 && n < len(mark) {
						mark = mark[len(mark)-n:]
					}
					canaries[mark] = table.Name.Table + "." + name
					row = append(row, mark)
				}
				plant.Rows = append(plant.Rows, row)
			}
			_, err := tx.BulkUpdate(t.Context(), plant)
			return err
		})
	}
	// There are too many to search for one by one.
	like := regexp.MustCompile(`[0-9a-f]{4,8}z\d{4}k`)
	return rules, planted{len(canaries), func(text []byte) []string {
		found := map[string]bool{}
		for _, mark := range like.FindAll(text, -1) {
			if what := canaries[string(mark)]; what != "" {
				found[what+" "+string(mark)] = true
			}
		}
		return slices.Sorted(maps.Keys(found))
	}}
}

// ruleOf is the policy's rule for a table, or nil.
func ruleOf(rules *policy.Policy, table *dialect.Table) *policy.Table {
	i := slices.IndexFunc(rules.Tables, func(t policy.Table) bool { return t.Name == table.Name.Table })
	if i < 0 {
		return nil
	}
	return &rules.Tables[i]
}

// write does something in a transaction.
func (d *target) write(t testing.TB, do func(tx dialect.Tx) error) {
	t.Helper()
	tx, err := d.DB.Begin(t.Context(), dialect.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context()) //nolint:errcheck // after Commit it does nothing
	if err := do(tx); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// empty is another database on the same server.
func (d *target) empty(t testing.TB) *target {
	t.Helper()
	if d.server == nil {
		return openTarget(t, "sqlite:"+t.TempDir()+"/second.db")
	}
	fresh := openTarget(t, d.server.Database(t).URL)
	fresh.server = d.server
	return fresh
}

// consistently makes every made-up value of the policy a consistent one, in tables with a key for
// writing it back.
func (d *target) consistently(t testing.TB, rules *policy.Policy) *policy.Policy {
	t.Helper()
	schema, err := d.DB.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range schema.Tables {
		rule := ruleOf(rules, table)
		if rule == nil || len(table.Key()) == 0 {
			continue
		}
		for i := range rule.Columns {
			if s := rule.Columns[i].Overwrite; s != nil && (s.Name == "fake" || s.Name == "random") {
				s.Modifiers.Consistent = true
			}
		}
	}
	return rules
}

// agreed are the values of the plan's consistent assignments, sorted.
func (d *target) agreed(t testing.TB, p *plan.Plan) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, st := range slices.Concat(steps(p, plan.Overwrite)...) {
		for _, a := range st.Set {
			if !a.Strategy.Modifiers.Consistent {
				continue
			}
			var values []string
			for _, row := range scan[any](t, d, "SELECT "+d.quote(dialect.Name{Table: a.Column})+" FROM "+d.quote(st.Table)) {
				values = append(values, fmt.Sprintf("%s", row[0]))
			}
			slices.Sort(values)
			out[st.Table.String()+"."+a.Column] = values
		}
	}
	if len(out) == 0 {
		t.Error("nothing in the plan is consistent")
	}
	return out
}

// keyJoins counts the rows of each foreign key's join, except for tables with deletes in the plan.
func (d *target) keyJoins(t testing.TB, p *plan.Plan) map[string]int {
	t.Helper()
	schema, err := d.DB.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	deleted := map[dialect.Name]bool{}
	for _, st := range slices.Concat(steps(p, plan.Delete)...) {
		deleted[st.Table] = true
	}
	out := map[string]int{}
	for _, table := range schema.Tables {
		for _, fk := range table.ForeignKeys {
			if deleted[table.Name] || deleted[fk.RefTable] {
				continue
			}
			var on []string
			for i := range fk.Columns {
				on = append(on, "c."+d.quote(dialect.Name{Table: fk.Columns[i]})+" = p."+d.quote(dialect.Name{Table: fk.RefColumns[i]}))
			}
			out[table.Name.Table+" "+strings.Join(fk.Columns, ",")] = d.count(t, "SELECT count(*) FROM "+d.quote(table.Name)+" c JOIN "+d.quote(fk.RefTable)+" p ON "+strings.Join(on, " AND "))
		}
	}
	if n := slices.Max(slices.Collect(maps.Values(out))); n == 0 {
		t.Fatal("every join is empty")
	}
	return out
}

// valid fails the test if a row violates a foreign key, a check, a unique index of whole columns or NOT
// NULL.
func (d *target) valid(t testing.TB) {
	t.Helper()
	d.intact(t)
	schema, err := d.DB.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	none := func(what, query string) {
		t.Helper()
		looked++
		if n := d.count(t, query); n != 0 {
			t.Errorf("%s: %d rows break it", what, n)
		}
	}
	quoted := func(column string) string { return d.quote(dialect.Name{Table: column}) }
	for _, table := range schema.Tables {
		from := " FROM " + d.quote(table.Name)
		for _, check := range table.Checks {
			none("check "+check.Name, "SELECT count(*)"+from+" WHERE NOT ("+check.Condition+")")
		}
		for _, c := range table.Columns {
			if !c.Nullable {
				none("NOT NULL of "+c.Name, "SELECT count(*)"+from+" WHERE "+quoted(c.Name)+" IS NULL")
			}
		}
		for _, ix := range table.Indexes {
			if !ix.Unique || ix.Where != "" || len(ix.Columns()) < len(ix.Parts) {
				continue
			}
			var columns, known []string
			for _, c := range ix.Columns() {
				columns, known = append(columns, quoted(c)), append(known, quoted(c)+" IS NOT NULL")
			}
			list := strings.Join(columns, ", ")
			none("unique "+ix.Name, "SELECT count(*) FROM (SELECT "+list+from+" WHERE "+strings.Join(known, " AND ")+" GROUP BY "+list+" HAVING count(*) > 1) twice")
		}
	}
	if looked == 0 {
		t.Error("there is no constraint")
	}
}
