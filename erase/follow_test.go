package erase_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// rekeys reports whether the engine changes keys together with the rows referring to them.
func rekeys(d *target) bool {
	_, able := dialect.AsRekeyer(d.DB)
	return able
}

// circle fills the database with people known by their e-mail addresses. Accounts refer to them by
// address, logins to accounts, seats by one column of two, and messages twice. If the engine can change
// such values together, people refer to each other as well, and no foreign key has an action; else all
// cascade.
func (d *target) circle(t testing.TB, people int) *target {
	t.Helper()
	action, itself, twice := "", ", CONSTRAINT fk_invited FOREIGN KEY (invited_by) REFERENCES person (email)", "account"
	if !rekeys(d) {
		action, itself = " ON UPDATE CASCADE", ""
	}
	recipient := ", CONSTRAINT fk_recipient FOREIGN KEY (recipient) REFERENCES " + twice + " (email)" + action
	if d.Engine == sample.SQLServer {
		recipient = "" // it accepts no second path of cascades
	}
	d.exec(t,
		`CREATE TABLE person (person_id INTEGER NOT NULL, tenant INTEGER NOT NULL, email VARCHAR(60) NOT NULL, invited_by VARCHAR(60), name VARCHAR(40), PRIMARY KEY (person_id), CONSTRAINT uq_email UNIQUE (email), CONSTRAINT uq_tenant UNIQUE (tenant, email)`+itself+`)`,
		`CREATE TABLE account (account_id INTEGER NOT NULL, email VARCHAR(60) NOT NULL, PRIMARY KEY (account_id), CONSTRAINT uq_account UNIQUE (email), CONSTRAINT fk_account FOREIGN KEY (email) REFERENCES person (email)`+action+`)`,
		`CREATE TABLE login (login_id INTEGER NOT NULL, account_email VARCHAR(60), PRIMARY KEY (login_id), CONSTRAINT fk_login FOREIGN KEY (account_email) REFERENCES account (email)`+action+`)`,
		`CREATE TABLE message (message_id INTEGER NOT NULL, sender VARCHAR(60), recipient VARCHAR(60), PRIMARY KEY (message_id), CONSTRAINT fk_sender FOREIGN KEY (sender) REFERENCES person (email)`+action+recipient+`)`,
		`CREATE TABLE seat (seat_id INTEGER NOT NULL, tenant INTEGER, holder VARCHAR(60), PRIMARY KEY (seat_id), CONSTRAINT fk_seat FOREIGN KEY (tenant, holder) REFERENCES person (tenant, email)`+action+`)`,
		`CREATE TABLE note (note_id INTEGER NOT NULL, about VARCHAR(60), PRIMARY KEY (note_id))`,
	)
	var person, account, login, message, seat, note []string
	address := func(i int) string { return fmt.Sprintf("'p%d@old.example'", i%people) }
	for i := range people {
		person = append(person, fmt.Sprintf("(%d, %d, %s, NULL, 'Name %d')", i, i%3, address(i), i))
		account = append(account, fmt.Sprintf("(%d, %s)", i, address(i)))
		login = append(login, fmt.Sprintf("(%d, %s)", 2*i, address(i)), fmt.Sprintf("(%d, %s)", 2*i+1, address(i/2)))
		message = append(message, fmt.Sprintf("(%d, %s, %s)", i, address(i), address(i+1)))
		seat = append(seat, fmt.Sprintf("(%d, %d, %s)", i, i%3, address(i)))
		note = append(note, fmt.Sprintf("(%d, %s)", i, address(i+2)))
	}
	seat = append(seat, fmt.Sprintf("(%d, NULL, 'nobody')", people), fmt.Sprintf("(%d, 1, NULL)", people+1))
	for _, x := range []struct {
		table string
		rows  []string
	}{{"person", person}, {"account", account}, {"login", login}, {"message", message}, {"seat", seat}, {"note", note}} {
		d.exec(t, "INSERT INTO "+x.table+" VALUES "+strings.Join(x.rows, ", "))
	}
	// Each was invited by the one before, the first by nobody.
	for i := 1; i < people; i++ {
		d.exec(t, fmt.Sprintf("UPDATE person SET invited_by = %s WHERE person_id = %d", address(i-1), i))
	}
	return d
}

