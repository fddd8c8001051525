package erase_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// child is the task of a second process of the test binary: a run in which it kills itself.
type child struct {
	URL        string
	Scope      plan.Scope
	Policy     string // "": the shop's,
	Overwrites bool   // customers are overwritten, not deleted
	Allow      []plan.HazardName
	Subjects   []string
	MaxRows    int
	Workers    int
	Attempts   int    // 0: the default
	Point      string // where to die,
	Nth        int64  // at the nth passage,
	Later      time.Duration
	Years      int    // how many years the clock is after the shop's present
	Log        string // the log's folder to publish the receipt in; "": nowhere
	Leaves     string // the file of row commitments' leaves; "": none are made
}

const childVariable = "EXPUNGE_ERASE_TEST_CHILD"

// TestMain does a child's work in a process started as one.
func TestMain(m *testing.M) {
	doc, ok := os.LookupEnv(childVariable)
	if !ok {
		os.Exit(m.Run())
	}
	var c child
	err := json.Unmarshal([]byte(doc), &c)
	if err == nil {
		err = c.run()
	}
	fmt.Fprintln(os.Stderr, "the child was to be killed and has ended:", err)
	os.Exit(3)
}

func (c child) run() error {
	db, done, err := connect(context.Background(), c.URL)
	if err != nil {
		return err
	}
	defer done()
	strike := moment{c.Point, c.Nth, c.Later}.strike(func() {
		syscall.Kill(os.Getpid(), syscall.SIGKILL) //nolint:errcheck // it doesn't return
		select {}
	})
	if _, _, err = c.work(context.Background(), db, strike.point); err != nil {
		return err
	}
	strike.wait()
	return nil
}

// work carries the child's run out in this process.
func (c child) work(ctx context.Context, db *target, point func(string)) ([]byte, *plan.Plan, error) {
	rules := repeatable()
	if c.Overwrites {
		i := slices.IndexFunc(rules.Tables, func(t policy.Table) bool { return t.Name == "customer" })
		rules.Tables[i].Erase, rules.Tables[i].Hold = policy.EraseOverwrite, nil
	}
	if c.Policy != "" {
		rules = mustParse([]byte(c.Policy))
	}
	p, err := db.build(ctx, rules, c.Scope)
	if err != nil {
		return nil, nil, err
	}
	report, err := c.carryOut(ctx, db, p, point)
	return report.Receipt, p, err
}

// carryOut carries a plan of the child's policy out in this process.
func (c child) carryOut(ctx context.Context, db *target, p *plan.Plan, point func(string)) (erase.Report, error) {
	o := erase.Options{
		RunID: "crash", Signers: signers(), Secret: secret(), Allow: append(allowAll(p), c.Allow...),
		Now:     func() time.Time { return clock().AddDate(c.Years, 0, 0) },
		MaxRows: c.MaxRows, Workers: c.Workers, Attempts: c.Attempts,
	}
	if c.Scope == plan.ScopeSubjects {
		o.Subjects = erase.SubjectKeys(c.Subjects...)
	}
	if c.Log != "" {
		o.Signers, o.Publish = []receipt.Signer{coin()}, publishTo(c.Log)
	}
	if c.Leaves != "" {
		leaves, err := receipt.OpenLeafFile(c.Leaves)
		if err != nil {
			return erase.Report{}, err
		}
		defer leaves.Close()
		o.Commitments = &erase.Commitments{Key: rowKey, Leaves: leaves}
	}
	return erase.RunAt(ctx, db.DB, p, o, point)
}

