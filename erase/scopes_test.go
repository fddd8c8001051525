package erase_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

func TestScopeEverythingGoesThroughEveryRow(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		policy := db.shop(t, sample.Shop{Customers: 60, Seed: 9})
		p, err := db.build(t.Context(), policy, plan.ScopeEverything)
		if err != nil {
			t.Fatal(err)
		}
		before, was := db.dump(t), sizes(t, db)
		o := options(p, "r")
		o.MaxRows = 25
		st := db.run(t, p, o)
		after := db.dump(t)

		var deleted []string
		for _, a := range st.Predicate.Actions {
			want := receipt.Rows{Matched: int64(was[a.Table]), Affected: int64(was[a.Table]), Unchecked: a.Rows.Unchecked}
			if a.Operation != "detach" && a.Rows != want {
				t.Errorf("%s %s: %+v, want %+v", a.Operation, a.Table, a.Rows, want)
			}
			if a.Operation == "delete" {
				deleted = append(deleted, a.Table)
			}
		}
		if d := cmp.Diff([]string{"page_view", "web_session"}, deleted); d != "" {
			t.Error("deleted, children first:", d)
		}
		// Each of these tables has an overwritten column without NULLs.
		for _, table := range []string{"customer", "staff", "address", "wishlist", "parcel", "invoice", "message"} {
			same := 0
			for _, row := range after[table] {
				if slices.Contains(before[table], row) {
					same++
				}
			}
			if same > 0 || len(after[table]) != len(before[table]) {
				t.Errorf("table %s: %d of %d rows are as they were", table, same, len(after[table]))
			}
		}
		for _, table := range []string{"category", "product", "team"} {
			if !slices.Equal(before[table], after[table]) {
				t.Errorf("table %s isn't as it was", table)
			}
		}
		db.intact(t)
		db.closed(t)
	})
}

// The same "random" value in every row reveals a function computed once per statement.
func TestPitfall21EveryRowHasAValueOfItsOwn(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		policy := db.shop(t, sample.Shop{Customers: 80, Seed: 9})
		p, err := db.build(t.Context(), policy, plan.ScopeEverything)
		if err != nil {
			t.Fatal(err)
		}
		null := db.count(t, "SELECT count(*) FROM customer WHERE phone IS NULL")
		db.run(t, p, options(p, "r"))
		distinct := func(column, table string) int {
			return db.count(t, "SELECT count(DISTINCT "+column+") FROM "+table)
		}
		for _, c := range []struct {
			table, column string
			least         int
		}{
			{"customer", "email", 80}, {"customer", "code", 75}, {"customer", "phone", 80 - null}, {"customer", "first_name", 40},
			{"customer", "last_name", 40}, {"staff", "name", 5}, {"address", "postcode", 30}, {"address", "street", 30},
		} {
			most := db.count(t, "SELECT count("+c.column+") FROM "+c.table)
			if n := distinct(c.column, c.table); n < min(c.least, most) {
				t.Errorf("%s.%s has %d different values in %d rows, want at least %d", c.table, c.column, n, most, c.least)
			}
		}
		if n := db.count(t, "SELECT count(*) FROM customer WHERE phone IS NULL"); n != null {
			t.Errorf("%d phones are NULL, and were %d", n, null) // pitfall 9
		}
	})
}

func TestScopeExpiredTakesWhatHangsOnARow(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		policy := db.shop(t, sample.Shop{Customers: 60, Seed: 9})
		old := "last_seen < '2025-10-03 00:00:00'" // 90 days before 2026-01-01
		if db.Engine == sample.Postgres {
			old = "last_seen < '2025-10-03 00:00:00+00'"
		}
		sessions := db.count(t, "SELECT count(*) FROM web_session WHERE "+old)
		views := db.count(t, "SELECT count(*) FROM page_view WHERE session_id IN (SELECT session_id FROM web_session WHERE "+old+")")
		fresh := db.count(t, "SELECT count(*) FROM web_session") - sessions
		if sessions == 0 || views == 0 || fresh == 0 {
			t.Fatalf("%d sessions, %d views, %d fresh sessions", sessions, views, fresh)
		}
		p, err := plan.Build(t.Context(), db.DB, policy, plan.ScopeExpired)
		if err != nil {
			t.Fatal(err)
		}
		o := options(p, "r")
		o.MaxRows = 20
		if d := cmp.Diff(map[string]receipt.Rows{
			"delete pageview":   {Matched: int64(views), Affected: int64(views)},
			"delete websession": {Matched: int64(sessions), Affected: int64(sessions)},
		}, matched(db.run(t, p, o))); d != "" {
			t.Error(d)
		}
		if n := db.count(t, "SELECT count(*) FROM web_session"); n != fresh {
			t.Errorf("%d sessions are left, want %d", n, fresh)
		}
		// A new run finds no expired rows, and says so.
		if d := cmp.Diff(map[string]receipt.Rows{}, matched(db.run(t, p, options(p, "again")))); d != "" {
			t.Error(d)
		}
	})
}

