package erase

import (
	"context"
	"errors"
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/plan"
)

// Grants returns the statements for an administrator to let a role carry a plan out and nothing else:
// they create the journal's tables and grant privileges on these and on the plan's tables. On MySQL and
// MariaDB the role is user@host; an empty one is the connection's own account. SQLite has no privileges
// and needs no grants.
//
// Not included: suspending indexes takes the table's owner, and throttles may need to see the server's
// state.
func Grants(ctx context.Context, db dialect.DB, p *plan.Plan, role string) ([]string, error) {
	return db.Grants(ctx, dialect.Grant{Role: role, Accesses: requiredAccess(p), Journal: journal.Tables(db), Make: true})
}

// denial makes an AccessError of an error about a missing privilege.
type denial struct {
	db      dialect.DB
	plan    *plan.Plan // nil: only the journal is used
	reading bool       // nothing is written
}

// explain replaces *err if a privilege is missing that statements can grant.
func (d denial) explain(ctx context.Context, err *error) {
	if *err == nil {
		return
	}
	_ = dialect.OmitSchema(*err, d.usual())
	if access, ok := errors.AsType[*AccessError](*err); ok {
		access.usual = d.usual()
		if slices.ContainsFunc(access.Problems, func(p dialect.Problem) bool { return p.Denied }) && len(access.Grants) == 0 {
			access.Grants, access.reconnect = d.statements(ctx), d.db.Engine().GrantsOnConnect
		}
		return
	}
	e, ok := errors.AsType[*dialect.Error](*err)
	if !ok || e.Class != dialect.PermissionDenied || !d.concerns(e.Table) {
		return
	}
	*err = &AccessError{
		Problems: []dialect.Problem{{Reason: (*err).Error(), Denied: true}},
		Grants:   d.statements(ctx), reconnect: d.db.Engine().GrantsOnConnect, cause: *err,
	}
}

func (d denial) usual() string {
	if d.plan == nil {
		return ""
	}
	return d.plan.Default
}

// concerns reports whether the statements cover a table.
func (d denial) concerns(n dialect.Name) bool {
	isNamed := func(t *dialect.Table) bool { return t.Name == n }
	return slices.ContainsFunc(journal.Tables(d.db), isNamed) ||
		d.plan != nil && slices.ContainsFunc(requiredAccess(d.plan), func(a dialect.Access) bool { return a.Table == n })
}

// statements are what an administrator runs for this connection's account. If they can't be made there
// are none: this must not hide the missing privilege.
func (d denial) statements(ctx context.Context) []string {
	row, denied := journal.Read(d.db).FindDatabase(ctx)
	g := dialect.Grant{ReadOnly: d.reading, Make: !d.reading && row == nil}
	if !d.reading || row != nil || denied != nil {
		g.Journal = journal.Tables(d.db)
	}
	if d.plan != nil {
		g.Accesses = requiredAccess(d.plan)
	}
	statements, err := d.db.Grants(ctx, g)
	if err != nil {
		return nil
	}
	return statements
}
