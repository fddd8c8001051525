package erase_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// mail is a database with common rows of people: messages between two members, answers to messages, and
// addresses of several members.
var mail = []string{
	`CREATE TABLE address (address_id INTEGER NOT NULL, street VARCHAR(40), PRIMARY KEY (address_id))`,
	`CREATE TABLE member (member_id INTEGER NOT NULL, address_id INTEGER, name VARCHAR(40), PRIMARY KEY (member_id), CONSTRAINT fk_address FOREIGN KEY (address_id) REFERENCES address (address_id))`,
	`CREATE TABLE message (message_id INTEGER NOT NULL, sender_id INTEGER NOT NULL, recipient_id INTEGER, answers INTEGER, body VARCHAR(80), PRIMARY KEY (message_id),
		CONSTRAINT fk_sender FOREIGN KEY (sender_id) REFERENCES member (member_id), CONSTRAINT fk_recipient FOREIGN KEY (recipient_id) REFERENCES member (member_id),
		CONSTRAINT fk_answers FOREIGN KEY (answers) REFERENCES message (message_id))`,
	`CREATE TABLE attachment (attachment_id INTEGER NOT NULL, message_id INTEGER NOT NULL, owner_id INTEGER, body VARCHAR(80), PRIMARY KEY (attachment_id),
		CONSTRAINT fk_message FOREIGN KEY (message_id) REFERENCES message (message_id), CONSTRAINT fk_owner FOREIGN KEY (owner_id) REFERENCES member (member_id))`,
	`CREATE INDEX ix_address ON member (address_id)`,
	`CREATE INDEX ix_sender ON message (sender_id)`,
	`CREATE INDEX ix_recipient ON message (recipient_id)`,
	`CREATE INDEX ix_answers ON message (answers)`,
	`CREATE INDEX ix_message ON attachment (message_id)`,
	`CREATE INDEX ix_owner ON attachment (owner_id)`,
}

const mailPolicy = `
version: 1
database: mail
subject: {table: member, key: member_id}
tables:
  member:
    erase: delete
    columns: {member_id: none, address_id: none, name: {pii: name, overwrite: random}}
  address:
    erase: delete
    columns: {address_id: none, street: {pii: address, overwrite: random}}
  message:
    erase: delete
    via: {sender_id: delete, recipient_id: delete, answers: delete}
    columns: {message_id: none, sender_id: none, recipient_id: none, answers: none, body: {pii: free-text, overwrite: random}}
  attachment:
    erase: delete
    via: {message_id: delete, owner_id: delete}
    columns: {attachment_id: none, message_id: none, owner_id: none, body: {pii: free-text, overwrite: random}}
owns:
  - member(address_id) -> address
`

// mail fills the database with members 1 to n and messages between them, near and far.
func (d *target) mail(t testing.TB, n int) {
	t.Helper()
	d.exec(t, mail...)
	insert := func(table string, rows []string) {
		for len(rows) > 0 {
			some := min(len(rows), 500)
			d.exec(t, "INSERT INTO "+table+" VALUES "+strings.Join(rows[:some], ", "))
			rows = rows[some:]
		}
	}
	var addresses, members, messages, attachments []string
	for id := 1; id <= n; id++ {
		if id%3 == 1 {
			addresses = append(addresses, fmt.Sprintf("(%d, 'Street %d')", id/3, id))
		}
		members = append(members, fmt.Sprintf("(%d, %d, 'Member %d')", id, (id*7)%n/3, id))
	}
	for id := range 4 * n {
		answers := "NULL"
		if id%5 == 4 {
			answers = strconv.Itoa(id - 3)
		}
		messages = append(messages, fmt.Sprintf("(%d, %d, %d, %s, 'Dear')", id, id*31%n+1, id*17%n+1, answers))
		attachments = append(attachments, fmt.Sprintf("(%d, %d, %d, 'picture')", id, (id*13)%(4*n), id*11%n+1))
	}
	insert("address", addresses)
	insert("member", members)
	insert("message", messages)
	insert("attachment", attachments)
}