// joins counts the rows of every join by an address.
func (d *target) joins(t testing.TB) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, q := range []string{
		"account x JOIN person p ON x.email = p.email",
		"login x JOIN account p ON x.account_email = p.email",
		"message x JOIN person p ON x.sender = p.email",
		"message x JOIN account p ON x.recipient = p.email",
		"seat x JOIN person p ON x.tenant = p.tenant AND x.holder = p.email",
		"person x JOIN person p ON x.invited_by = p.email",
		"note x JOIN person p ON x.about = p.email",
		"login x JOIN person p ON x.account_email = p.email JOIN message m ON m.sender = p.email JOIN seat s ON s.holder = p.email",
		"person x JOIN account a ON a.email = x.email AND a.account_id = x.person_id", // still the same person
	} {
		out[q] = d.count(t, "SELECT count(*) FROM "+q)
	}
	return out
}

// acquainted is the policy of the circle with a strategy for people's addresses. Following columns have
// no rule of their own.
func acquainted(strategy string) string {
	return `
version: 1
database: circle
subject: {table: person, key: person_id, identifiers: [email]}
tables:
  person:
    erase: overwrite
    via: {invited_by: keep}
    columns:
      person_id: none
      tenant: none
      email: {pii: contact, overwrite: ` + strategy + `}
      invited_by: {pii: contact` + followsOrElse(strategy) + `}
      name: {pii: name, overwrite: pseudonym}
  account: {erase: keep, columns: {account_id: none, email: {pii: contact}}}
  login: {erase: delete, columns: {login_id: none, account_email: {pii: contact}}}
  message:
    via: {sender: keep, recipient: keep}
    columns: {message_id: none, sender: {pii: contact}, recipient: {pii: contact` + followsOrElse(strategy) + `}}
  seat: {erase: keep, columns: {seat_id: none, tenant: none, holder: {pii: contact}}}
  note: {erase: keep, columns: {note_id: none, about: {pii: contact` + followsOrElse(strategy) + `}}}
links:
  - note(about) -> person(email)
  - person(invited_by) -> person(email)
  - message(recipient) -> account(email)
`
}

// followsOrElse is the same strategy if it is consistent, else null.
func followsOrElse(strategy string) string {
	if strings.Contains(strategy, "pseudonym") || strings.Contains(strategy, "consistent") {
		return ", overwrite: " + strategy
	}
	return ""
}

// anew checks the state after all of the circle was overwritten.
func (d *target) anew(t testing.TB, before map[string]int) {
	t.Helper()
	if diff := cmp.Diff(before, d.joins(t)); diff != "" {
		t.Error("rows of joins (-before +after):", diff)
	}
	d.intact(t)
	for table, rows := range d.dump(t) {
		for _, r := range rows {
			if strings.Contains(r, "@old.example") {
				t.Errorf("an old address is in %s still", table)
				break
			}
		}
	}
}

