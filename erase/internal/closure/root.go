package closure

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// The errors of a root and of its closures.
var (
	// ErrDrift: the schema isn't the plan's.
	ErrDrift = errors.New("the schema has changed since the plan was made")
	// ErrTooManyRoots: several rows of the subject table have one subject's key.
	ErrTooManyRoots = errors.New("more rows than subjects")
)

// KeepsBounds reports whether the journal keeps the walk's bounds: only where the
// root's rows remain, since they are keys.
func (p *Root) KeepsBounds() bool {
	return p.RootTable().Erase != policy.EraseDelete
}

// CheckRoots refuses more rows than keys were given. A key is one row's. If
// the database sees more, by another user's operator or a broken unique
// index, strangers would be erased.
func CheckRoots(table dialect.Name, rows int64, keys int) error {
	if rows <= int64(keys) {
		return nil
	}
	return fmt.Errorf("%w: table %s: more than %d rows have the given keys; nothing was written: "+
		"check that the unique index of the key is valid, and the owner of its comparison operators", ErrTooManyRoots, table, keys)
}

// SetPeriods sets the condition for the rows older than their tenants' periods: those
// of the tenants with the same period are compared with the same moment. Rows
// without a tenant, and of tenants without a period, are kept.
func (p *Root) SetPeriods(tenants map[policy.Period][]dialect.Key) {
	o := p.Plan.Older
	by := p.RootTable().Schema.Column(o.Column)
	p.older = dialect.Any{}
	for _, period := range slices.SortedFunc(maps.Keys(tenants), func(a, b policy.Period) int { return strings.Compare(a.String(), b.String()) }) {
		p.older = append(p.older, dialect.All{
			dialect.In{Columns: []string{o.Lookup.Key}, Keys: tenants[period]},
			dialect.Compare{Column: o.Column, Op: "<", Value: columnTime(period.Before(p.AsOf), by)},
		})
	}
}

// UseEngine tells the root what the engine can, and the forms in which rows may hold a subject's key; nil: as it is.
func (p *Root) UseEngine(db dialect.DB, forms func(dialect.Key) []dialect.Key) {
	p.version, p.forms = db.Engine().RowVersionColumn, forms
	p.returner, _ = dialect.AsReturner(db)
	for _, t := range p.Tables {
		for _, w := range t.writers {
			w.rekeyer, _ = dialect.AsRekeyer(db)
		}
	}
}

// FindKeyed returns a table with a keyed strategy.
func (p *Root) FindKeyed() (*Table, bool) {
	for _, t := range p.Tables {
		for _, w := range t.writers {
			if w.keyed {
				return t, true
			}
		}
	}
	return nil, false
}
