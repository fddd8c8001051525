package dialecttest

import (
	"context"
	"testing"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// locks: what a transaction has locked, another can't write.
func (s *suite) locks(t *testing.T) {
	prepare := func(t *testing.T) (*Env, dialect.Name) {
		env := s.open(t, parent)
		s.fill(t, env, "parent", []string{"id", "name"}, 3, func(i int) []any { return []any{i, "x"} })
		return env, env.Name("parent")
	}
	row := func(i int) []dialect.Cond {
		return []dialect.Cond{dialect.In{Columns: []string{"id"}, Keys: ints(i, i)}}
	}
	// blocked tries f in a transaction of the second DB that doesn't wait long.
	blocked := func(t *testing.T, env *Env, f func(tx dialect.Tx) error) error {
		tx, err := env.Second.Begin(ctx(t), dialect.TxOptions{LockTimeout: time.Second})
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
		s.sub(t, name, func(_ *suite, t *testing.T) {
			env, n := prepare(t)
			holder := begin(t, env.DB, dialect.TxOptions{})
			rows(t, holder, dialect.Select{Table: n, Columns: []string{"id"}, Where: row(1), Order: []string{"id"}, Lock: lock})
			err := blocked(t, env, deleting(n, 1))
			wantClass(t, err, dialect.LockTimeout)
			if err := holder.Rollback(ctx(t)); err != nil {
				t.Fatal(err)
			}
			if err := blocked(t, env, deleting(n, 1)); err != nil {
				t.Errorf("after the lock is gone: %v", err)
			}
		})
	}
	s.sub(t, "exclusive lock blocks another", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		sel := dialect.Select{Table: n, Columns: []string{"id"}, Where: row(1), Lock: dialect.Exclusive}
		holder := begin(t, env.DB, dialect.TxOptions{})
		rows(t, holder, sel)
		wantClass(t, blocked(t, env, func(tx dialect.Tx) error {
			for _, err := range tx.Query(ctx(t), sel) {
				if err != nil {
					return err
				}
			}
			return nil
		}), dialect.LockTimeout)
	})
	s.sub(t, "another row isn't blocked", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		holder := begin(t, env.DB, dialect.TxOptions{})
		rows(t, holder, dialect.Select{Table: n, Columns: []string{"id"}, Where: row(1), Lock: dialect.Exclusive})
		if err := blocked(t, env, deleting(n, 2)); err != nil {
			t.Error(err)
		}
	})
	s.sub(t, "a range isn't blocked by the row behind it", func(s *suite, t *testing.T) {
		env := s.open(t, parent) // with so many rows that none of them is looked at but by the key
		s.fill(t, env, "parent", []string{"id", "name"}, 1000, func(i int) []any { return []any{i, "x"} })
		n := env.Name("parent")
		name := table(t, env, "parent").Column("name")
		upTo := []dialect.Cond{dialect.UpTo{Columns: []string{"id"}, Key: dialect.Key{int64(1)}}}
		holder := begin(t, env.DB, dialect.TxOptions{})
		remove(t, holder, dialect.Delete{Table: n, Where: row(2)})
		for what, f := range map[string]func(tx dialect.Tx) (int64, error){
			"select": func(tx dialect.Tx) (found int64, err error) {
				for _, err = range tx.Query(ctx(t), dialect.Select{Table: n, Columns: []string{"id"}, Where: upTo, Lock: dialect.Exclusive}) {
					found++
				}
				return found, err
			},
			"update": func(tx dialect.Tx) (int64, error) {
				u, err := tx.Update(ctx(t), dialect.Update{Table: n, Where: upTo, Set: []dialect.Assign{{Column: name, Expr: dialect.Literal{Value: "y", Column: name}}}})
				return u.Rows, err
			},
			"delete": func(tx dialect.Tx) (int64, error) { return tx.Delete(ctx(t), dialect.Delete{Table: n, Where: upTo}) },
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
	s.sub(t, "transactions of one DB", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		holder := begin(t, env.DB, dialect.TxOptions{})
		remove(t, holder, dialect.Delete{Table: n, Where: row(1)})
		tx, err := env.DB.Begin(ctx(t), dialect.TxOptions{LockTimeout: time.Second})
		if err == nil {
			err = deleting(n, 1)(tx)
			_ = tx.Rollback(ctx(t))
		}
		wantClass(t, err, dialect.LockTimeout)
	})
	s.sub(t, "the lock timeout ends with the transaction", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		tx := begin(t, env.DB, dialect.TxOptions{LockTimeout: 1500 * time.Millisecond})
		if err := tx.Commit(ctx(t)); err != nil {
			t.Fatal(err)
		}
		if err := tx.Rollback(ctx(t)); err != nil {
			t.Errorf("a rollback after the commit is harmless: %v", err)
		}
		read(t, env.DB, func(tx dialect.Tx) { remove(t, tx, dialect.Delete{Table: n}) })
	})
}

func (s *suite) readOnly(t *testing.T) {
	prepare := func(t *testing.T) (*Env, dialect.Name) {
		env := s.open(t, parent)
		s.fill(t, env, "parent", []string{"id", "name"}, 3, func(i int) []any { return []any{i, "x"} })
		return env, env.Name("parent")
	}
	s.sub(t, "reads", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		tx := begin(t, env.DB, dialect.TxOptions{ReadOnly: true})
		if got := count(t, tx, n); got != 3 {
			t.Errorf("count %d, want 3", got)
		}
		if _, err := tx.Position(ctx(t)); err != nil {
			t.Error(err)
		}
		if err := tx.Commit(ctx(t)); err != nil {
			t.Error(err)
		}
	})
	s.sub(t, "refuses to write", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		tx := begin(t, env.DB, dialect.TxOptions{ReadOnly: true})
		_, err := tx.Delete(ctx(t), dialect.Delete{Table: n})
		wantClass(t, err, dialect.ReadOnly)
		if err := tx.Rollback(ctx(t)); err != nil {
			t.Error(err)
		}
		write(t, env.DB, func(tx dialect.Tx) { remove(t, tx, dialect.Delete{Table: n}) })
	})
	s.sub(t, "sees one snapshot", func(_ *suite, t *testing.T) {
		env, n := prepare(t)
		tx := begin(t, env.DB, dialect.TxOptions{ReadOnly: true})
		count(t, tx, n)
		write(t, env.Second, func(tx dialect.Tx) { remove(t, tx, dialect.Delete{Table: n}) })
		if got := count(t, tx, n); got != 3 {
			t.Errorf("after another transaction's commit it counts %d rows, want 3", got)
		}
	})
}