// kill runs the work in a process of its own, and waits until it is dead.
func (c child) kill(t *testing.T) {
	t.Helper()
	doc, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(doc))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the child was not killed: %v\n%s", err, out)
	}
	db := openTarget(t, c.URL)
	for deadline := time.Now().Add(time.Minute); ; { // the server notices a moment later
		release, err := db.DB.Claim(t.Context(), "run crash")
		if errors.Is(err, dialect.ErrClaimed) && time.Now().Before(deadline) {
			continue
		}
		if err == nil {
			err = release()
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
}

// repeatable is the shop's policy with consistent strategies only: two runs give the same values, and
// overwriting a value twice shows.
func repeatable() *policy.Policy {
	p := mustParse(sample.Policy())
	for i := range p.Tables {
		for j := range p.Tables[i].Columns {
			if s := p.Tables[i].Columns[j].Overwrite; s != nil && (s.Name == "random" || s.Name == "fake") {
				s.Modifiers.Consistent = true
			}
		}
	}
	return p
}

// strangers picks n customers without common data: the counts for one don't depend on another.
func strangers(t testing.TB, db *target, n int) []string {
	t.Helper()
	related := map[int64][]int64{}
	for _, q := range []string{
		"SELECT customer_id, referred_by FROM customer WHERE referred_by IS NOT NULL",
		"SELECT sender_id, recipient_id FROM message WHERE sender_id IS NOT NULL AND recipient_id IS NOT NULL",
		"SELECT a.customer_id, b.customer_id FROM customer a JOIN customer b ON a.address_id = b.address_id AND a.customer_id < b.customer_id",
	} {
		for _, pair := range db.table(t, q) {
			a, b := pair[0], pair[1]
			related[a], related[b] = append(related[a], b), append(related[b], a)
		}
	}
	last := db.count(t, "SELECT max(customer_id) FROM customer")
	picked := map[int64]bool{}
	var out []string
	for id := int64(1); id <= int64(last) && len(out) < n; id++ {
		if !slices.ContainsFunc(related[id], func(o int64) bool { return picked[o] }) {
			picked[id] = true
			out = append(out, strconv.FormatInt(id, 10))
		}
	}
	if len(out) < n {
		t.Fatalf("only %d customers have nothing to do with each other", len(out))
	}
	return out
}

// batches is the number of the run's batches in the journal.
func batches(t testing.TB, db *target) int {
	t.Helper()
	return db.count(t, "SELECT count(*) FROM "+db.quote(db.DB.JournalTable("batch")))
}

// counts are a receipt's results without parts that differ between runs.
func counts(st *receipt.Statement) any {
	return struct {
		Actions  []receipt.Action
		Retained []receipt.Retained
		Subjects *receipt.Subjects
	}{st.Predicate.Actions, st.Predicate.Retained, st.Predicate.Subjects}
}

func TestARunThatWasKilledEndsAsOneThatWasNot(t *testing.T) {
	shop := sample.Shop{Customers: 400, Seed: 3}
	for _, c := range []struct {
		scope   plan.Scope
		maxRows int
		workers int
		points  []string
	}{
		{plan.ScopeSubjects, 150, 3, []string{"gathered", "acted", "journaled", "committed", "checked", "signed"}},
		{plan.ScopeEverything, 150, 3, []string{"acted", "journaled", "committed", "checked", "signed"}},
		{plan.ScopeExpired, 40, 1, []string{"gathered", "journaled", "committed"}},
	} {
		t.Run(string(c.scope), func(t *testing.T) {
			onOneOfEach(t, func(t *testing.T, db *target) {
				reset := db.resettable(t, func(d *target) { d.shop(t, shop) })
				work := child{Scope: c.scope, Subjects: strangers(t, db, 120), MaxRows: c.maxRows, Workers: c.workers}
				env, _, err := work.work(t.Context(), db, nil)
				if err != nil {
					t.Fatal(err)
				}
				want, wantCounts, total := db.dump(t), counts(opened(t, env)), batches(t, db)
				for _, point := range c.points {
					nth := int64(max(total/2, 2))
					if point == "signed" {
						nth = 1
					}
					t.Run(point, func(t *testing.T) {
						db := reset(t)
						w := work
						w.URL, w.Point, w.Nth = db.URL, point, nth
						w.kill(t)
						if n := batches(t, db); n == 0 || n >= total && point != "signed" {
							t.Fatalf("%d of %d batches were done when the process was killed", n, total)
						}
						env, _, err := w.work(t.Context(), db, nil)
						if err != nil {
							t.Fatal(err)
						}
						if d := cmp.Diff(wantCounts, counts(opened(t, env))); d != "" {
							t.Error("the receipt counts otherwise:", d)
						}
						got := db.dump(t)
						for table := range want {
							if !slices.Equal(want[table], got[table]) {
								t.Errorf("table %s ended otherwise", table)
							}
						}
						db.intact(t)
						db.closed(t)
					})
				}
			})
		})
	}
}

// closed fails the test if the journal still contains keys.
func (d *target) closed(t testing.TB) {
	t.Helper()
	batch := d.quote(d.DB.JournalTable("batch"))
	if n := d.count(t, "SELECT count(*) FROM "+batch+" WHERE low IS NOT NULL OR high IS NOT NULL OR stayed IS NOT NULL"); n > 0 {
		t.Errorf("%d entries of the closed journal hold keys", n)
	}
	if n := d.count(t, "SELECT count(*) FROM "+d.quote(d.DB.JournalTable("run"))+" WHERE state <> 'closed'"); n > 0 {
		t.Errorf("%d runs are not closed", n)
	}
}