func TestWhatRefersToAnOverwrittenColumnFollowsIt(t *testing.T) {
	strategies := []string{"{pseudonym: email}", "{fake: email, consistent: true}"}
	onEach(t, func(t *testing.T, db *target) {
		reset := db.resettable(t, func(d *target) { d.circle(t, 30) })
		for i, strategy := range strategies {
			if i > 0 {
				db = reset(t)
			}
			before := db.joins(t)
			p := db.plan(t, acquainted(strategy), plan.ScopeEverything)
			preview, err := erase.Preview(t.Context(), db.DB, p, erase.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if samples, err := erase.Samples(t.Context(), db.DB, p, withSample(options(p, ""), 2)); err != nil || len(samples) == 0 {
				t.Errorf("%d samples (%v)", len(samples), err)
			}
			o := options(p, "r")
			o.MaxRows, o.Workers = 7, 3
			st := db.run(t, p, o)
			db.anew(t, before)

			var got, want []int64
			following := 0
			for j, a := range st.Predicate.Actions {
				got, want = append(got, a.Rows.Affected), append(want, preview.Counts[j].Rows)
				if s := preview.Counts[j].Step; s.Rows == plan.Following {
					following++
					if len(a.Columns) != 1 || a.Columns[0].Strategy != s.Set[0].Strategy.Name || a.Rows.Matched == 0 || a.Rows.Unchecked != 0 {
						t.Errorf("the receipt says of %s: %+v, %+v", a.Table, a.Columns, a.Rows)
					}
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error("rows by step (-preview +receipt):", d)
			}
			if want := map[string]int{sample.MySQL: 5, sample.MariaDB: 5, sample.SQLServer: 4}[db.Engine]; following != cmpOr(want, 6) {
				t.Errorf("%d steps follow", following)
			}
		}
	})
}

func cmpOr(n, otherwise int) int {
	if n != 0 {
		return n
	}
	return otherwise
}

// random never makes the same value twice, so only following keeps the joins. Joins by a link alone are
// lost.
func TestAnyStrategyIsFollowed(t *testing.T) {
	policy := strings.Replace(acquainted("random"), "note: {erase: keep, columns: {note_id: none, about: {pii: contact}}}", "note: {erase: keep, columns: {note_id: none, about: {pii: contact, overwrite: null}}}", 1)
	onOneOfEach(t, func(t *testing.T, db *target) {
		policy := policy // it differs by engine
		db.circle(t, 12)
		before := db.joins(t)
		if !rekeys(db) {
			// Foreign keys impossible on this engine are links here.
			policy = strings.Replace(policy, "invited_by: {pii: contact}", "invited_by: {pii: contact, overwrite: null}", 1)
			before["person x JOIN person p ON x.invited_by = p.email"] = 0
		}
		if db.Engine == sample.SQLServer {
			policy = strings.Replace(policy, "recipient: {pii: contact}", "recipient: {pii: contact, overwrite: null}", 1)
			before["message x JOIN account p ON x.recipient = p.email"] = 0
		}
		before["note x JOIN person p ON x.about = p.email"] = 0
		p := db.plan(t, policy, plan.ScopeEverything)
		o := options(p, "r")
		o.MaxRows = 5
		db.run(t, p, o)
		db.anew(t, before)
	})
}

func TestASubjectsReferencesFollow(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.circle(t, 10)
		before := db.joins(t)
		was := db.dump(t)
		p := db.plan(t, acquainted("{pseudonym: email}"), plan.ScopeSubjects)
		preview, err := erase.Preview(t.Context(), db.DB, p, options(p, "", "3", "4"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := erase.Rehearse(t.Context(), db.DB, p, options(p, "", "3", "4")); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(was, db.dump(t)); d != "" {
			t.Fatal("the rehearsal left something:", d)
		}
		st := db.run(t, p, options(p, "r", "3", "4"))
		for j, a := range st.Predicate.Actions {
			if a.Rows.Affected != preview.Counts[j].Rows {
				t.Errorf("%s %s: %d rows, and the preview said %d", a.Operation, a.Table, a.Rows.Affected, preview.Counts[j].Rows)
			}
		}
		after := db.joins(t)
		for q, n := range before {
			// In this scope a subject's logins are deleted, and rows joined by a link keep their
			// values; on some engines these are more.
			if others := strings.Contains(q, "login") || strings.Contains(q, "note") || strings.Contains(q, "invited") || strings.Contains(q, "recipient"); !others && after[q] != n {
				t.Errorf("%s: %d rows, want %d", q, after[q], n)
			}
		}
		db.intact(t)
		for _, column := range []string{"person.email", "account.email", "message.sender", "seat.holder"} {
			table, name, _ := strings.Cut(column, ".")
			if n := db.count(t, "SELECT count(*) FROM "+table+" WHERE "+name+" IN ('p3@old.example', 'p4@old.example')"); n > 0 {
				t.Errorf("%d rows of %s have an old address", n, table)
			}
			if n := db.count(t, "SELECT count(*) FROM "+table+" WHERE "+name+" LIKE '%@old.example'"); n != 8 {
				t.Errorf("%d rows of %s are others', want 8", n, table)
			}
		}
	})
}

// A batch must not merge two people by giving a row the current value of another row.
func TestAValueThatIsTakenEndsInAnErrorAndNotInTwoPeopleMerged(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		reset := db.resettable(t, func(d *target) { d.circle(t, 6) })
		p := db.plan(t, acquainted("{pseudonym: email}"), plan.ScopeEverything)
		db.run(t, p, options(p, "first"))
		made := scan[string](t, db, "SELECT email FROM person WHERE person_id = 0")[0][0]

		db = reset(t)
		db.exec(t, "INSERT INTO person VALUES (99, 1, '"+made+"', NULL, 'Other')", "INSERT INTO account VALUES (99, '"+made+"')")
		before := db.joins(t)
		p = db.plan(t, acquainted("{pseudonym: email}"), plan.ScopeEverything)
		o := options(p, "second")
		o.MaxRows, o.Attempts = 2, 2
		_, err := erase.Run(t.Context(), db.DB, p, o)
		if dialect.ClassOf(err) != dialect.UniqueViolation || !strings.Contains(fmt.Sprint(err), "another row's current value") {
			t.Errorf("error %v", err)
		}
		if strings.Contains(fmt.Sprint(err), made) {
			t.Error("the error quotes the value")
		}
		delete(before, "note x JOIN person p ON x.about = p.email") // overwritten by its own step, later
		after := db.joins(t)
		for q, n := range before {
			if after[q] != n && !strings.Contains(q, "invited") && !strings.Contains(q, "recipient") {
				t.Errorf("%s: %d rows, want %d", q, after[q], n)
			}
		}
		db.intact(t)
	})
}

