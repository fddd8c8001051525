package plan_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	_ "modernc.org/sqlite"

	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// A policy becomes a plan for review.
func Example() {
	db, err := sql.Open("sqlite", ":memory:?_pragma=foreign_keys(1)")
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`
CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, email TEXT NOT NULL);
CREATE TABLE invoice (invoice_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer,
  address TEXT, total NUMERIC, invoice_date DATE);
CREATE INDEX invoice_customer ON invoice (customer_id);
CREATE TABLE message (message_id INTEGER PRIMARY KEY, sender_id INTEGER NOT NULL REFERENCES customer,
  recipient_id INTEGER REFERENCES customer);
CREATE INDEX message_sender ON message (sender_id);
CREATE INDEX message_recipient ON message (recipient_id);`); err != nil {
		panic(err)
	}
	rules, err := policy.Parse(strings.NewReader(`
version: 1
database: shop
subject: {table: customer}
tables:
  customer:
    erase: delete
    columns:
      customer_id: none
      email: {pii: contact, overwrite: {fake: email}}
  invoice:
    erase: delete
    hold: {because: VAT records, until: invoice_date + 6y, keep: [total, invoice_date]}
    columns:
      invoice_id: none
      customer_id: none
      address: {pii: address, overwrite: random}
      total: none
      invoice_date: none
  message:
    via: {sender_id: delete, recipient_id: detach}
    columns: {message_id: none, sender_id: none, recipient_id: none}
`))
	if err != nil {
		panic(err)
	}
	p, err := plan.Build(context.Background(), sqlite.New(db), rules, plan.ScopeSubjects)
	if err != nil {
		panic(err)
	}
	for _, s := range p.Roots[0].Steps {
		fmt.Println(s.ID, s.Op, s.Table)
	}
	// Output:
	// s1 detach message
	// s2 delete message
	// s3 overwrite invoice
	// s4 delete invoice
	// s5 overwrite customer
	// s6 delete customer
}
