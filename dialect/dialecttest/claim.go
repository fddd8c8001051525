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

func (s *suite) testClaims(t *testing.T) {
	take := func(t *testing.T, db dialect.DB, name string) func() error {
		t.Helper()
		release, err := db.Claim(contextFor(t), name)
		if err != nil {
			t.Fatalf("claim: %v", err)
		}
		return release
	}
	refused := func(t *testing.T, db dialect.DB, name string) {
		t.Helper()
		if _, err := db.Claim(contextFor(t), name); !errors.Is(err, dialect.ErrClaimed) {
			t.Errorf("a second claim gives %v, want ErrClaimed", err)
		}
	}
	s.runSub(t, "taken, refused, released, taken again", func(s *suite, t *testing.T) {
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
	s.runSub(t, "different names", func(s *suite, t *testing.T) {
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
	s.runSub(t, "transactions go on beside it", func(s *suite, t *testing.T) {
		env := s.openEnv(t, parent)
		release := take(t, env.DB, "run")
		inWriteTx(t, env.DB, func(tx dialect.Tx) { insertRow(t, tx, env.Name("parent"), []string{"id"}, int64(1)) })
		inWriteTx(t, env.Second, func(tx dialect.Tx) { deleteRows(t, tx, dialect.Delete{Table: env.Name("parent")}) })
		inspectDB(t, env.DB)
		if err := release(); err != nil {
			t.Errorf("release: %v", err)
		}
	})
	s.runSub(t, "one of many at once", func(s *suite, t *testing.T) {
		env := s.Open(t)
		var wg sync.WaitGroup
		var got atomic.Int32
		for i := range 8 {
			wg.Go(func() {
				switch release, err := []dialect.DB{env.DB, env.Second}[i%2].Claim(contextFor(t), "run"); {
				case err == nil:
					got.Add(1)
					// Only at the end: a claim may hold a connection of a pool that is to be
					// closed.
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

func (s *suite) testChecks(t *testing.T) {
	env := s.openEnv(t, s.personTables()...)
	accesses := []dialect.Access{{Table: env.Name("person"), Update: []string{"email", "code"}, Delete: true}, {Table: env.Name("post"), Delete: true}, {Table: env.Name("post")}}
	s.runSub(t, "a fine database", func(_ *suite, t *testing.T) {
		problems, err := env.DB.Check(contextFor(t), accesses)
		if err != nil || len(problems) != 0 {
			t.Errorf("%d problems, %v", len(problems), err)
		}
	})
	s.runSub(t, "a missing table", func(_ *suite, t *testing.T) {
		problems, err := env.DB.Check(contextFor(t), append(accesses, dialect.Access{Table: env.Name("nowhere"), Delete: true}))
		if err == nil && len(problems) == 0 {
			t.Error("nothing is said of a table that isn't there")
		}
	})
	s.runSub(t, "engine and identity", func(s *suite, t *testing.T) {
		if got := env.DB.Engine(); got.Name != s.Engine || got.MaxRows <= 0 {
			t.Errorf("engine %q with at most %d rows, want %q and a limit", got.Name, got.MaxRows, s.Engine)
		}
		id, err := env.DB.Identity(contextFor(t))
		if err != nil {
			t.Fatal(err)
		}
		if schema := inspectDB(t, env.DB); id.Engine != schema.Engine || id.Version == "" || id.Version != schema.Version {
			t.Error("identity and schema must agree on engine and version")
		}
		for k, v := range id.Facts {
			if k == "" || v == "" {
				t.Error("a fact is empty")
			}
		}
		again, err := env.DB.Identity(contextFor(t))
		if err != nil || !slices.Equal(again.Names, id.Names) || !slices.Equal(again.Marks, id.Marks) {
			t.Errorf("names or marks aren't the same when they are asked for again: %v", err)
		}
		if len(id.Names) == 0 || slices.Contains(id.Names, "") || slices.Contains(id.Marks, "") {
			t.Errorf("%d names and %d marks: want at least one name, and none that is empty", len(id.Names), len(id.Marks))
		}
		other, err := s.openEnv(t).DB.Identity(contextFor(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range id.Marks {
			if len(m) > 200 || slices.Contains(other.Marks, m) {
				t.Error("a mark is too long, or another database has it")
			}
		}
	})
	s.runSub(t, "deferred constraints", func(s *suite, t *testing.T) {
		if !env.DB.Engine().Deferrable {
			t.Skipf("EXCUSED on %s: Engine().Deferrable is false", s.Engine)
		}
		actions := "DEFERRABLE INITIALLY IMMEDIATE"
		env := s.openEnv(t, parent, childTable(actions))
		s.fillTable(t, env, "parent", []string{"id"}, 2, func(i int) []any { return []any{i} })
		s.fillTable(t, env, "child", []string{"id", "parent_id"}, 4, func(i int) []any { return []any{i, i % 2} })
		tx := beginTx(t, env.DB, dialect.TxOptions{Defer: true})
		deleteRows(t, tx, dialect.Delete{Table: env.Name("parent")})
		err := tx.CheckConstraints(contextFor(t))
		if err == nil {
			err = tx.Commit(contextFor(t))
		}
		wantClass(t, err, dialect.ForeignKeyViolation)
		_ = tx.Rollback(contextFor(t))
		tx = beginTx(t, env.DB, dialect.TxOptions{Defer: true})
		deleteRows(t, tx, dialect.Delete{Table: env.Name("parent")})
		deleteRows(t, tx, dialect.Delete{Table: env.Name("child")})
		if err := tx.CheckConstraints(contextFor(t)); err != nil {
			t.Errorf("all is in order again: %v", err)
		}
		if err := tx.Commit(contextFor(t)); err != nil {
			t.Errorf("commit: %v", err)
		}
	})
}