// keyed is a table with an address as its only key, and others referring to it.
var keyed = []string{
	`CREATE TABLE subscriber (email VARCHAR(60) NOT NULL, name VARCHAR(40), PRIMARY KEY (email))`,
	`CREATE TABLE delivery (delivery_id INTEGER NOT NULL, email VARCHAR(60), PRIMARY KEY (delivery_id), CONSTRAINT fk_delivery FOREIGN KEY (email) REFERENCES subscriber (email) ON UPDATE CASCADE)`,
}

const keyedPolicy = `
version: 1
database: list
tables:
  subscriber: {columns: {email: {pii: contact, overwrite: {pseudonym: email}}, name: {pii: name, overwrite: random}}}
  delivery: {columns: {delivery_id: none, email: {pii: contact}}}
`

func TestAKeyThatIsOverwritten(t *testing.T) {
	fill := func(d *target) {
		d.exec(t, keyed...)
		for i := range 11 {
			d.exec(t, fmt.Sprintf("INSERT INTO subscriber VALUES ('p%d@old.example', 'Name %d')", i, i),
				fmt.Sprintf("INSERT INTO delivery VALUES (%d, 'p%d@old.example')", i, i), fmt.Sprintf("INSERT INTO delivery VALUES (%d, 'p%d@old.example')", 100+i, i/2))
		}
	}
	const joined = "SELECT count(*) FROM delivery x JOIN subscriber p ON x.email = p.email"
	check := func(t *testing.T, db *target, st *receipt.Statement) {
		t.Helper()
		if n := db.count(t, joined); n != 22 {
			t.Errorf("%d deliveries have their subscriber, want 22", n)
		}
		if n := db.count(t, "SELECT count(*) FROM subscriber WHERE email LIKE '%@old.example'"); n > 0 {
			t.Errorf("%d addresses are old", n)
		}
		want := map[string]receipt.Rows{"overwrite subscriber": {Matched: 11, Affected: 11}, "overwrite delivery": {Matched: 22, Affected: 22}}
		if d := cmp.Diff(want, done(st)); d != "" {
			t.Error("the receipt's counts (-want +got):", d)
		}
	}
	t.Run("and is the only one is done at once", func(t *testing.T) {
		onEach(t, func(t *testing.T, db *target) {
			fill(db)
			p := db.plan(t, keyedPolicy, plan.ScopeEverything)
			if !p.Roots[0].Whole || !slices.ContainsFunc(p.Hazards, func(h plan.Hazard) bool { return h.Name == plan.PersonalKey }) {
				t.Errorf("the table isn't done in one transaction, as a hazard:\n%s", p)
			}
			o := options(p, "r")
			o.MaxRows = 4
			check(t, db, db.run(t, p, o))
		})
	})
	t.Run("gives way to another one", func(t *testing.T) {
		onOneOfEach(t, func(t *testing.T, db *target) {
			fill(db)
			db.exec(t, "ALTER TABLE subscriber ADD no INTEGER DEFAULT 0 NOT NULL")
			for i := range 11 {
				db.exec(t, fmt.Sprintf("UPDATE subscriber SET no = %d WHERE email = 'p%d@old.example'", i, i))
			}
			db.exec(t, "CREATE UNIQUE INDEX uq_no ON subscriber (no)")
			p := db.plan(t, strings.Replace(keyedPolicy, "name:", "no: none, name:", 1), plan.ScopeEverything)
			if d := cmp.Diff([]string{"no"}, p.Roots[0].Tables[0].Key); d != "" || p.Roots[0].Whole {
				t.Errorf("the walk's key (-want +got):%s", d)
			}
			o := options(p, "r")
			o.MaxRows = 4
			check(t, db, db.run(t, p, o))
		})
	})
}

