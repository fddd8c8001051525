package plan

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/internal/word"
	"github.com/expungedb/expunge/plan/policy"
)

// MaxSize is the maximum size of a plan for Decode, in bytes: 64 MiB.
const MaxSize = 64 << 20

// These are the maximum bytes of a catalogue's name, and of any other text of a plan.
const (
	maxName = 1 << 10
	maxText = 64 << 10
)

// ErrInvalid is wrapped by errors about a plan that Build doesn't make.
var ErrInvalid = errors.New("invalid plan")

// Validate reports every difference from what Build makes, as far as the plan alone tells;
// CheckSchema reports the rest. Each error names a place in the plan, and wraps ErrInvalid.
func (p *Plan) Validate() error {
	v := &validation{plan: p, emptied: map[dialect.Name]bool{}}
	for i := range p.Roots {
		for _, s := range p.Roots[i].Steps {
			v.emptied[s.Table] = v.emptied[s.Table] || p.Scope == ScopeEverything && s.Op == Delete
		}
	}
	v.validateHeader()
	v.validateUnlinked()
	v.validateHazards()
	v.validateDeclared()
	v.require(len(p.Roots) > 0, "roots: none")
	v.validateScope()
	for i := range p.Roots {
		v.at = fmt.Sprintf("roots[%d]", i)
		v.validateRoot(&p.Roots[i])
	}
	v.at = ""
	v.stepIDs()
	v.require(slices.Equal(p.Covers, coveredTables(p.Roots)), "covers: not the tables the plan touches")
	return v.problemsError()
}

// validation collects the problems of a plan.
type validation struct {
	plan     *Plan
	at       string                // the root being checked
	emptied  map[dialect.Name]bool // tables whose rows scope everything deletes
	problems []string
}

// maxProblems is how many problems an error lists.
const maxProblems = 20

func (v *validation) problemsError() error {
	if len(v.problems) == 0 {
		return nil
	}
	err := fmt.Errorf("%w: %s", ErrInvalid, v.problems[0])
	for i, p := range v.problems[1:] {
		if i == maxProblems {
			return errors.Join(err, fmt.Errorf("%d more problems", len(v.problems)-i-1))
		}
		err = errors.Join(err, errors.New(p))
	}
	return fmt.Errorf("%w: build the plan again", err)
}

// require notes a problem, of the root being checked, unless fine.
func (v *validation) require(fine bool, format string, args ...any) bool {
	if !fine {
		problem := fmt.Sprintf(format, args...)
		if v.at != "" {
			problem = v.at + "." + problem
		}
		v.problems = append(v.problems, problem)
	}
	return fine
}

// requirePrintable checks a text for people.
func (v *validation) requirePrintable(field, s string) {
	v.require(len(s) <= maxText && utf8.ValidString(s) && !hasControls(s), "%s: has control characters, or more than %d bytes", field, maxText)
}

func (v *validation) requireText(field, s string) {
	v.require(s != "", "%s: missing", field)
	v.requirePrintable(field, s)
}

// requireName checks the name of a column or an index, or a part of a table's.
func (v *validation) requireName(field, s string) bool {
	return v.require(s != "", "%s: missing", field) &&
		v.require(len(s) <= maxName && utf8.ValidString(s) && !hasControls(s), "%s: has control characters, or more than %d bytes", field, maxName)
}

func (v *validation) requireTable(field string, n dialect.Name) bool {
	return v.requireName(field, n.Table) && (n.Schema == "" || v.requireName(field, n.Schema))
}

// requireColumns checks names of columns, at least one and none twice.
func (v *validation) requireColumns(field string, names []string) {
	v.require(len(names) > 0, "%s: no column", field)
	seen := map[string]bool{}
	for _, n := range names {
		if v.requireName(field, n) {
			v.require(!seen[n], "%s: a column is listed twice", field)
			seen[n] = true
		}
	}
}

func (v *validation) validateCondition(field, sql string) {
	v.requirePrintable(field, sql)
	if sql != "" {
		reason := policy.CheckCondition(sql)
		v.require(reason == "", "%s: the condition %s", field, reason)
	}
}

// hasControls reports whether a text has characters able to control a terminal, or to reorder the
// text after them. Line feeds and tabs of a long reason aren't among them.
func hasControls(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			return true
		}
	}
	return false
}

func (v *validation) validateHeader() {
	p := v.plan
	v.require(p.Version == Version, "version: not %d", Version)
	v.requireText("engine", p.Engine)
	v.requireText("database", p.Database)
	v.requirePrintable("onlyOn", p.OnlyOn)
	v.requirePrintable("default", p.Default)
	v.requirePrintable("controller", p.Controller)
	v.requirePrintable("processor", p.Processor)
	v.requireDigest("policy", p.Policy)
	v.requireDigest("schema", p.Schema)
	for name, version := range p.Made {
		v.requireText("made", name)
		v.requireText("made", version)
	}
}

func (v *validation) requireDigest(field, s string) {
	b, err := hex.DecodeString(s)
	v.require(err == nil && len(b) == 32 && hex.EncodeToString(b) == s, "%s: not a SHA-256 in lower-case hex", field)
}

var hazardName = regexp.MustCompile(`^[A-Z]+(_[A-Z]+)*$`)

// validateUnlinked checks the tables outside of the closure.
func (v *validation) validateUnlinked() {
	p := v.plan
	v.require(len(p.Unlinked) == 0 || p.Scope == ScopeSubjects, "unlinked: only scope subjects has them")
	seen := map[dialect.Name]bool{}
	for i, u := range p.Unlinked {
		at := fmt.Sprintf("unlinked[%d]", i)
		v.requireTable(at+".table", u.Table)
		v.requireText(at+".reason", u.Reason)
		v.require(!seen[u.Table], "%s: listed twice", at)
		seen[u.Table] = true
		for j := range p.Roots {
			v.require(!reachedBy(&p.Roots[j])[u.Table], "%s.table: a root reaches it", at)
		}
	}
}

