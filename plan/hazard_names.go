package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/plan/internal/word"
	"github.com/expungedb/expunge/plan/policy"
)

// ErrNoSuchHazard says that a name allows nothing: no hazard has it, or its table doesn't have the
// hazard.
var ErrNoSuchHazard = errors.New("no such hazard")

// hazardNames are all hazards of a plan.
var hazardNames = []HazardName{
	OverwritesEverything, DeletesEverything, NoPrimaryKey, NoTransactions, TriggersFire, UnseenReferences, HistoryKept, UnindexedLink,
	LinkNeverMatches, CheckMayFail, PersonalKey, SharedRow, UniquenessNotProven, CopiesElsewhere, SuspendsIndexes, SuspendsUniqueness,
}

// CheckAllowed refuses, with ErrNoSuchHazard, an unknown name, and a name with a table that doesn't
// have the hazard in this plan. The error lists the existing ones. It accepts a bare name if the
// plan doesn't have the hazard, so that one command serves many plans.
func (p *Plan) CheckAllowed(names []HazardName) error {
	for _, n := range names {
		name, table, one := strings.Cut(string(n), ":")
		if !slices.Contains(hazardNames, HazardName(name)) {
			return fmt.Errorf("%w: %s: the hazards are %s", ErrNoSuchHazard, word.Printable(name), joinColumns(textsOf(hazardNames)))
		}
		if !one || p.Has(n) {
			continue
		}
		if has := p.withTables(); len(has) > 0 {
			return fmt.Errorf("%w: %s of %s: the plan has %s", ErrNoSuchHazard, name, word.Printable(table), joinColumns(textsOf(has)))
		}
		return fmt.Errorf("%w: %s of %s: the plan has none", ErrNoSuchHazard, name, word.Printable(table))
	}
	return nil
}

// Relevant removes names whose table doesn't have the hazard in this plan, for names given for
// several plans at once.
func (p *Plan) Relevant(names []HazardName) []HazardName {
	return slices.DeleteFunc(slices.Clone(names), func(n HazardName) bool {
		name, _, one := strings.Cut(string(n), ":")
		return one && slices.Contains(hazardNames, HazardName(name)) && !p.Has(n)
	})
}

// Has reports whether the name allows a hazard that the plan has or offers.
func (p *Plan) Has(name HazardName) bool {
	names := []HazardName{name}
	return slices.ContainsFunc(slices.Concat(p.Hazards, p.OptionalHazards()), func(h Hazard) bool { return p.Allows(names, h) })
}

// withTables are the names, with their tables, an operator may allow in the plan.
func (p *Plan) withTables() []HazardName {
	var out []HazardName
	for _, h := range slices.Concat(p.Hazards, p.OptionalHazards()) {
		if n := h.Name + ":" + HazardName(policy.TableName(h.Table, p.Default)); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

func textsOf(names []HazardName) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = string(n)
	}
	return out
}
