package erase

import (
	"context"
	"fmt"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/plan"
)

// Remains searches the live database for rows that a plan of scope subjects deletes for the given
// subjects, no matter who deleted them. It needs neither receipt nor policy. It ignores rows that the
// plan overwrites or keeps. It writes nothing and has the limits of Verify; a schema other than the
// plan's is ErrDrift.
func Remains(ctx context.Context, db dialect.DB, p *plan.Plan, subjects Source) (_ *Verification, err error) {
	defer func() { denial{db: db, plan: p, reading: true}.explain(ctx, &err) }()
	if p.Scope != plan.ScopeSubjects || subjects == nil {
		return nil, fmt.Errorf("%w: a plan of scope subjects is needed, and subjects to look for", ErrBadSubject)
	}
	return searchRemains(ctx, db, p, subjects, time.Now())
}

// searchRemains is Remains as of a moment, by which holds are decided.
func searchRemains(ctx context.Context, db dialect.DB, p *plan.Plan, subjects Source, asOf time.Time) (*Verification, error) {
	order := newOrder(db, p, Options{Subjects: subjects})
	r, err := order.inspect(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkDrift(p, r.schema); err != nil {
		return nil, err
	}
	if err := p.CheckConditions(db); err != nil {
		return nil, err
	}
	root, err := closure.Compile(p, 0, r.schema, asOf, closure.Untracked)
	if err != nil {
		return nil, err
	}
	if err := r.refuseHiddenRows(ctx); err != nil {
		return nil, err
	}
	v := &verifier{reader: r, findings: newFindings(r.schema.Default), old: newOldValues(nil), rowsOnly: true}
	if err := v.verifySubjects(ctx, root); err != nil {
		return nil, err
	}
	return v.verification(), nil
}