// validateHazards checks that every hazard visible in the plan alone is listed.
func (v *validation) validateHazards() {
	p := v.plan
	seen, named := map[Hazard]bool{}, map[hazardOf]bool{}
	for i, h := range p.Hazards {
		at := fmt.Sprintf("hazards[%d]", i)
		v.require(hazardName.MatchString(string(h.Name)), "%s.name: not the name of a hazard", at)
		v.requireTable(at+".table", h.Table)
		v.requireText(at+".reason", h.Reason)
		v.require(!seen[h], "%s: listed twice", at)
		seen[h], named[hazardOf{h.Name, h.Table}] = true, true
	}
	need := func(name HazardName, t dialect.Name) {
		v.require(named[hazardOf{name, t}], "hazards: %s of table %s is missing", name, word.Printable(t.String()))
	}
	for i := range p.Roots {
		for j := range p.Roots[i].Steps {
			s := &p.Roots[i].Steps[j]
			switch {
			case p.Scope != ScopeEverything:
			case s.Op == Delete:
				need(DeletesEverything, s.Table)
			default:
				need(OverwritesEverything, s.Table)
			}
		}
		for _, t := range p.Roots[i].Tables {
			if t.Address {
				need(NoPrimaryKey, t.Name)
			}
		}
	}
}

// hazardOf is a hazard without its reason, which another release may word differently.
type hazardOf struct {
	name  HazardName
	table dialect.Name
}

// validateDeclared checks what the policy declares beside its tables.
func (v *validation) validateDeclared() {
	p := v.plan
	v.require(len(p.Unlinked) == 0 || p.Scope == ScopeSubjects, "unlinked: only scope subjects has it")
	for i, u := range p.Unlinked {
		v.requireTable(fmt.Sprintf("unlinked[%d].table", i), u.Table)
		v.requireText(fmt.Sprintf("unlinked[%d].reason", i), u.Reason)
		v.require(len(p.Roots) == 0 || p.Roots[0].tableOf(u.Table) == nil, "unlinked[%d].table: the plan reaches it", i)
	}
	for i, b := range p.Backups {
		v.requireText(fmt.Sprintf("backups[%d].name", i), b.Name)
		v.require(!b.Kept.IsZero(), "backups[%d].kept: must be longer than zero", i)
	}
	for i, r := range p.Replicas {
		v.requireText(fmt.Sprintf("replicas[%d].name", i), r.Name)
	}
	for i, r := range p.Recipients {
		v.requireText(fmt.Sprintf("recipients[%d].name", i), r.Name)
		v.requirePrintable(fmt.Sprintf("recipients[%d].category", i), r.Category)
	}
	v.require(p.Due == nil || !p.Due.Within.IsZero(), "due.within: must be longer than zero")
}

// stepIDs checks that the steps are numbered in order.
func (v *validation) stepIDs() {
	n := 0
	for i := range v.plan.Roots {
		for j := range v.plan.Roots[i].Steps {
			n++
			v.require(v.plan.Roots[i].Steps[j].ID == "s"+strconv.Itoa(n), "roots[%d].steps[%d].id: steps are numbered s1, s2, … in their order", i, j)
		}
	}
}

// validateScope checks the roots as a whole against the scope.
func (v *validation) validateScope() {
	p := v.plan
	switch p.Scope {
	case ScopeSubjects:
		v.validateSubject()
	case ScopeEverything, ScopeExpired:
		v.require(p.Subject == nil, "subject: scope %s has none", p.Scope)
	default:
		v.require(false, "scope: not subjects, everything or expired")
	}
	type entry struct {
		table  dialect.Name
		about  string // distinguishes roots of one table
		lookup Lookup
	}
	seen := map[entry]bool{}
	for i := range p.Roots {
		r := &p.Roots[i]
		e := entry{table: r.Table}
		switch {
		case r.Ended:
			e.about = "ended"
		case r.Older != nil:
			e.about = r.Older.Column + " " + r.Older.Period.String()
			if r.Older.Lookup != nil {
				e.lookup = *r.Older.Lookup
			}
		case p.Scope == ScopeEverything && len(r.Steps) > 0:
			e.about = string(r.Steps[0].Op)
			if d := r.Steps[0].Detach; d != nil {
				e.about += fmt.Sprintf(" %q %q %q", d.Columns, d.RefTable, d.Where)
			}
		}
		v.require(!seen[e], "roots[%d]: listed twice", i)
		seen[e] = true
	}
}

func (v *validation) validateSubject() {
	p := v.plan
	if !v.require(p.Subject != nil, "subject: missing") {
		return
	}
	v.requireTable("subject.table", p.Subject.Table)
	v.requirePrintable("subject.kind", p.Subject.Kind)
	v.requireColumns("subject.key", p.Subject.Key)
	if len(p.Subject.Identifiers) > 0 {
		v.requireColumns("subject.identifiers", p.Subject.Identifiers)
	}
	if !v.require(len(p.Roots) == 1, "roots: scope subjects has one") {
		return
	}
	r := &p.Roots[0]
	if v.require(r.Table == p.Subject.Table && len(r.Tables) > 0, "roots[0].table: not the subject's") {
		v.require(slices.Equal(r.Tables[0].Key, p.Subject.Key), "roots[0].tables[0].key: not the subject's")
		v.require(len(r.Tables[0].Reach) == 0, "roots[0].tables[0].reach: nothing reaches other subjects")
	}
}

// isDate reports whether a text is a day such as 2006-01-02.
func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
