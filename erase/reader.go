package erase

import (
	"context"
	"fmt"
	"time"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/transaction"
	"github.com/expungedb/expunge/plan"
)

// order is what a caller asks for: a plan, the database that it is for, and the options.
type order struct {
	Options // with their defaults
	db      dialect.DB
	plan    *plan.Plan
}

func newOrder(db dialect.DB, p *plan.Plan, o Options) order {
	return order{Options: o.withDefaults(db.Engine()), db: db, plan: p}
}

// inReadTx hands a read-only transaction to do.
func (o *order) inReadTx(ctx context.Context, do func(tx dialect.Tx) error) error {
	return transaction.Read(ctx, o.db, do)
}

// inspect reads the catalogue.
func (o *order) inspect(ctx context.Context) (*reader, error) {
	schema, err := o.db.Inspect(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	return newReader(*o, schema), nil
}

// reader reads the database of an order. Preview, Samples, Verify and Remains are made of it:
// no method of it writes.
type reader struct {
	order
	schema *dialect.Schema
}

func newReader(o order, s *dialect.Schema) *reader { return &reader{o, s} }

// compileRoots compiles the plan's roots as of a moment.
func (e *reader) compileRoots(ctx context.Context, asOf time.Time, how tracking) ([]*compiledRoot, error) {
	if err := e.plan.CheckConditions(e.db); err != nil {
		return nil, err
	}
	var out []*compiledRoot
	for i := range e.plan.Roots {
		p, err := compileRoot(e.plan, i, e.schema, asOf, how)
		if err != nil {
			return nil, err
		}
		e.useAbilities(p)
		out = append(out, p)
	}
	return out, e.loadRetentionPeriods(ctx, out)
}

// useAbilities tells the root what the engine can.
func (e *reader) useAbilities(p *compiledRoot) {
	p.version = e.db.Engine().Version
	if e.plan.Scope == plan.ScopeSubjects {
		p.forms = e.storedForms
	}
	p.returner, _ = dialect.AsReturner(e.db)
	for _, t := range p.tables {
		for _, w := range t.writers {
			w.rekeyer, _ = dialect.AsRekeyer(e.db)
		}
	}
}

// requireSecret refuses roots with a consistent strategy where no secret is given.
func (o *order) requireSecret(roots []*compiledRoot) error {
	if !o.Secret.IsZero() {
		return nil
	}
	for _, p := range roots {
		for _, t := range p.tables {
			for _, w := range t.writers {
				if w.keyed {
					return fmt.Errorf("table %s: %w, by Options.Secret or EXPUNGE_SECRET", o.plan.TableName(t.Name), anonymise.ErrNoSecret)
				}
			}
		}
	}
	return nil
}
