//go:build unix

package bench

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/expungedb/expunge/plan"
)

// overN finds a row's number in an expression.
var overN = regexp.MustCompile(`\bn\b`)

// replacing is a way to overwrite the five columns, and the key in engine.words of about the same
// expression in one UPDATE by hand.
type replacing struct {
	title  string
	policy map[string]string
	hand   string
}

var (
	randoms = replacing{"overwrite 5 columns, 2 indexed, `random`", map[string]string{
		"email": "random", "first_name": "random", "last_name": "random", "phone": "random", "street": "random",
	}, "random"}
	pseudonyms = replacing{"overwrite 5 columns, 2 indexed, keyed pseudonyms and fakes", map[string]string{
		"email": "{pseudonym: email}", "first_name": "{fake: first-name, consistent: true}", "last_name": "{fake: last-name, consistent: true}",
		"phone": "{pseudonym: {as: digits}}", "street": "{fake: street, consistent: true}",
	}, "hashed"}
)

// update is the one statement.
func (r *replacing) update(e *engine) string {
	var set []string
	for _, c := range overwritten {
		value := fmt.Sprintf(e.words[r.hand], c)
		set = append(set, c+" = "+value)
	}
	return "UPDATE customer SET " + strings.Join(set, ", ")
}

// overwriting overwrites a table of customers, by one UPDATE and by expunge, which may suspend
// indexes.
func overwriting(how replacing, goal float64, suspends ...plan.HazardName) func(t *testing.T, e *engine, n int) []result {
	return func(t *testing.T, e *engine, n int) []result {
		byHand := e.fresh(func(db *database) { db.customers(n) })
		r := result{Work: how.title, Engine: e.String(), Rows: n, AgainstName: "one UPDATE", Goal: goal}
		for _, h := range suspends {
			r.Work += ", " + string(h)
		}
		r.Against = timed(func() { byHand.exec(how.update(e)) })
		byHand.overwrittenAll(t, n)

		db := e.fresh(func(db *database) { db.customers(n) })
		before := db.state(t)
		r.take(db.run(job{Policy: customerPolicy(how.policy, ""), Scope: plan.ScopeEverything, Allow: suspends}))
		r.Left += db.overwrittenAll(t, n)
		r.Intact = before.compare(t, db)
		return []result{r}
	}
}

// overwrittenAll checks that the five columns have new values, e-mail addresses all different, and
// the other seven their old ones. It returns the number of rows with an old value.
func (db *database) overwrittenAll(t *testing.T, n int) int64 {
	t.Helper()
	var same []string
	for _, c := range customerColumns {
		if slices.Contains(overwritten, c.name) || c.name == "customer_id" {
			continue
		}
		same = append(same, original(c.name, n))
	}
	if got := db.numbers("SELECT count(*), count(DISTINCT email) FROM customer WHERE " + strings.Join(same, " AND ")); got[0] != int64(n) || got[1] != int64(n) {
		t.Errorf("of %d rows %d have the columns that were to stay, with %d e-mail addresses", n, got[0], got[1])
	}
	var old []string
	for _, c := range overwritten {
		old = append(old, original(c, n))
	}
	left := db.number("SELECT count(*) FROM customer WHERE " + strings.Join(old, " OR "))
	if left > 0 {
		t.Errorf("%d rows have an old value", left)
	}
	return left
}

// timed is the duration of do.
func timed(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}
