package dialecttest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// canaries are values that no error may show.
var canaries = []string{"canary-9c1f@example.org", "73310042"}

// failWithCanary runs f in a transaction and expects an error of the class, without a value of the
// row.
func (s *suite) failWithCanary(t *testing.T, env *Env, want dialect.Class, f func(tx dialect.Tx) error) {
	t.Helper()
	tx := beginTx(t, env.DB, dialect.TxOptions{})
	err := f(tx)
	if err == nil { // some errors come with the commit
		err = tx.Commit(contextFor(t))
	}
	if err == nil {
		t.Fatalf("no error, want one of class %q", want)
	}
	wantClass(t, err, want)
	checkSilent(t, err)
	if err := tx.Rollback(contextFor(t)); err != nil {
		t.Errorf("rollback after the error: %v", err)
	}
	// The DB must be usable afterwards.
	inReadTx(t, env.DB, func(tx dialect.Tx) { countRows(t, tx, env.Name("person")) })
}

func checkSilent(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, c := range canaries {
			if strings.Contains(e.Error(), c) {
				t.Error("the error's text holds a value of the row")
			}
		}
	}
	if _, ok := errors.AsType[*dialect.Error](err); !ok {
		t.Errorf("the error is a %T, want a *dialect.Error", err)
	}
}

func (s *suite) personTables() []Table {
	return []Table{
		{Name: "person", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "email", Type: text(60), NotNull: true}, {Name: "code", Type: text(5)}, {Name: "n", Type: integer}},
			Primary: []string{"id"}, Unique: [][]string{{"email"}}, Checks: []string{s.Quote("n") + " < 1000"}},
		{Name: "post", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "person_id", Type: integer}}, Primary: []string{"id"},
			Foreign: []Foreign{{Name: "post_person", Columns: []string{"person_id"}, Table: "person", RefColumns: []string{"id"}}}},
	}
}

