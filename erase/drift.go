package erase

import (
	"fmt"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
)

// checkDrift refuses a schema other than the plan's, and a plan that Build doesn't make on it.
func checkDrift(p *plan.Plan, s *dialect.Schema) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if p.Engine != s.Engine {
		return fmt.Errorf("%w: it was made for %s, not %s: build it again", ErrDrift, p.Engine, s.Engine)
	}
	if s.Fingerprint(p.Covers) == p.Schema {
		return p.CheckSchema(s)
	}
	var missing []string
	for _, n := range p.Covers {
		if s.Table(n) == nil {
			missing = append(missing, p.TableName(n))
		}
	}
	if len(missing) > 0 && s.Partial {
		return &AccessError{Problems: []dialect.Problem{{
			Reason: "table " + strings.Join(missing, ", ") + " of the plan is hidden from the user or deleted", Denied: true,
		}}}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: table %s not found: build the plan again and have it approved", ErrDrift, strings.Join(missing, ", "))
	}
	for _, n := range p.Covers {
		if t := s.Table(n); t != nil && t.TriggersUnseen {
			return fmt.Errorf("%w: a covered table or reference changed, or this user can't see the triggers of %s: grant TRIGGER on it, or build the plan again and have it approved", ErrDrift, p.TableName(n))
		}
	}
	for _, n := range p.Covers {
		if t := s.Table(n); t != nil && t.ReferencesUnseen {
			return fmt.Errorf("%w: a covered table or reference changed, or this user can't see all foreign keys to %s: run it as a user with the access of the plan's maker, or build the plan again and have it approved", ErrDrift, p.TableName(n))
		}
	}
	return fmt.Errorf("%w: a covered table or reference changed: build the plan again and have it approved", ErrDrift)
}