// trail is a policy of one table without a key.
const trail = `
version: 1
database: trail
tables:
  trail: {columns: {who: none, what: {pii: free-text, overwrite: random}}}
`

// Pitfall 2: rows distinguished only by their address are overwritten each by itself, in one
// transaction, or the table is refused by name.
func TestPitfall2ATableWithoutAKey(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE trail (who INTEGER, what VARCHAR(40))",
			"INSERT INTO trail VALUES (1, 'the same words'), (1, 'the same words'), (NULL, 'the same words'), (2, NULL), (3, 'others')")
		if db.Engine == sample.MySQL || db.Engine == sample.MariaDB { // these address no row: one statement has to do
			_, err := plan.Build(t.Context(), db.DB, mustParse([]byte(strings.Replace(trail, "random", "{fake: name}", 1))), plan.ScopeEverything)
			if err == nil || !strings.Contains(err.Error(), "trail") || !strings.Contains(err.Error(), "add a key") {
				t.Errorf("error %v", err)
			}
		}
		p := db.plan(t, trail, plan.ScopeEverything)
		if !slices.ContainsFunc(p.Hazards, func(h plan.Hazard) bool { return h.Name == plan.NoPrimaryKey }) {
			t.Error("it is no hazard")
		}
		o := options(p, "r")
		o.MaxRows = 2
		st := db.run(t, p, o)
		if d := cmp.Diff(receipt.Rows{Matched: 5, Affected: 5}, done(st)["overwrite trail"]); d != "" || st.Predicate.Commits.Batches != 1 {
			t.Error(d, st.Predicate.Commits.Batches)
		}
		if n := db.count(t, "SELECT count(DISTINCT what) FROM trail"); n != 4 {
			t.Errorf("%d different values, want 4", n)
		}
		if n := db.count(t, "SELECT count(*) FROM trail WHERE what LIKE '%words' OR what = 'others'"); n != 0 {
			t.Errorf("%d rows are as they were", n)
		}
	})
}

func TestEmptyTablesMakeAReceiptOfNothing(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		db.exec(t, "DELETE FROM letter", "DELETE FROM remark", "DELETE FROM visit", "DELETE FROM member")
		p := db.plan(t, deletes, plan.ScopeEverything)
		for step, n := range done(db.run(t, p, options(p, "r"))) {
			if n != (receipt.Rows{}) {
				t.Errorf("%s: %+v", step, n)
			}
		}
		p = db.plan(t, deletes, plan.ScopeSubjects)
		if _, err := erase.Run(t.Context(), db.DB, p, options(p, "s", "1")); err == nil {
			t.Error("there is a subject")
		}
	})
}

// A copy refreshed next month gives the same people the same names.
func TestTheSameSecretGivesTheSameValuesAgain(t *testing.T) {
	policy := strings.Replace(deletes, "{fake: email}", "{pseudonym: email}", 1)
	policy = strings.Replace(policy, "name: {pii: name, overwrite: {fake: name}}", "name: {pii: name, overwrite: {fake: name, consistent: true}}", 1)
	onEach(t, func(t *testing.T, db *target) {
		db.club(t)
		people := func() []string { return db.dump(t)["member"] }
		original := people()
		p := db.plan(t, policy, plan.ScopeEverything)
		values := func(o erase.Options) []string {
			t.Helper()
			db.run(t, p, o)
			var out []string
			for _, row := range db.rows(t, db.name("member")) {
				out = append(out, fmt.Sprintf("%v %s %s", row[0], row[1], row[3]))
			}
			slices.Sort(out)
			db.exec(t, "DELETE FROM letter", "DELETE FROM remark", "DELETE FROM visit", "DELETE FROM member", club[7])
			if !slices.Equal(original, people()) {
				t.Fatal("the table is another")
			}
			return out
		}
		first := values(options(p, "one"))
		if again := values(options(p, "two")); !slices.Equal(first, again) {
			t.Error("a second run gave other values")
		}
	})
}

