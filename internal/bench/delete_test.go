//go:build unix

package bench

import (
	"net/url"
	"os/exec"
	"testing"

	"github.com/expungedb/expunge/plan"
)

// expiredRows is the condition for expired rows, the older half.
const expiredRows = "created_at < '2006-01-01'"

// expiring is the policy for them.
var expiring = customerPolicy(randoms.policy, "retention:\n  - {table: customer, by: created_at, older_than: 15y, erase: delete}\n")

// remover deletes the older half without expunge. missing is why it can't.
type remover struct {
	name   string
	remove func(db *database) (missing string)
}

var (
	oneDelete = remover{"one DELETE", func(db *database) string {
		db.exec("DELETE FROM customer WHERE " + expiredRows)
		return ""
	}}
	archiver = remover{"pt-archiver --bulk-delete --limit 5000", func(db *database) string {
		program, err := exec.LookPath("pt-archiver")
		if err != nil {
			return "no pt-archiver here: apt-get install percona-toolkit"
		}
		u, err := url.Parse(db.URL)
		if err != nil {
			db.t.Fatal("the database's URL can't be parsed")
		}
		source := "h=" + u.Hostname() + ",P=" + u.Port() + ",u=" + u.User.Username() + ",D=" + u.Path[1:] + ",t=customer"
		if password, ok := u.User.Password(); ok {
			source += ",p=" + password
		}
		out, err := exec.Command(program, "--no-check-charset", "--source", source, "--where", expiredRows,
			"--purge", "--bulk-delete", "--limit", "5000", "--commit-each").CombinedOutput()
		if err != nil {
			db.t.Fatalf("pt-archiver: %v: %s", err, out)
		}
		return ""
	}}
)

// deleting deletes the older half of a table of customers, with a remover and with expunge.
func deleting(how remover, goal float64) func(t *testing.T, e *engine, n int) []result {
	return func(t *testing.T, e *engine, n int) []result {
		r := result{Work: "delete half of the rows", Engine: e.String(), Rows: n, AgainstName: how.name, Goal: goal}
		byHand := e.fresh(func(db *database) { db.customers(n) })
		missing := ""
		r.Against = timed(func() { missing = how.remove(byHand) })
		if missing != "" {
			r.Against, r.Note = 0, missing
		} else {
			byHand.youngerHalf(t, n)
		}
		db := e.fresh(func(db *database) { db.customers(n) })
		before := db.state(t)
		r.take(db.run(job{Policy: expiring, Scope: plan.ScopeExpired}))
		r.Left += db.youngerHalf(t, n)
		r.Intact = before.compare(t, db)
		return []result{r}
	}
}

// youngerHalf checks that exactly the younger half remains, and returns the number of remaining
// older rows.
func (db *database) youngerHalf(t *testing.T, n int) int64 {
	t.Helper()
	left := db.number("SELECT count(*) FROM customer WHERE " + expiredRows)
	if left > 0 {
		t.Errorf("%d rows are left", left)
	}
	if stayed := db.number("SELECT count(*) FROM customer"); stayed != int64(n-n/2) {
		t.Errorf("%d rows stayed, not %d", stayed, n-n/2)
	}
	return left
}
