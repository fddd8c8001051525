//go:build unix

package bench

import (
	"fmt"
	"slices"
	"strings"
)

// shopTable is one of the shop's tables below the customers, with `each` rows for every row of the
// referenced table.
type shopTable struct {
	name   string
	to     string // the referenced table, by its key
	each   int
	column string // the personal column
	value  string // over n, the row's number
}

// shopTables and the customers are eight tables with twenty rows a customer.
var shopTables = []shopTable{
	{"address", "customer", 1, "street", "concat('Example Street ', n % 9973)"},
	{"orders", "customer", 3, "remark", "concat('please ring twice, order ', n % 9973)"},
	{"order_item", "orders", 2, "engraving", "concat('For my dear ', n % 997)"},
	{"payment", "orders", 1, "account", "concat('DE00', 1000000000 + n % 8999993)"},
	{"message", "customer", 3, "body", "concat('Dear shop, where is order ', n % 9973, '? Yours truly')"},
	{"web_session", "customer", 2, "ip_address", "concat('192.0.2.', n % 256)"},
	{"consent", "customer", 1, "given_by", "concat('form ', n % 9973)"},
}

func shopTableNamed(name string) *shopTable {
	for i := range shopTables {
		if shopTables[i].name == name {
			return &shopTables[i]
		}
	}
	return nil
}

// key is the name of a table's key.
func key(table string) string { return table + "_id" }

// perCustomer is the number of a customer's rows in the table.
func (s *shopTable) perCustomer() int {
	if parent := shopTableNamed(s.to); parent != nil {
		return s.each * parent.perCustomer()
	}
	return s.each
}

// shop fills a database with the shop of n customers: the rows first, then indexes and foreign
// keys.
func (db *database) shop(n int) {
	db.t.Helper()
	db.customerRows(n)
	db.exec(customerIndexes...)
	for i := range shopTables {
		s := &shopTables[i]
		db.exec(fmt.Sprintf("CREATE TABLE %s (%s {big} NOT NULL PRIMARY KEY, %s {big} NOT NULL, %s VARCHAR(80) NOT NULL, made_at {moment} NOT NULL)",
			s.name, key(s.name), key(s.to), s.column))
		rows := n * s.perCustomer()
		db.insert(s.name, []string{key(s.name), key(s.to), s.column, "made_at"},
			[]string{"n", fmt.Sprintf("1 + (n - 1 - (n - 1) %% %d) / %d", s.each, s.each), s.value, "CAST('2025-06-01 12:00:00' AS {instant})"}, "", rows)
		// If its session checked the keys, MariaDB would copy each table.
		db.exec(append(slices.Clone(db.before),
			fmt.Sprintf("CREATE INDEX %s_%s ON %s (%s)", s.name, s.to, s.name, key(s.to)),
			fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT fk_%s_%s FOREIGN KEY (%s) REFERENCES %s (%s)", s.name, s.name, s.to, key(s.to), s.to, key(s.to)))...)
	}
}

// shopPolicy deletes a customer's rows from all of the tables.
func shopPolicy() string {
	var b strings.Builder
	for _, s := range shopTables {
		fmt.Fprintf(&b, "  %s:\n    erase: delete\n    columns: {%s: none, %s: none, %s: {pii: other, overwrite: random}, made_at: none}\n", s.name, key(s.name), key(s.to), s.column)
	}
	return customerPolicy(randoms.policy, b.String())
}

// script is a typical script by hand: the subjects' keys in a temporary table, a DELETE for each
// table from the leaves up, in one transaction.
func (db *database) script(subjects span) []string {
	statements := []string{"BEGIN", "CREATE TEMPORARY TABLE gone (customer_id {big} NOT NULL PRIMARY KEY)"}
	var keys []string
	flush := func() {
		if len(keys) > 0 {
			statements = append(statements, "INSERT INTO gone VALUES ("+strings.Join(keys, "), (")+")")
		}
		keys = nil
	}
	for k := range subjects.keys() {
		if keys = append(keys, k); len(keys) == 1000 {
			flush()
		}
	}
	flush()
	statements = append(statements, db.analyseGone...)
	for i := len(shopTables) - 1; i >= 0; i-- {
		s := &shopTables[i]
		from, on := []string{"gone g"}, []string{}
		if s.to == "customer" {
			on = append(on, "t.customer_id = g.customer_id")
		} else {
			from = append(from, s.to+" p")
			on = append(on, fmt.Sprintf("t.%s = p.%s", key(s.to), key(s.to)), "p.customer_id = g.customer_id")
		}
		statements = append(statements, db.deleteUsing(s.name, from, on))
	}
	return append(statements, db.deleteUsing("customer", []string{"gone g"}, []string{"t.customer_id = g.customer_id"}), "COMMIT")
}

// deleteUsing deletes rows of a table by those of others, as the engine spells it.
func (e *engine) deleteUsing(table string, from, on []string) string {
	if e.name == "postgres" {
		return fmt.Sprintf("DELETE FROM %s t USING %s WHERE %s", table, strings.Join(from, ", "), strings.Join(on, " AND "))
	}
	return fmt.Sprintf("DELETE t FROM %s t, %s WHERE %s", table, strings.Join(from, ", "), strings.Join(on, " AND "))
}

// contents summarises the rows: for each table their number, and the sum of their keys.
func (db *database) contents() map[string][]int64 {
	db.t.Helper()
	out := map[string][]int64{}
	tables := []string{"customer"}
	for _, s := range shopTables {
		tables = append(tables, s.name)
	}
	for _, table := range tables {
		out[table] = db.numbers(fmt.Sprintf("SELECT count(*), coalesce(sum(%s), 0) FROM %s", key(table), table))
	}
	return out
}
