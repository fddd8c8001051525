package erase_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// regular gives member 1 visits, and each of them remarks.
func (d *target) regular(t testing.TB, visits, remarks int) {
	t.Helper()
	insert := func(table string, n int, row func(i int) string) {
		for i := 0; i < n; i += 500 {
			var rows []string
			for j := i; j < min(i+500, n); j++ {
				rows = append(rows, row(j))
			}
			d.exec(t, "INSERT INTO "+table+" VALUES "+strings.Join(rows, ", "))
		}
	}
	insert("visit", visits, func(i int) string { return fmt.Sprintf("(%d, 1, 'Bonn')", 1000+i) })
	insert("remark", visits*remarks, func(i int) string { return fmt.Sprintf("(%d, %d, 'again')", 1000+i, 1000+i/remarks) })
}

func TestASubjectLargerThanATransactionGoesLeafFirst(t *testing.T) {
	const visits, remarks, most = 3000, 2, 500
	for _, c := range []struct{ name, policy, root string }{{"deleted", deletes, "delete member"}, {"overwritten", overwrites, "overwrite member"}} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) {
				db.club(t)
				db.regular(t, visits, remarks)
				p := db.plan(t, c.policy, plan.ScopeSubjects)
				o := options(p, "r", "1", "2")
				o.MaxRows = most
				var largest, batches int64
				o.Progress = func(e erase.Event) {
					if e.Kind == erase.EventBatch {
						largest, batches = max(largest, e.Rows), batches+1
					}
				}

				// The process is taken for dead after some of the deletes.
				var passed atomic.Int64
				_, err := erase.RunAt(t.Context(), db.DB, p, o, func(point string) {
					if point == "committed" && passed.Add(1) == 7 {
						db.exec(t, "UPDATE "+db.quote(db.DB.JournalTable("run"))+" SET epoch = epoch + 1")
					}
				})
				if !errors.Is(err, erase.ErrSuperseded) {
					t.Fatalf("error %v", err)
				}
				if n := db.count(t, "SELECT count(*) FROM member WHERE member_id = 1 AND name = 'One Uno'"); n != 1 {
					t.Error("the root went before what refers to it")
				}
				left := db.count(t, "SELECT count(*) FROM remark") + db.count(t, "SELECT count(*) FROM visit")
				if all := visits * (remarks + 1); left >= all || left < all-8*most {
					t.Errorf("%d rows are left of some %d", left, all)
				}
				db.intact(t)

				st := db.run(t, p, o)
				if d := cmp.Diff(map[string]receipt.Rows{
					"delete remark": {Matched: visits*remarks + 3, Affected: visits*remarks + 3},
					"delete visit":  {Matched: visits + 3, Affected: visits + 3},
					"delete letter": {Matched: 2, Affected: 2},
					c.root:          {Matched: 2, Affected: 2},
				}, done(st)); d != "" {
					t.Error(d)
				}
				if largest > most || batches < visits*(remarks+1)/most {
					t.Errorf("%d transactions of up to %d rows", batches, largest)
				}
				if d := cmp.Diff(&receipt.Subjects{Given: 2, Done: 2}, st.Predicate.Subjects); d != "" {
					t.Error(d)
				}
				db.intact(t)
				db.closed(t)
			})
		})
	}
}

// Only the delete itself shows how many leaves a subject has: then it is rolled back.
func TestLeavesThatNobodyFetchesGoOverSeveralTransactions(t *testing.T) {
	const letters, most = 2000, 300
	for name, commitments := range map[string]*erase.Commitments{"uncommitted": nil, "committed to": {Key: bytes.Repeat([]byte{1}, receipt.CommitmentKeySize)}} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) {
				db.club(t)
				var rows []string
				for i := range letters {
					rows = append(rows, fmt.Sprintf("(%d, 3, 'Dear Three')", 100+i))
				}
				for part := range slices.Chunk(rows, 500) {
					db.exec(t, "INSERT INTO letter VALUES "+strings.Join(part, ", "))
				}
				p := db.plan(t, deletes, plan.ScopeSubjects)
				o := options(p, "r", "1", "2", "3")
				o.MaxRows, o.Commitments = most, commitments
				var largest int64
				o.Progress = func(e erase.Event) {
					if e.Kind == erase.EventBatch {
						largest = max(largest, e.Rows)
					}
				}
				st := db.run(t, p, o)
				if d := cmp.Diff(receipt.Rows{Matched: letters + 2, Affected: letters + 2}, done(st)["delete letter"]); d != "" {
					t.Error(d)
				}
				if largest > most {
					t.Errorf("a transaction of %d rows", largest)
				}
				if c := st.Predicate.Commitments; commitments != nil && (c == nil || c.Leaves < letters+2) {
					t.Error("not every row is committed to")
				}
				db.intact(t)
			})
		})
	}
}
