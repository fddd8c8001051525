package erase

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/plan"
)

// Protect marks the database in its journal, which it creates if missing. No plan of scope everything
// then runs there (ErrProtected), whatever else is allowed. A copy has the mark, too, so it is
// unprotected by name before it is overwritten. Protect is idempotent.
func Protect(ctx context.Context, db dialect.DB) error {
	return setProtected(ctx, db, (*journal.Journal).Protect)
}

// Unprotect deletes the mark of Protect from the database of that name: one of dialect.Identity.Names
// or the journal's UUID. It is idempotent; another database's name is ErrWrongDatabase.
func Unprotect(ctx context.Context, db dialect.DB, name string) (err error) {
	defer func() { denial{db: db}.explain(ctx, &err) }()
	t, err := targetOf(ctx, db)
	if err != nil {
		return err
	}
	if err := t.mustBe(name); err != nil {
		return err
	}
	return setProtected(ctx, db, (*journal.Journal).Unprotect)
}

func setProtected(ctx context.Context, db dialect.DB, set func(*journal.Journal, context.Context) error) (err error) {
	defer func() { denial{db: db}.explain(ctx, &err) }()
	if err := journal.Make(ctx, db); err != nil {
		return err
	}
	id, err := db.Identity(ctx)
	if err != nil {
		return err
	}
	j := journal.Open(db, "", time.Now)
	if _, _, err := j.IdentifyDatabase(ctx, id.Marks); err != nil {
		return err
	}
	return set(j, ctx)
}

// targetDatabase is the database that a run is about to change.
type targetDatabase struct {
	dialect.Identity
	row *journal.Database // nil: its journal has none yet
}

func targetOf(ctx context.Context, db dialect.DB) (*targetDatabase, error) {
	id, err := db.Identity(ctx)
	if err != nil {
		return nil, fmt.Errorf("identifying the database: %w", err)
	}
	return findTarget(ctx, db, id)
}

func findTarget(ctx context.Context, db dialect.DB, id dialect.Identity) (*targetDatabase, error) {
	row, err := journal.Read(db).FindDatabase(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	return &targetDatabase{id, row}, nil
}

// mustBe refuses a database with another name.
func (t *targetDatabase) mustBe(name string) error {
	if slices.Contains(t.Names, name) || t.row != nil && t.row.ID == name && !t.row.IsCopy(t.Marks) {
		return nil
	}
	return fmt.Errorf("%w: this one is called %s", ErrWrongDatabase, strings.Join(t.Names, " or "))
}

// checkTarget refuses a database other than the one named by the plan or the caller.
func (s *session) checkTarget(ctx context.Context) error {
	wipes := wipesAll(s.plan)
	if !wipes && s.OnlyOn == "" && s.plan.OnlyOn == "" {
		return nil
	}
	id, err := s.serverIdentity(ctx)
	if err != nil {
		return err
	}
	t, err := findTarget(ctx, s.db, id)
	if err != nil {
		return err
	}
	if wipes && t.row != nil && !t.row.Protected.IsZero() {
		return t.protected()
	}
	switch {
	case s.replaying: // the ledger names the database
		return nil
	case wipes && s.OnlyOn == "" && s.plan.OnlyOn == "":
		return fmt.Errorf("%w: the plan changes every row but names no database: this one is called %s; add --only-on and its name (Options.OnlyOn, Plan.OnlyOn)",
			ErrWrongDatabase, strings.Join(t.Names, " or "))
	}
	for _, name := range []string{s.plan.OnlyOn, s.OnlyOn} {
		if name == "" {
			continue
		}
		if err := t.mustBe(name); err != nil {
			return err
		}
	}
	return nil
}

func (t *targetDatabase) protected() error {
	copied := ""
	if t.row.IsCopy(t.Marks) || t.row.Origin() != "" {
		copied = "; this is a copy, and the mark comes from the original"
	}
	return fmt.Errorf("%w since %s%s: to overwrite every row of %s, remove the mark with `expunge protect --unprotect --only-on NAME` (erase.Unprotect)",
		ErrProtected, t.row.Protected.Format(time.DateOnly), copied, strings.Join(t.Names, " or "))
}

// wipesAll reports whether a plan is for a database without people, for example staging.
func wipesAll(p *plan.Plan) bool {
	return p.Scope == plan.ScopeEverything || slices.ContainsFunc(p.Hazards, func(h plan.Hazard) bool { return h.Name == plan.DeletesEverything })
}

// identifyDatabase identifies the run's database, and deletes personal data from a copy's journal.
func (s *session) identifyDatabase(ctx context.Context) (*journal.Database, error) {
	id, err := s.serverIdentity(ctx)
	if err != nil {
		return nil, err
	}
	row, noticed, err := s.journal.IdentifyDatabase(ctx, id.Marks)
	if err != nil {
		return nil, fmt.Errorf("identifying the database: %w", err)
	}
	if noticed {
		s.Log.Warn("the database is a copy and has a new identity", "copy of", row.Origin(), "identity", row.ID)
		s.emitEvent(Event{Kind: EventCopyNoticed, Reason: row.Origin()})
	}
	switch {
	case !wipesAll(s.plan):
		return row, nil
	case !row.Protected.IsZero(): // marked since the first check
		return nil, (&targetDatabase{id, row}).protected()
	case row.Origin() == "":
		return row, nil
	}
	return row, s.journal.ForgetPeople(ctx)
}