func (s *suite) testErrors(t *testing.T) {
	columns := []string{"id", "email", "code", "n"}
	prepare := func(t *testing.T) (*Env, dialect.Name) {
		env := s.openEnv(t, s.personTables()...)
		n := env.Name("person")
		inWriteTx(t, env.DB, func(tx dialect.Tx) {
			insertRow(t, tx, n, columns, int64(1), canaries[0], "a", int64(1))
			insertRow(t, tx, n, columns, int64(2), "other", "b", int64(2))
			insertRow(t, tx, n, columns, int64(73310042), "third", "c", int64(3))
			insertRow(t, tx, env.Name("post"), []string{"id", "person_id"}, int64(1), int64(73310042))
		})
		return env, n
	}
	bulk := func(n dialect.Name, id int64, column string, v dialect.Value) func(dialect.Tx) error {
		return func(tx dialect.Tx) error {
			_, err := tx.BulkUpdate(context.Background(), dialect.BulkUpdate{Table: n, Key: []string{"id"}, Set: []string{column}, Rows: []dialect.Row{{id, v}}})
			return err
		}
	}
	for _, c := range []struct {
		name  string
		class dialect.Class
		do    func(env *Env, n dialect.Name) func(dialect.Tx) error
	}{
		{"unique by overwrite", dialect.UniqueViolation, func(_ *Env, n dialect.Name) func(dialect.Tx) error { return bulk(n, 2, "email", canaries[0]) }},
		{"unique by insert", dialect.UniqueViolation, func(_ *Env, n dialect.Name) func(dialect.Tx) error {
			return func(tx dialect.Tx) error {
				return tx.Insert(context.Background(), dialect.Insert{Table: n, Columns: columns, Rows: []dialect.Row{{int64(73310042), "x", nil, nil}}})
			}
		}},
		{"foreign key by delete", dialect.ForeignKeyViolation, func(_ *Env, n dialect.Name) func(dialect.Tx) error {
			return func(tx dialect.Tx) error {
				_, err := tx.Delete(context.Background(), dialect.Delete{Table: n, Where: []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: intKeys(73310042, 73310042)}}})
				return err
			}
		}},
		{"foreign key by overwrite", dialect.ForeignKeyViolation, func(env *Env, _ dialect.Name) func(dialect.Tx) error {
			return bulk(env.Name("post"), 1, "person_id", int64(733100421))
		}},
		{"not null", dialect.OtherConstraint, func(_ *Env, n dialect.Name) func(dialect.Tx) error { return bulk(n, 1, "email", nil) }},
		{"check", dialect.OtherConstraint, func(_ *Env, n dialect.Name) func(dialect.Tx) error { return bulk(n, 1, "n", int64(73310042)) }},
		{"too long", dialect.DoesNotFit, func(_ *Env, n dialect.Name) func(dialect.Tx) error { return bulk(n, 1, "code", canaries[0]) }},
		{"missing table", dialect.Fatal, func(env *Env, _ dialect.Name) func(dialect.Tx) error {
			return bulk(env.Name("nowhere"), 1, "code", canaries[0])
		}},
		{"missing column", dialect.Fatal, func(_ *Env, n dialect.Name) func(dialect.Tx) error { return bulk(n, 1, "nothing", canaries[0]) }},
	} {
		s.runSub(t, c.name, func(s *suite, t *testing.T) {
			env, n := prepare(t)
			s.failWithCanary(t, env, c.class, c.do(env, n))
		})
	}
	s.runSub(t, "deadlock", func(s *suite, t *testing.T) {
		env, n := prepare(t)
		s.makeDeadlock(t, env, n)
	})
	s.runSub(t, "serialization failure", func(s *suite, t *testing.T) {
		env, _ := prepare(t)
		env.Exec(t, s.Serialization("post")...)
		s.failWithCanary(t, env, dialect.Retryable, func(tx dialect.Tx) error {
			_, err := tx.Delete(contextFor(t), dialect.Delete{Table: env.Name("post")})
			return err
		})
	})
	s.runSub(t, "cancelled context", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		tx := beginTx(t, env.DB, dialect.TxOptions{})
		done, cancel := context.WithCancel(contextFor(t))
		cancel()
		_, err := tx.Delete(done, dialect.Delete{Table: n})
		wantClass(t, err, dialect.Cancelled)
		if !errors.Is(err, context.Canceled) {
			t.Error("errors.Is doesn't find context.Canceled")
		}
		if err := tx.Rollback(done); err != nil {
			t.Errorf("a rollback has to work when the context is done: %v", err)
		}
		for _, err := range beginTx(t, env.DB, dialect.TxOptions{}).Query(done, dialect.Select{Table: n, Columns: []string{"id"}}) {
			wantClass(t, err, dialect.Cancelled)
		}
		_, err = env.DB.Inspect(done)
		wantClass(t, err, dialect.Cancelled)
		_, err = env.DB.Begin(done, dialect.TxOptions{})
		wantClass(t, err, dialect.Cancelled)
	})
	s.runSub(t, "cancelled while it waits", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		holder := beginTx(t, env.DB, dialect.TxOptions{})
		deleteRows(t, holder, dialect.Delete{Table: env.Name("post")})
		late, cancel := context.WithTimeout(contextFor(t), 200*time.Millisecond)
		defer cancel()
		tx, err := env.Second.Begin(late, dialect.TxOptions{})
		if err == nil {
			_, err = tx.Delete(late, dialect.Delete{Table: env.Name("post")})
			defer func() { _ = tx.Rollback(context.Background()) }()
		}
		wantClass(t, err, dialect.Cancelled)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error("errors.Is doesn't find context.DeadlineExceeded")
		}
		_ = n
	})
	s.runSub(t, "lost connection", func(s *suite, t *testing.T) {
		env, n := prepare(t)
		tx := beginTx(t, env.DB, dialect.TxOptions{})
		countRows(t, tx, n)
		s.Kill(t, env)
		_, err := tx.Delete(contextFor(t), dialect.Delete{Table: env.Name("post")})
		wantClass(t, err, dialect.LostConnection)
		checkSilent(t, err)
		_ = tx.Rollback(contextFor(t))
		if got := selectRows(t, env.Second, dialect.Select{Table: env.Name("post"), Columns: []string{"id"}}); len(got) != 1 {
			t.Error("what the lost transaction did must be undone")
		}
	})
	s.runSub(t, "missing privilege", func(s *suite, t *testing.T) {
		env, n := prepare(t)
		db := s.Restrict(t, env, "person")
		tx := beginTx(t, db, dialect.TxOptions{})
		_, err := tx.Delete(contextFor(t), dialect.Delete{Table: n})
		wantClass(t, err, dialect.PermissionDenied)
		checkSilent(t, err)
		_ = tx.Rollback(contextFor(t))
		problems, err := db.Check(contextFor(t), []dialect.Access{{Table: n, Delete: true, Update: []string{"email"}}})
		if err != nil || len(problems) == 0 {
			t.Errorf("the check finds %d problems, want at least one (%v)", len(problems), err)
		}
		for _, p := range problems {
			if p.Table != n || p.Reason == "" {
				t.Errorf("a problem needs its table and a reason")
			}
		}
	})
}

// makeDeadlock makes two transactions lock two rows in opposite order.
func (s *suite) makeDeadlock(t *testing.T, env *Env, n dialect.Name) {
	lock := func(tx dialect.Tx, id int) error {
		for _, err := range tx.Query(contextFor(t), dialect.Select{Table: n, Columns: []string{"id"}, Where: []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: intKeys(id, id)}}, Lock: dialect.Exclusive}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	a, b := beginTx(t, env.DB, dialect.TxOptions{}), beginTx(t, env.Second, dialect.TxOptions{})
	if err := errors.Join(lock(a, 1), lock(b, 2)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, step := range []struct {
		tx dialect.Tx
		id int
	}{{a, 2}, {b, 1}} {
		wg.Go(func() {
			errs[i] = lock(step.tx, step.id)
			if errs[i] != nil {
				_ = step.tx.Rollback(contextFor(t))
			}
		})
	}
	wg.Wait()
	err := errs[0]
	if err == nil {
		err = errs[1]
	}
	if err == nil {
		t.Fatal("neither of two transactions in a deadlock failed")
	}
	wantClass(t, err, dialect.Retryable)
	checkSilent(t, err)
}
