package dialecttest

import (
	"context"
	"testing"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// testLocks: a transaction can't write rows that another one has locked.
func (s *suite) testLocks(t *testing.T) {
	prepare := func(t *testing.T) (*Env, dialect.Name) {
		env := s.openEnv(t, parent)
		s.fillTable(t, env, "parent", []string{"id", "name"}, 3, func(i int) []any { return []any{i, "x"} })
		return env, env.Name("parent")
	}
	row := func(i int) []dialect.Cond {
		return []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: intKeys(i, i)}}
	}
	// blocked tries f in a transaction of the second DB with a short lock timeout.
	blocked := func(t *testing.T, env *Env, f func(tx dialect.Tx) error) error {
		tx, err := env.Second.Begin(contextFor(t), dialect.TxOptions{LockTimeout: time.Second})
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(context.Background()) }()
		return f(tx)
	}
	deleting := func(n dialect.Name, i int) func(dialect.Tx) error {
		return func(tx dialect.Tx) error {
			_, err := tx.Delete(context.Background(), dialect.Delete{Table: n, Where: row(i)})
			return err
		}
	}
	for name, lock := range map[string]dialect.Lock{"exclusive lock blocks a writer": dialect.Exclusive, "share lock blocks a writer": dialect.Share} {
		s.runSub(t, name, func(_ *suite, t *testing.T) {
			env, n := prepare(t)
			holder := beginTx(t, env.DB, dialect.TxOptions{})
			readRows(t, holder, dialect.Select{Table: n, Columns: []string{"id"}, Where: row(1), Order: []string{"id"}, Lock: lock})
			err := blocked(t, env, deleting(n, 1))
			wantClass(t, err, dialect.LockTimeout)
			if err := holder.Rollback(contextFor(t)); err != nil {
				t.Fatal(err)
			}
			if err := blocked(t, env, deleting(n, 1)); err != nil {
				t.Errorf("after the lock is gone: %v", err)
			}
		})
	}
	s.runSub(t, "exclusive lock blocks another", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		sel := dialect.Select{Table: n, Columns: []string{"id"}, Where: row(1), Lock: dialect.Exclusive}
		holder := beginTx(t, env.DB, dialect.TxOptions{})
		readRows(t, holder, sel)
		wantClass(t, blocked(t, env, func(tx dialect.Tx) error {
			for _, err := range tx.Query(contextFor(t), sel) {
				if err != nil {
					return err
				}
			}
			return nil
		}), dialect.LockTimeout)
	})
	s.runSub(t, "another row isn't blocked", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		holder := beginTx(t, env.DB, dialect.TxOptions{})
		readRows(t, holder, dialect.Select{Table: n, Columns: []string{"id"}, Where: row(1), Lock: dialect.Exclusive})
		if err := blocked(t, env, deleting(n, 2)); err != nil {
			t.Error(err)
		}
	})
	s.runSub(t, "a range isn't blocked by the row behind it", func(s *suite, t *testing.T) {
		env := s.openEnv(t, parent) // large enough that the engine reads each row by the key only
		s.fillTable(t, env, "parent", []string{"id", "name"}, 1000, func(i int) []any { return []any{i, "x"} })
		n := env.Name("parent")
		name := tableOf(t, env, "parent").Column("name")
		upTo := []dialect.Cond{dialect.UpTo{Columns: []string{"id"}, Key: dialect.Key{int64(1)}}}
		holder := beginTx(t, env.DB, dialect.TxOptions{})
		deleteRows(t, holder, dialect.Delete{Table: n, Where: row(2)})
		for what, f := range map[string]func(tx dialect.Tx) (int64, error){
			"select": func(tx dialect.Tx) (found int64, err error) {
				for _, err = range tx.Query(contextFor(t), dialect.Select{Table: n, Columns: []string{"id"}, Where: upTo, Lock: dialect.Exclusive}) {
					found++
				}
				return found, err
			},
			"update": func(tx dialect.Tx) (int64, error) {
				u, err := tx.Update(contextFor(t), dialect.Update{Table: n, Where: upTo, Set: []dialect.Assign{{Column: name, Expr: dialect.Literal{Value: "y", Column: name}}}})
				return u.Rows, err
			},
			"delete": func(tx dialect.Tx) (int64, error) {
				return tx.Delete(contextFor(t), dialect.Delete{Table: n, Where: upTo})
			},
		} {
			err := blocked(t, env, func(tx dialect.Tx) error {
				got, err := f(tx)
				if err == nil && got != 2 {
					t.Errorf("%s: %d rows, want 2", what, got)
				}
				return err
			})
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
	s.runSub(t, "transactions of one DB", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		holder := beginTx(t, env.DB, dialect.TxOptions{})
		deleteRows(t, holder, dialect.Delete{Table: n, Where: row(1)})
		tx, err := env.DB.Begin(contextFor(t), dialect.TxOptions{LockTimeout: time.Second})
		if err == nil {
			err = deleting(n, 1)(tx)
			_ = tx.Rollback(contextFor(t))
		}
		wantClass(t, err, dialect.LockTimeout)
	})
	s.runSub(t, "the lock timeout ends with the transaction", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		tx := beginTx(t, env.DB, dialect.TxOptions{LockTimeout: 1500 * time.Millisecond})
		if err := tx.Commit(contextFor(t)); err != nil {
			t.Fatal(err)
		}
		if err := tx.Rollback(contextFor(t)); err != nil {
			t.Errorf("a rollback after the commit is harmless: %v", err)
		}
		inReadTx(t, env.DB, func(tx dialect.Tx) { deleteRows(t, tx, dialect.Delete{Table: n}) })
	})
}

func (s *suite) readOnly(t *testing.T) {
	prepare := func(t *testing.T) (*Env, dialect.Name) {
		env := s.openEnv(t, parent)
		s.fillTable(t, env, "parent", []string{"id", "name"}, 3, func(i int) []any { return []any{i, "x"} })
		return env, env.Name("parent")
	}
	s.runSub(t, "reads", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		tx := beginTx(t, env.DB, dialect.TxOptions{ReadOnly: true})
		if got := countRows(t, tx, n); got != 3 {
			t.Errorf("count %d, want 3", got)
		}
		if _, err := tx.Position(contextFor(t)); err != nil {
			t.Error(err)
		}
		if err := tx.Commit(contextFor(t)); err != nil {
			t.Error(err)
		}
	})
	s.runSub(t, "refuses to write", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		tx := beginTx(t, env.DB, dialect.TxOptions{ReadOnly: true})
		_, err := tx.Delete(contextFor(t), dialect.Delete{Table: n})
		wantClass(t, err, dialect.ReadOnly)
		if err := tx.Rollback(contextFor(t)); err != nil {
			t.Error(err)
		}
		inWriteTx(t, env.DB, func(tx dialect.Tx) { deleteRows(t, tx, dialect.Delete{Table: n}) })
	})
	s.runSub(t, "sees one snapshot", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		tx := beginTx(t, env.DB, dialect.TxOptions{ReadOnly: true})
		countRows(t, tx, n)
		inWriteTx(t, env.Second, func(tx dialect.Tx) { deleteRows(t, tx, dialect.Delete{Table: n}) })
		if got := countRows(t, tx, n); got != 3 {
			t.Errorf("after another transaction's commit it counts %d rows, want 3", got)
		}
	})
}
