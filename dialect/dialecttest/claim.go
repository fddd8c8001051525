package dialecttest

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

func (s *suite) claims(t *testing.T) {
	take := func(t *testing.T, db dialect.DB, name string) func() error {
		t.Helper()
		release, err := db.Claim(ctx(t), name)
		if err != nil {
			t.Fatalf("claim: %v", err)
		}
		return release
	}
	refused := func(t *testing.T, db dialect.DB, name string) {
		t.Helper()
		if _, err := db.Claim(ctx(t), name); !errors.Is(err, dialect.ErrClaimed) {
			t.Errorf("a second claim gives %v, want ErrClaimed", err)
		}
	}
	s.sub(t, "taken, refused, released, taken again", func(s *suite, t *testing.T) {
		env := s.Open(t)
		release := take(t, env.DB, "run 1")
		refused(t, env.Second, "run 1")
		refused(t, env.DB, "run 1")
		if err := release(); err != nil {
			t.Fatalf("release: %v", err)
		}
		release = take(t, env.Second, "run 1")
		refused(t, env.DB, "run 1")
		if err := release(); err != nil {
			t.Fatalf("release: %v", err)
		}
	})
	s.sub(t, "different names", func(s *suite, t *testing.T) {
		env := s.Open(t)
		for _, name := range []string{"a", "A", "../b", `it's "c"`, "näme", strings.Repeat("x", 300)} {
			release := take(t, env.DB, name)
			refused(t, env.Second, name)
			defer func() {
				if err := release(); err != nil {
					t.Errorf("release: %v", err)
				}
			}()
		}
	})
	s.sub(t, "transactions go on beside it", func(s *suite, t *testing.T) {
		env := s.open(t, parent)
		release := take(t, env.DB, "run")
		write(t, env.DB, func(tx dialect.Tx) { insert(t, tx, env.Name("parent"), []string{"id"}, int64(1)) })
		write(t, env.Second, func(tx dialect.Tx) { remove(t, tx, dialect.Delete{Table: env.Name("parent")}) })
		inspect(t, env.DB)
		if err := release(); err != nil {
			t.Errorf("release: %v", err)
		}
	})
	s.sub(t, "one of many at once", func(s *suite, t *testing.T) {
		env := s.Open(t)
		var wg sync.WaitGroup
		var got atomic.Int32
		for i := range 8 {
			wg.Go(func() {
				switch release, err := []dialect.DB{env.DB, env.Second}[i%2].Claim(ctx(t), "run"); {
				case err == nil:
					got.Add(1)
					// Only at the end: a claim may hold a connection of a pool that is to be closed.
					t.Cleanup(func() { _ = release() })
				case !errors.Is(err, dialect.ErrClaimed):
					t.Errorf("claim: %v", err)
				}
			})
		}
		wg.Wait()
		if got.Load() != 1 {
			t.Errorf("%d of 8 have the claim, want 1", got.Load())
		}
	})
}

func (s *suite) checks(t *testing.T) {
	env := s.open(t, s.person()...)
	accesses := []dialect.Access{{Table: env.Name("person"), Update: []string{"email", "code"}, Delete: true}, {Table: env.Name("post"), Delete: true}, {Table: env.Name("post")}}
	s.sub(t, "a fine database", func(_ *suite, t *testing.T) {
		problems, err := env.DB.Check(ctx(t), accesses)
		if err != nil || len(problems) != 0 {
			t.Errorf("%d problems, %v", len(problems), err)
		}
	})
	s.sub(t, "a missing table", func(_ *suite, t *testing.T) {
		problems, err := env.DB.Check(ctx(t), append(accesses, dialect.Access{Table: env.Name("nowhere"), Delete: true}))
		if err == nil && len(problems) == 0 {
			t.Error("nothing is said of a table that isn't there")
		}
	})
	s.sub(t, "engine and identity", func(s *suite, t *testing.T) {
		if got := env.DB.Engine(); got.Name != s.Engine || got.MaxRows <= 0 {
			t.Errorf("engine %q with at most %d rows, want %q and a limit", got.Name, got.MaxRows, s.Engine)
		}
		id, err := env.DB.Identity(ctx(t))
		if err != nil {
			t.Fatal(err)
		}
		if schema := inspect(t, env.DB); id.Engine != schema.Engine || id.Version == "" || id.Version != schema.Version {
			t.Error("identity and schema must agree on engine and version")
		}
		for k, v := range id.Facts {
			if k == "" || v == "" {
				t.Error("a fact is empty")
			}
		}
		again, err := env.DB.Identity(ctx(t))
		if err != nil || !slices.Equal(again.Names, id.Names) || !slices.Equal(again.Marks, id.Marks) {
			t.Errorf("names or marks aren't the same when they are asked for again: %v", err)
		}
		if len(id.Names) == 0 || slices.Contains(id.Names, "") || slices.Contains(id.Marks, "") {
			t.Errorf("%d names and %d marks: want at least one name, and none that is empty", len(id.Names), len(id.Marks))
		}
		other, err := s.open(t).DB.Identity(ctx(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range id.Marks {
			if len(m) > 200 || slices.Contains(other.Marks, m) {
				t.Error("a mark is too long, or another database has it")
			}
		}
	})
	s.sub(t, "deferred constraints", func(s *suite, t *testing.T) {
		if !env.DB.Engine().Deferrable {
			t.Skipf("EXCUSED on %s: Engine().Deferrable is false", s.Engine)
		}
		actions := "DEFERRABLE INITIALLY IMMEDIATE"
		env := s.open(t, parent, child(actions))
		s.fill(t, env, "parent", []string{"id"}, 2, func(i int) []any { return []any{i} })
		s.fill(t, env, "child", []string{"id", "parent_id"}, 4, func(i int) []any { return []any{i, i % 2} })
		tx := begin(t, env.DB, dialect.TxOptions{Defer: true})
		remove(t, tx, dialect.Delete{Table: env.Name("parent")})
		err := tx.CheckConstraints(ctx(t))
		if err == nil {
			err = tx.Commit(ctx(t))
		}
		wantClass(t, err, dialect.ForeignKeyViolation)
		_ = tx.Rollback(ctx(t))
		tx = begin(t, env.DB, dialect.TxOptions{Defer: true})
		remove(t, tx, dialect.Delete{Table: env.Name("parent")})
		remove(t, tx, dialect.Delete{Table: env.Name("child")})
		if err := tx.CheckConstraints(ctx(t)); err != nil {
			t.Errorf("all is in order again: %v", err)
		}
		if err := tx.Commit(ctx(t)); err != nil {
			t.Errorf("commit: %v", err)
		}
	})
}