// The walk uses the whole key, in its own type and order, and passes each row once.
func TestPitfall3WalksByAnyKey(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		for i, c := range []struct {
			name, key, columns string
			values             func(i int) string // of the key
		}{
			{"two columns", "tenant, no", "tenant VARCHAR(10) NOT NULL, no INTEGER NOT NULL", func(i int) string { return fmt.Sprintf("'%c', %d", "abBmz"[i%5], i) }},
			{"text", "code", "code VARCHAR(20) NOT NULL", func(i int) string { return fmt.Sprintf("'%s%d'", []string{"x", "Y", "é", "ß-", " "}[i%5], i) }},
			{"UUIDs", "id", "id UUID NOT NULL", func(i int) string { return fmt.Sprintf("'%08x-1111-4111-8111-00000000000f'", uint32(i)*0x9E3779B1) }},
			{"negative numbers", "n", "n INTEGER NOT NULL", func(i int) string { return fmt.Sprint(i - 20) }},
			{"days", "d", "d DATE NOT NULL", func(i int) string { return fmt.Sprintf("'20%02d-02-28'", i) }},
		} {
			t.Run(c.name, func(t *testing.T) {
				table := fmt.Sprint("walked", i)
				if db.Engine == sample.MySQL {
					c.columns = strings.Replace(c.columns, "UUID", "CHAR(36)", 1)
				}
				var rows, rules []string
				for i := range 43 {
					rows = append(rows, fmt.Sprintf("(%s, 'secret words of %d')", c.values(i), i))
				}
				for k := range strings.SplitSeq(c.key, ", ") {
					rules = append(rules, "'"+k+"': none")
				}
				db.exec(t, "CREATE TABLE "+table+" ("+c.columns+", secret VARCHAR(40) NOT NULL, PRIMARY KEY ("+c.key+"))",
					"INSERT INTO "+table+" VALUES "+strings.Join(rows, ", "))
				defer db.exec(t, "DROP TABLE "+table)
				p := db.plan(t, "version: 1\ndatabase: w\ntables:\n  "+table+": {columns: {"+strings.Join(rules, ", ")+", secret: {pii: free-text, overwrite: random}}}\n", plan.ScopeEverything)
				o := options(p, c.name)
				o.MaxRows, o.Workers = 5, 3
				st := db.run(t, p, o)
				if d := cmp.Diff(receipt.Rows{Matched: 43, Affected: 43}, done(st)["overwrite "+table]); d != "" {
					t.Error(d)
				}
				if n := db.count(t, "SELECT count(*) FROM "+table+" WHERE secret LIKE 'secret words of%'"); n != 0 {
					t.Errorf("%d rows are as they were", n)
				}
				if n := st.Predicate.Commits.Batches; n < 9 {
					t.Errorf("%d batches", n)
				}
			})
		}
	})
}

// A replacement can equal the old value if few values are possible: the receipt says how often, or that
// it wasn't checked.
func TestValuesThatCameOutAsTheyWereAreCounted(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE voter (id INTEGER NOT NULL PRIMARY KEY, answer VARCHAR(10), place VARCHAR(40))",
			"INSERT INTO voter VALUES (1, 'no', 'Ulm'), (2, 'yes', 'Bonn'), (3, NULL, 'Bern'), (4, 'no', NULL), (5, 'no', 'Brno')")
		const policy = "version: 1\ndatabase: v\ntables:\n  voter: {columns: {id: none, answer: {pii: other, overwrite: {fixed: 'no'}}, place: {pii: address, overwrite: random}}}\n"
		inDatabase := db.plan(t, policy, plan.ScopeEverything)
		throughClient := db.plan(t, strings.Replace(policy, "random", "{fake: city}", 1), plan.ScopeEverything)
		for run, p := range map[string]*plan.Plan{"client": throughClient, "database": inDatabase} {
			db.exec(t, "UPDATE voter SET answer = 'yes' WHERE id = 2")
			a := db.run(t, p, options(p, run)).Predicate.Actions[0]
			if compared := a.Rows.Unchecked == 0; compared && a.Unchanged != 3 || !compared && (run == "client" || a.Unchanged != 0) {
				t.Errorf("in the %s: %d values came out as they were, %d rows unchecked", run, a.Unchanged, a.Rows.Unchecked)
			}
		}
	})
}

// Values excluded by a condition were never to be replaced.
func TestValuesThatAConditionLeavesAreNotCountedAsUnchanged(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE voter (id INTEGER NOT NULL PRIMARY KEY, answer VARCHAR(10), place VARCHAR(40))",
			"INSERT INTO voter VALUES (1, 'no', 'Ulm'), (2, 'yes', 'Bonn'), (3, NULL, 'Bern'), (4, 'no', NULL), (5, 'yes', 'Brno')")
		const policy = "version: 1\ndatabase: v\ntables:\n  voter: {columns: {id: none, answer: {pii: other, overwrite: {fixed: 'no', when: 'id < 4'}}, place: {pii: address, overwrite: random}}}\n"
		for run, text := range map[string]string{"client": strings.Replace(policy, "random", "{fake: city}", 1), "database": policy} {
			p := db.plan(t, text, plan.ScopeEverything)
			db.exec(t, "UPDATE voter SET answer = 'yes' WHERE id = 2")
			a := db.run(t, p, options(p, run)).Predicate.Actions[0]
			if compared := a.Rows.Unchecked == 0; compared && a.Unchanged != 1 || !compared && a.Unchanged != 0 {
				t.Errorf("in the %s: %d values came out as they were, %d rows unchecked", run, a.Unchanged, a.Rows.Unchecked)
			}
		}
	})
}
