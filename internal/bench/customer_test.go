//go:build unix

package bench

import (
	"fmt"
	"strings"
)

// customerColumns are the table of customers: twelve columns, three indexes beside the key's. Each
// value is a function of the row's number, so that both sides of a row begin with the same data,
// and changes show afterwards without a copy.
var customerColumns = []struct{ name, kind, value string }{
	{"customer_id", "{big} NOT NULL PRIMARY KEY", "n"},
	{"email", "VARCHAR(80) NOT NULL", "concat('customer', n, '.', n * 7919 % 1000003, '@mail.example')"},
	{"first_name", "VARCHAR(60) NOT NULL", "concat('Firstname', n % 9973)"},
	{"last_name", "VARCHAR(60) NOT NULL", "concat('Lastname', n * 31 % 99991)"},
	{"phone", "VARCHAR(40)", "concat('+49 30 ', 1000000 + n * 7919 % 8999993)"},
	{"street", "VARCHAR(80)", "concat('Example Street ', n * 13 % 9973)"},
	{"postal_code", "VARCHAR(10)", "concat('', 10000 + n % 89999)"},
	{"city", "VARCHAR(40)", "concat('City', n % 997)"},
	{"country", "CHAR(2)", "CASE n % 3 WHEN 0 THEN 'DE' WHEN 1 THEN 'FR' ELSE 'IT' END"},
	{"credit", "DECIMAL(10,2) NOT NULL", "n % 10000"},
	// The older half of the keys is of 2005: it has expired.
	{"created_at", "{moment} NOT NULL", "CAST(concat(CASE WHEN n <= {half} THEN '2005' ELSE '2025' END, '-0', 1 + n % 9, '-1', n % 10, ' 12:00:00') AS {instant})"},
	{"notes", "VARCHAR(200)", "concat('bought something on day ', n % 365, ' and again a week later')"},
}

var customerIndexes = []string{
	"CREATE UNIQUE INDEX customer_email ON customer (email)",
	"CREATE INDEX customer_last_name ON customer (last_name)",
	"CREATE INDEX customer_created_at ON customer (created_at)",
}

// overwritten are the five overwritten columns, two of them indexed.
var overwritten = []string{"email", "first_name", "last_name", "phone", "street"}

// customers fills a database with n of them.
func (db *database) customers(n int) {
	db.t.Helper()
	db.customerRows(n)
	db.exec(customerIndexes...)
}

func (db *database) customerRows(n int) {
	db.t.Helper()
	var defined, names, values []string
	for _, c := range customerColumns {
		defined = append(defined, c.name+" "+c.kind)
		names = append(names, c.name)
		values = append(values, strings.ReplaceAll(c.value, "{half}", fmt.Sprint(n/2)))
	}
	db.exec("CREATE TABLE customer (" + strings.Join(defined, ", ") + ")")
	db.insert("customer", names, values, "", n)
}

// original is the condition for rows with the column's original value.
func original(column string, n int) string {
	for _, c := range customerColumns {
		if c.name == column {
			value := overN.ReplaceAllString(strings.ReplaceAll(c.value, "{half}", fmt.Sprint(n/2)), "customer_id")
			return column + " = " + value
		}
	}
	panic("no column " + column)
}

// customerPolicy renders the policy that deletes a customer, with the strategies of the five
// columns, and more tables or sections after that.
func customerPolicy(how map[string]string, more string) string {
	var b strings.Builder
	b.WriteString("version: 1\ndatabase: bench\nsubject: {table: customer, key: customer_id}\ntables:\n")
	b.WriteString("  customer:\n    erase: delete\n    columns:\n")
	for _, c := range customerColumns {
		if s, ok := how[c.name]; ok {
			fmt.Fprintf(&b, "      %s: {pii: contact, overwrite: %s}\n", c.name, s)
		} else {
			fmt.Fprintf(&b, "      %s: none\n", c.name)
		}
	}
	b.WriteString(more)
	return b.String()
}
