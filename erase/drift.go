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
		return fmt.Errorf("%w: it was made for %s, and this is %s: build it again", ErrDrift, p.Engine, s.Engine)
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
			Reason: "the user may not see table " + strings.Join(missing, ", ") + " of the plan, or it is gone", Denied: true,
		}}}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: table %s is gone: build the plan again and have it approved", ErrDrift, strings.Join(missing, ", "))
	}
	for _, n := range p.Covers {
		if t := s.Table(n); t != nil && t.TriggersUnseen {
			return fmt.Errorf("%w: a table that it covers, or a reference to one, is different, or looks so to this user, who may not see the triggers of %s: grant TRIGGER on it, or build the plan again and have it approved", ErrDrift, p.TableName(n))
		}
	}
	for _, n := range p.Covers {
		if t := s.Table(n); t != nil && t.ReferencesUnseen {
			return fmt.Errorf("%w: a table that it covers, or a reference to one, is different, or looks so to this user, who may not see all foreign keys that refer to %s: run it as a user who sees what the plan's maker saw, or build the plan again and have it approved", ErrDrift, p.TableName(n))
		}
	}
	return fmt.Errorf("%w: a table that it covers, or a reference to one, is different: build the plan again and have it approved", ErrDrift)
}