func TestARunThatKeysFollowIsKilledAndContinued(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		reset := db.resettable(t, func(d *target) { d.circle(t, 24) })
		before := db.joins(t)
		work := child{Scope: plan.ScopeEverything, MaxRows: 5, Workers: 2, Policy: acquainted("{pseudonym: email}")}
		env, _, err := work.work(t.Context(), db, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, wantCounts := db.dump(t), counts(opened(t, env))
		for _, point := range []string{"acted", "journaled", "committed"} {
			t.Run(point, func(t *testing.T) {
				db := reset(t)
				w := work
				w.URL, w.Point, w.Nth = db.URL, point, 3
				w.kill(t)
				env, _, err := w.work(t.Context(), db, nil)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(wantCounts, counts(opened(t, env))); d != "" {
					t.Error("the receipt counts otherwise:", d)
				}
				if d := cmp.Diff(want, db.dump(t), cmp.Transformer("", func(rows []string) string { return strings.Join(rows, "\n") })); d != "" {
					t.Error("it ended otherwise")
				}
				db.anew(t, before)
				db.closed(t)
			})
		}
	})
}

func TestAnEngineThatOnlyCascadesRefusesOtherwise(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		for i, s := range keyed {
			db.exec(t, strings.Replace(s, " ON UPDATE CASCADE", "", i))
		}
		_, err := plan.Build(t.Context(), db.DB, mustParse([]byte(keyedPolicy)), plan.ScopeEverything)
		var refused *policy.Error
		if rekeys(db) {
			if err != nil {
				t.Error(err)
			}
		} else if !errors.As(err, &refused) || !strings.Contains(err.Error(), "declare the foreign key ON UPDATE CASCADE") {
			t.Errorf("error %v", err)
		}
	})
}
