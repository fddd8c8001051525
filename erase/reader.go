package erase

import (
	"context"
	"fmt"
	"time"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/transaction"
	"github.com/expungedb/expunge/plan"
)

// order is a caller's request: a plan, its database, and the options.
type order struct {
	Options // with their defaults
	db      dialect.DB
	plan    *plan.Plan
}

func newOrder(db dialect.DB, p *plan.Plan, o Options) order {
	return order{Options: o.withDefaults(db.Engine()), db: db, plan: p}
}

// inReadTx hands a read-only transaction to do.
func (o *order) inReadTx(ctx context.Context, do func(tx dialect.Reader) error) error {
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

// reader reads the database of an order, for Preview, Samples, Verify and Remains. None of its methods
// writes.
type reader struct {
	order
	schema *dialect.Schema
}

func newReader(o order, s *dialect.Schema) *reader { return &reader{o, s} }

// compileRoots compiles the plan's roots as of a moment.
func (r *reader) compileRoots(ctx context.Context, asOf time.Time, how closure.Tracking) ([]*closure.Root, error) {
	if err := r.plan.CheckConditions(r.db); err != nil {
		return nil, err
	}
	var forms func(dialect.Key) []dialect.Key
	if r.plan.Scope == plan.ScopeSubjects {
		forms = r.storedForms
	}
	var out []*closure.Root
	for i := range r.plan.Roots {
		p, err := closure.Compile(r.plan, i, r.schema, asOf, how)
		if err != nil {
			return nil, err
		}
		p.UseEngine(r.db, forms)
		out = append(out, p)
	}
	return out, r.loadRetentionPeriods(ctx, out)
}

// requireSecret refuses roots with a consistent strategy if there is no secret.
func (o *order) requireSecret(roots []*closure.Root) error {
	if !o.Secret.IsZero() {
		return nil
	}
	for _, p := range roots {
		if t, keyed := p.FindKeyed(); keyed {
			return fmt.Errorf("table %s: %w, by Options.Secret or EXPUNGE_SECRET", o.plan.TableName(t.Name), anonymise.ErrNoSecret)
		}
	}
	return nil
}
