package erase_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
)

const bitsPolicy = `
version: 1
database: club
subject: {table: holder, key: code, identifiers: [card]}
tables:
  holder: {erase: delete, columns: {code: none, card: {pii: identifier, overwrite: null}, name: {pii: name, overwrite: random}}}
  loan: {erase: delete, columns: {loan_id: none, code: none, body: {pii: free-text, overwrite: null}}}
`

// A key, or an identifier, of bits is given as its bits, all of them.
func TestASubjectIsNamedByBits(t *testing.T) {
	withBits := slices.DeleteFunc(engines(t), func(e engine) bool { return e.name == "sqlite" || strings.HasPrefix(e.name, "sqlserver") })
	runOn(t, withBits, func(t *testing.T, db *target) {
		db.exec(t,
			"CREATE TABLE holder (code bit(9) NOT NULL, card bit(9) UNIQUE, name varchar(40) NOT NULL, PRIMARY KEY (code))",
			"CREATE TABLE loan (loan_id integer NOT NULL, code bit(9) NOT NULL, body varchar(40), PRIMARY KEY (loan_id), CONSTRAINT fk_loan FOREIGN KEY (code) REFERENCES holder (code))",
			"INSERT INTO holder VALUES (b'000000101', b'100000000', 'Ann'), (b'000001010', b'100000001', 'Bob'), (b'000000010', b'100000010', 'Cid')",
			"INSERT INTO loan VALUES (1, b'000000101', 'one'), (2, b'000001010', 'two'), (3, b'000000010', 'three')")
		p := db.plan(t, bitsPolicy, plan.ScopeSubjects)
		for _, unclear := range []string{"10", "5", "card=10", "0000000010", "00000001x"} {
			_, err := erase.Run(t.Context(), db.DB, p, options(p, "unclear", unclear))
			if !errors.Is(err, erase.ErrBadSubject) || !strings.Contains(err.Error(), "write 9 digits, 0 or 1") {
				t.Errorf("%d characters: %v", len(unclear), err)
			}
		}
		for _, given := range []string{"000000101", "card=100000001"} {
			s := db.run(t, p, options(p, given, given)).Predicate.Subjects
			if s.Done != 1 {
				t.Errorf("%+v", s)
			}
		}
		for _, table := range []string{"holder", "loan"} {
			if n := db.count(t, "SELECT count(*) FROM "+table); n != 1 {
				t.Errorf("%s: %d rows are left", table, n)
			}
			if n := db.count(t, "SELECT count(*) FROM "+table+" WHERE code = b'000000010'"); n != 1 {
				t.Errorf("%s: another's row is gone", table)
			}
		}
	})
}