// Runs of different subjects have rows in common: the messages between them, and rows owned by the
// subjects of both.
func TestRunsThatMeetInTheSameRowsBothEnd(t *testing.T) {
	for name, policy := range map[string]string{
		"deletes":    mailPolicy,
		"overwrites": strings.NewReplacer("recipient_id: delete", "recipient_id: overwrite", "answers: delete", "answers: detach", "owner_id: delete", "owner_id: overwrite").Replace(mailPolicy),
	} {
		t.Run(name, func(t *testing.T) {
			onOneOfEach(t, func(t *testing.T, db *target) {
				want := db.again(t)
				want.mail(t, 400)
				undisturbed := want.plan(t, policy, plan.ScopeSubjects)
				for _, o := range overlapping(undisturbed) {
					want.run(t, undisturbed, o)
				}
				db.mail(t, 400)
				db.runTogether(t, db.plan(t, policy, plan.ScopeSubjects))
				if d := cmp.Diff(want.mailbox(t), db.mailbox(t)); d != "" {
					t.Error("runs side by side leave something else than one after the other:", d)
				}
				db.intact(t)
			})
		})
	}
}

// overlapping are the options of two runs with half of their subjects in common.
func overlapping(p *plan.Plan) []erase.Options {
	var out []erase.Options
	for run, first := range []int{1, 101} {
		var subjects []string
		for id := range 200 {
			subjects = append(subjects, strconv.Itoa(first+id))
		}
		out = append(out, options(p, fmt.Sprintf("run %d", run), subjects...))
	}
	return out
}

// runTogether carries overlapping runs out side by side, each with connections of its own.
func (d *target) runTogether(t *testing.T, p *plan.Plan) {
	t.Helper()
	var mu sync.Mutex
	tried := map[dialect.Class]int{}
	var over sync.WaitGroup
	for _, o := range overlapping(p) {
		own := openTarget(t, d.URL)
		o.Progress = func(e erase.Event) {
			if e.Kind == erase.EventRetry {
				mu.Lock()
				defer mu.Unlock()
				tried[e.Class]++
			}
		}
		over.Go(func() {
			if _, err := erase.Run(t.Context(), own.DB, p, o); err != nil {
				t.Errorf("%s: %v", o.RunID, err)
			}
		})
	}
	over.Wait()
	t.Logf("batches were tried again: %v", tried)
}

// mailbox is the remaining mail, by its keys.
func (d *target) mailbox(t *testing.T) map[string][][]*int64 {
	t.Helper()
	out := map[string][][]*int64{}
	for table, columns := range map[string]string{
		"member": "member_id, address_id", "address": "address_id", "message": "message_id, sender_id, recipient_id, answers", "attachment": "attachment_id, message_id, owner_id",
	} {
		out[table] = scan[*int64](t, d, "SELECT "+columns+" FROM "+table+" ORDER BY 1")
	}
	return out
}

// A batch that met a lock locks the journal's row for the database when it is retried: no other one in
// turn is active then.
func TestABatchThatMetALockTakesItsTurn(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		if db.Engine == sample.SQLite || db.Engine == sample.SQLServer {
			return // one writer, or locks are reported differently
		}
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "r", "1")
		o.LockTimeout = time.Second // the shortest unit of every engine
		var other *rival
		on(&o, erase.EventBegan, func(erase.Event) {
			other = db.rival(t)
			other.exec("UPDATE visit SET place = 'Rome' WHERE visit_id = 12")
		})
		on(&o, erase.EventRetry, func(erase.Event) { other.exec("COMMIT") })
		var locked []bool
		_, err := erase.RunAt(t.Context(), db.DB, p, o, func(point string) {
			if point == "acted" {
				_, err := db.SQL.Exec("SELECT id FROM " + db.quote(db.DB.JournalTable("database")) + " FOR UPDATE NOWAIT")
				locked = append(locked, err != nil)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]bool{true}, locked); d != "" {
			t.Error(d)
		}
	})
}
