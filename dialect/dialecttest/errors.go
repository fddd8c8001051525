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

// canary runs f in a transaction and expects an error of the class that tells
// nothing of the row.
func (s *suite) canary(t *testing.T, env *Env, want dialect.Class, f func(tx dialect.Tx) error) {
	t.Helper()
	tx := begin(t, env.DB, dialect.TxOptions{})
	err := f(tx)
	if err == nil { // some errors come with the commit
		err = tx.Commit(ctx(t))
	}
	if err == nil {
		t.Fatalf("no error, want one of class %q", want)
	}
	wantClass(t, err, want)
	silent(t, err)
	if err := tx.Rollback(ctx(t)); err != nil {
		t.Errorf("rollback after the error: %v", err)
	}
	// The DB must be fit for use afterwards.
	read(t, env.DB, func(tx dialect.Tx) { count(t, tx, env.Name("person")) })
}

func silent(t *testing.T, err error) {
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

func (s *suite) person() []Table {
	return []Table{
		{Name: "person", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "email", Type: text(60), NotNull: true}, {Name: "code", Type: text(5)}, {Name: "n", Type: integer}},
			Primary: []string{"id"}, Unique: [][]string{{"email"}}, Checks: []string{s.Quote("n") + " < 1000"}},
		{Name: "post", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "person_id", Type: integer}}, Primary: []string{"id"},
			Foreign: []Foreign{{Name: "post_person", Columns: []string{"person_id"}, Table: "person", RefColumns: []string{"id"}}}},
	}
}

func (s *suite) errors(t *testing.T) {
	columns := []string{"id", "email", "code", "n"}
	prepare := func(t *testing.T) (*Env, dialect.Name) {
		env := s.open(t, s.person()...)
		n := env.Name("person")
		write(t, env.DB, func(tx dialect.Tx) {
			insert(t, tx, n, columns, int64(1), canaries[0], "a", int64(1))
			insert(t, tx, n, columns, int64(2), "other", "b", int64(2))
			insert(t, tx, n, columns, int64(73310042), "third", "c", int64(3))
			insert(t, tx, env.Name("post"), []string{"id", "person_id"}, int64(1), int64(73310042))
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
				_, err := tx.Delete(context.Background(), dialect.Delete{Table: n, Where: []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: ints(73310042, 73310042)}}})
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
		s.sub(t, c.name, func(s *suite, t *testing.T) {
			env, n := prepare(t)
			s.canary(t, env, c.class, c.do(env, n))
		})
	}
	s.sub(t, "deadlock", func(s *suite, t *testing.T) {
		env, n := prepare(t)
		s.deadlock(t, env, n)
	})
	s.sub(t, "serialization failure", func(s *suite, t *testing.T) {
		env, _ := prepare(t)
		env.Exec(t, s.Serialization("post")...)
		s.canary(t, env, dialect.Retryable, func(tx dialect.Tx) error {
			_, err := tx.Delete(ctx(t), dialect.Delete{Table: env.Name("post")})
			return err
		})
	})
	s.sub(t, "cancelled context", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		tx := begin(t, env.DB, dialect.TxOptions{})
		done, cancel := context.WithCancel(ctx(t))
		cancel()
		_, err := tx.Delete(done, dialect.Delete{Table: n})
		wantClass(t, err, dialect.Cancelled)
		if !errors.Is(err, context.Canceled) {
			t.Error("errors.Is doesn't find context.Canceled")
		}
		if err := tx.Rollback(done); err != nil {
			t.Errorf("a rollback has to work when the context is done: %v", err)
		}
		for _, err := range begin(t, env.DB, dialect.TxOptions{}).Query(done, dialect.Select{Table: n, Columns: []string{"id"}}) {
			wantClass(t, err, dialect.Cancelled)
		}
		_, err = env.DB.Inspect(done)
		wantClass(t, err, dialect.Cancelled)
		_, err = env.DB.Begin(done, dialect.TxOptions{})
		wantClass(t, err, dialect.Cancelled)
	})
	s.sub(t, "cancelled while it waits", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		holder := begin(t, env.DB, dialect.TxOptions{})
		remove(t, holder, dialect.Delete{Table: env.Name("post")})
		late, cancel := context.WithTimeout(ctx(t), 200*time.Millisecond)
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
	s.sub(t, "lost connection", func(s *suite, t *testing.T) {
		env, n := prepare(t)
		tx := begin(t, env.DB, dialect.TxOptions{})
		count(t, tx, n)
		s.Kill(t, env)
		_, err := tx.Delete(ctx(t), dialect.Delete{Table: env.Name("post")})
		wantClass(t, err, dialect.LostConnection)
		silent(t, err)
		_ = tx.Rollback(ctx(t))
		if got := selected(t, env.Second, dialect.Select{Table: env.Name("post"), Columns: []string{"id"}}); len(got) != 1 {
			t.Error("what the lost transaction did must be undone")
		}
	})
	s.sub(t, "missing privilege", func(s *suite, t *testing.T) {
		env, n := prepare(t)
		db := s.Restrict(t, env, "person")
		tx := begin(t, db, dialect.TxOptions{})
		_, err := tx.Delete(ctx(t), dialect.Delete{Table: n})
		wantClass(t, err, dialect.PermissionDenied)
		silent(t, err)
		_ = tx.Rollback(ctx(t))
		problems, err := db.Check(ctx(t), []dialect.Access{{Table: n, Delete: true, Update: []string{"email"}}})
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

// deadlock has two transactions lock two rows in opposite order.
func (s *suite) deadlock(t *testing.T, env *Env, n dialect.Name) {
	lock := func(tx dialect.Tx, id int) error {
		for _, err := range tx.Query(ctx(t), dialect.Select{Table: n, Columns: []string{"id"}, Where: []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: ints(id, id)}}, Lock: dialect.Exclusive}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	a, b := begin(t, env.DB, dialect.TxOptions{}), begin(t, env.Second, dialect.TxOptions{})
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
				_ = step.tx.Rollback(ctx(t))
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
	silent(t, err)
}
