package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Differences says in which parts two plans differ, for the reviewer of the approved one:
// "hazards", "step s3 (delete of visit)". It returns none if the digests are equal.
func Differences(approved, p *Plan) []string {
	var out []string
	a, b := reflect.ValueOf(*approved), reflect.ValueOf(*p)
	for i := range a.NumField() {
		name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
		if name == "-" || sameJSON(a.Field(i).Interface(), b.Field(i).Interface()) {
			continue
		}
		switch name {
		case "roots":
			out = append(out, p.differingRoots(approved.Roots)...)
		case "policy":
			out = append(out, "policy (the plan's policy file)")
		case "schema":
			out = append(out, "schema (a covered table, or a reference to one)")
		case "made":
			out = append(out, "made (the generator makes other values of consistent fakes)")
		default:
			out = append(out, name)
		}
	}
	return out
}

func (p *Plan) differingRoots(approved []Root) (out []string) {
	roots := p.Roots
	if len(approved) != len(roots) {
		return []string{fmt.Sprintf("roots (%d approved, %d now)", len(approved), len(roots))}
	}
	for i, r := range roots {
		was := approved[i]
		if sameJSON(was, r) {
			continue
		}
		steps := p.differingSteps(was.Steps, r.Steps)
		if len(steps) == 0 {
			steps = []string{"how rows of " + p.TableName(r.Table) + " are found"}
		}
		out = append(out, steps...)
	}
	return out
}

func (p *Plan) differingSteps(approved, steps []Step) (out []string) {
	was := map[string]Step{}
	for _, s := range approved {
		was[s.ID] = s
	}
	for _, s := range steps {
		if old, ok := was[s.ID]; !ok || !sameJSON(old, s) {
			out = append(out, fmt.Sprintf("step %s (%s of %s)", s.ID, s.Op, p.TableName(s.Table)))
		}
		delete(was, s.ID)
	}
	for _, s := range approved {
		if _, gone := was[s.ID]; gone {
			out = append(out, fmt.Sprintf("step %s (%s of %s), removed", s.ID, s.Op, p.TableName(s.Table)))
		}
	}
	return out
}

func sameJSON(a, b any) bool {
	x, err := json.Marshal(a)
	if err != nil {
		return false
	}
	y, err := json.Marshal(b)
	return err == nil && bytes.Equal(x, y)
}
