package erase_test

import (
	"fmt"
	"testing"

	"github.com/expungedb/expunge/plan"
)

// A held row is found after its hold has ended, in two hard cases: the row that led to it is no longer
// the subject's and not held itself; or rows without a reference from the subject refer to each other.
func TestHeldRowsAreFoundAgainThroughRowsThatLostTheirWay(t *testing.T) {
	const head = `
version: 1
database: works
subject: {table: person, key: person_id}
tables:
  person: {erase: delete, columns: {person_id: none, name: {pii: name, overwrite: random}}}
`
	for _, c := range []struct{ name, policy, want string }{
		{"a row that is overwritten", head + `
  job: {erase: overwrite, columns: {job_id: none, person_id: none, last_pay: none, day: none, note: {pii: free-text, overwrite: null}}}
  pay:
    erase: delete
    hold: {because: tax, until: "day + 6y"}
    columns: {pay_id: none, job_id: none, day: none, iban: {pii: financial, overwrite: null}}
`, "[2] [1 2 3] [2]"},
		{"rows in a circle", head + `
  job:
    erase: delete
    hold: {because: tax, until: "day + 6y", keep: [day, last_pay]}
    columns: {job_id: none, person_id: none, last_pay: none, day: none, note: {pii: free-text, overwrite: null}}
  pay: {erase: delete, columns: {pay_id: none, job_id: none, day: none, iban: {pii: financial, overwrite: null}}}
links:
  - job(last_pay) -> pay
`, "[2] [2] [2]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			onOneOfEach(t, func(t *testing.T, db *target) {
				db.exec(t,
					`CREATE TABLE person (person_id INTEGER NOT NULL, name VARCHAR(40) NOT NULL, PRIMARY KEY (person_id))`,
					`CREATE TABLE job (job_id INTEGER NOT NULL, person_id INTEGER, last_pay INTEGER, day DATE, note VARCHAR(40), PRIMARY KEY (job_id), CONSTRAINT fk_who FOREIGN KEY (person_id) REFERENCES person (person_id))`,
					`CREATE TABLE pay (pay_id INTEGER NOT NULL, job_id INTEGER NOT NULL, day DATE, iban VARCHAR(40), PRIMARY KEY (pay_id), CONSTRAINT fk_job FOREIGN KEY (job_id) REFERENCES job (job_id))`,
					`INSERT INTO person VALUES (1, 'Ann'), (2, 'Bob')`,
					`INSERT INTO job VALUES (1, 1, 1, '2024-01-01', 'roof'), (2, 2, 2, '2024-01-01', 'wall'), (3, 1, NULL, '2024-01-01', 'loft')`,
					`INSERT INTO pay VALUES (1, 1, '2024-01-01', 'DE1'), (2, 2, '2024-01-01', 'DE2')`,
				)
				state := func() string {
					return fmt.Sprint(db.keys(t, "person"), db.keys(t, "job"), db.keys(t, "pay"))
				}
				p := db.plan(t, c.policy, plan.ScopeSubjects)
				db.run(t, p, options(p, "r", "1"))
				if got, want := state(), "[2] [1 2 3] [1 2]"; got != want {
					t.Errorf("after the erasure %s, want %s", got, want)
				}
				db.expire(t, c.policy, 20)
				if got := state(); got != c.want {
					t.Errorf("when the hold has ended %s, want %s", got, c.want)
				}
				if n := db.noted(t); n != 0 {
					t.Errorf("%d rows are noted when nothing is held", n)
				}
			})
		})
	}
}
