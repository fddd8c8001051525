package discover_test

import (
	"context"
	"database/sql"
	"fmt"

	_ "modernc.org/sqlite"

	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/plan/discover"
)

// Example prints the findings and proposals of a first policy.
func Example() {
	pool, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		panic(err)
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1)
	if _, err := pool.Exec(`
		CREATE TABLE kunde (kunden_id INTEGER PRIMARY KEY, vorname TEXT, kontakt TEXT, plz TEXT, extra TEXT);
		CREATE TABLE bestellung (nr INTEGER PRIMARY KEY, kunden_id INTEGER, betrag DECIMAL(8,2));
		INSERT INTO kunde VALUES (1, 'Ada', 'ada@mail.example', '22085', 'a1'), (2, 'Uwe', 'uwe@mail.example', '28195', 'b2'), (3, 'Zoë', 'zoe@mail.example', '20095', 'c3');
		INSERT INTO bestellung VALUES (1, 1, 9.5), (2, 3, 12)`); err != nil {
		panic(err)
	}
	draft, err := discover.Policy(context.Background(), sqlite.New(pool), discover.Options{Database: "laden"})
	if err != nil {
		panic(err)
	}
	for _, f := range draft.Findings {
		fmt.Printf("%s.%s: %s (%s)\n", f.Table, f.Column, f.Category, f.Reason)
	}
	for _, p := range draft.Proposals {
		fmt.Printf("%s: %s\n", p.About, p.Text)
	}

	// Output:
	// bestellung.nr: none (a key that only numbers rows)
	// bestellung.kunden_id: none (refers to kunde, see links)
	// bestellung.betrag: none (name says an amount or count)
	// kunde.kunden_id: none (a key that only numbers rows)
	// kunde.vorname: name (name says a first name; 3 of 3 sampled values look like a person's name)
	// kunde.kontakt: contact (3 of 3 sampled values look like an e-mail address)
	// kunde.plz: address (name says a postcode; 3 of 3 sampled values look like one)
	// kunde.extra: undecided (neither name, type nor values say what it is)
	// subject: kunde
	// erase: erase: delete
	// erase: erase: delete
	// link: bestellung(kunden_id) -> kunde(kunden_id)
}
