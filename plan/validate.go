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
)

// MaxSize is the size in bytes above which Decode reads no plan: 64 MiB.
const MaxSize = 64 << 20

// How many bytes a name of the catalogue, and any other text of a plan, may have.
const (
	maxName = 1 << 10
	maxText = 64 << 10
)

// ErrInvalid is wrapped by errors about a plan that Build doesn't make.
var ErrInvalid = errors.New("invalid plan")

// Validate reports everything in which the plan differs from what Build makes, as
// far as the plan alone tells; CheckSchema says the rest. Each error names a place
// in the plan, and wraps ErrInvalid.
func (p *Plan) Validate() error {
	v := &validation{plan: p, emptied: map[dialect.Name]bool{}}
	for i := range p.Roots {
		for _, s := range p.Roots[i].Steps {
			v.emptied[s.Table] = v.emptied[s.Table] || p.Scope == ScopeEverything && s.Op == Delete
		}
	}
	v.header()
	v.unlinked()
	v.hazards()
	v.declared()
	v.check(len(p.Roots) > 0, "roots: there are none")
	v.scope()
	for i := range p.Roots {
		v.at = fmt.Sprintf("roots[%d]", i)
		v.root(&p.Roots[i])
	}
	v.at = ""
	v.stepIDs()
	v.check(slices.Equal(p.Covers, covers(p.Roots)), "covers: these aren't the tables that the plan touches")
	return v.err()
}

// validation collects what is wrong with a plan.
type validation struct {
	plan     *Plan
	at       string                // the root that is being checked
	emptied  map[dialect.Name]bool // tables that scope everything deletes all rows of
	problems []string
}

// maxProblems is how many problems an error lists.
const maxProblems = 20

func (v *validation) err() error {
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

// check notes a problem, of the root that is being checked, unless it is fine.
func (v *validation) check(fine bool, format string, args ...any) bool {
	if !fine {
		problem := fmt.Sprintf(format, args...)
		if v.at != "" {
			problem = v.at + "." + problem
		}
		v.problems = append(v.problems, problem)
	}
	return fine
}

// text checks a text for people.
func (v *validation) text(field, s string) {
	v.check(len(s) <= maxText && utf8.ValidString(s) && !hasControls(s), "%s: it has control characters, or more than %d bytes", field, maxText)
}

func (v *validation) required(field, s string) {
	v.check(s != "", "%s: it is missing", field)
	v.text(field, s)
}

// name checks the name of a column or an index, or a part of a table's.
func (v *validation) name(field, s string) bool {
	return v.check(s != "", "%s: it is missing", field) &&
		v.check(len(s) <= maxName && utf8.ValidString(s) && !hasControls(s), "%s: it has control characters, or more than %d bytes", field, maxName)
}

func (v *validation) table(field string, n dialect.Name) bool {
	return v.name(field, n.Table) && (n.Schema == "" || v.name(field, n.Schema))
}

// columns checks names of columns, at least one and none twice.
func (v *validation) columns(field string, names []string) {
	v.check(len(names) > 0, "%s: it names no column", field)
	seen := map[string]bool{}
	for _, n := range names {
		if v.name(field, n) {
			v.check(!seen[n], "%s: it names a column twice", field)
			seen[n] = true
		}
	}
}

func (v *validation) condition(field, sql string) {
	v.text(field, sql)
	if sql != "" {
		reason := checkCondition(sql)
		v.check(reason == "", "%s: the condition %s", field, reason)
	}
}

// hasControls reports whether a text holds characters that steer a terminal, or that
// show what follows them in another order. Lines and tabs of a long reason are none.
func hasControls(s string) bool {
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			return true
		}
	}
	return false
}

func (v *validation) header() {
	p := v.plan
	v.check(p.Version == Version, "version: it is not %d", Version)
	v.required("engine", p.Engine)
	v.required("database", p.Database)
	v.text("onlyOn", p.OnlyOn)
	v.text("default", p.Default)
	v.text("controller", p.Controller)
	v.text("processor", p.Processor)
	v.digest("policy", p.Policy)
	v.digest("schema", p.Schema)
	for name, version := range p.Made {
		v.required("made", name)
		v.required("made", version)
	}
}

func (v *validation) digest(field, s string) {
	b, err := hex.DecodeString(s)
	v.check(err == nil && len(b) == 32 && hex.EncodeToString(b) == s, "%s: it is no SHA-256 in lower-case hex", field)
}

var hazardName = regexp.MustCompile(`^[A-Z]+(_[A-Z]+)*$`)

// unlinked checks the tables that are left out.
func (v *validation) unlinked() {
	p := v.plan
	v.check(len(p.Unlinked) == 0 || p.Scope == ScopeSubjects, "unlinked: only scope subjects has them")
	seen := map[dialect.Name]bool{}
	for i, u := range p.Unlinked {
		at := fmt.Sprintf("unlinked[%d]", i)
		v.table(at+".table", u.Table)
		v.required(at+".reason", u.Reason)
		v.check(!seen[u.Table], "%s: it is there twice", at)
		seen[u.Table] = true
		for j := range p.Roots {
			v.check(!reachedBy(&p.Roots[j])[u.Table], "%s.table: its rows are looked for", at)
		}
	}
}

// hazards checks that none is missing that the plan alone tells of.
func (v *validation) hazards() {
	p := v.plan
	seen, named := map[Hazard]bool{}, map[hazardOf]bool{}
	for i, h := range p.Hazards {
		at := fmt.Sprintf("hazards[%d]", i)
		v.check(hazardName.MatchString(string(h.Name)), "%s.name: it is no hazard's", at)
		v.table(at+".table", h.Table)
		v.required(at+".reason", h.Reason)
		v.check(!seen[h], "%s: it is there twice", at)
		seen[h], named[hazardOf{h.Name, h.Table}] = true, true
	}
	need := func(name HazardName, t dialect.Name) {
		v.check(named[hazardOf{name, t}], "hazards: %s is missing of table %s", name, readable(t.String()))
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

// hazardOf is a hazard without its reason, which another release may word otherwise.
type hazardOf struct {
	name  HazardName
	table dialect.Name
}

// declared checks what the policy declares beside its tables.
func (v *validation) declared() {
	p := v.plan
	v.check(len(p.Unlinked) == 0 || p.Scope == ScopeSubjects, "unlinked: only scope subjects has it")
	for i, u := range p.Unlinked {
		v.table(fmt.Sprintf("unlinked[%d].table", i), u.Table)
		v.required(fmt.Sprintf("unlinked[%d].reason", i), u.Reason)
		v.check(len(p.Roots) == 0 || p.Roots[0].table(u.Table) == nil, "unlinked[%d].table: the plan reaches it", i)
	}
	for i, b := range p.Backups {
		v.required(fmt.Sprintf("backups[%d].name", i), b.Name)
		v.check(!b.Kept.IsZero(), "backups[%d].kept: it is no time at all", i)
	}
	for i, r := range p.Replicas {
		v.required(fmt.Sprintf("replicas[%d].name", i), r.Name)
	}
	for i, r := range p.Recipients {
		v.required(fmt.Sprintf("recipients[%d].name", i), r.Name)
		v.text(fmt.Sprintf("recipients[%d].category", i), r.Category)
	}
	v.check(p.Due == nil || !p.Due.Within.IsZero(), "due.within: it is no time at all")
}

// stepIDs checks that the steps are numbered through.
func (v *validation) stepIDs() {
	n := 0
	for i := range v.plan.Roots {
		for j := range v.plan.Roots[i].Steps {
			n++
			v.check(v.plan.Roots[i].Steps[j].ID == "s"+strconv.Itoa(n), "roots[%d].steps[%d].id: steps are numbered s1, s2, … in their order", i, j)
		}
	}
}

// scope checks what the scope says of the roots as a whole.
func (v *validation) scope() {
	p := v.plan
	switch p.Scope {
	case ScopeSubjects:
		v.subject()
	case ScopeEverything, ScopeExpired:
		v.check(p.Subject == nil, "subject: scope %s has none", p.Scope)
	default:
		v.check(false, "scope: it is not subjects, everything or expired")
	}
	type entry struct {
		table  dialect.Name
		about  string // what tells roots of one table apart
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
		v.check(!seen[e], "roots[%d]: it is there twice", i)
		seen[e] = true
	}
}

func (v *validation) subject() {
	p := v.plan
	if !v.check(p.Subject != nil, "subject: it is missing") {
		return
	}
	v.table("subject.table", p.Subject.Table)
	v.columns("subject.key", p.Subject.Key)
	if len(p.Subject.Identifiers) > 0 {
		v.columns("subject.identifiers", p.Subject.Identifiers)
	}
	if !v.check(len(p.Roots) == 1, "roots: scope subjects has one") {
		return
	}
	r := &p.Roots[0]
	if v.check(r.Table == p.Subject.Table && len(r.Tables) > 0, "roots[0].table: it isn't the subject's") {
		v.check(slices.Equal(r.Tables[0].Key, p.Subject.Key), "roots[0].tables[0].key: it isn't the subject's")
		v.check(len(r.Tables[0].Reach) == 0, "roots[0].tables[0].reach: nothing reaches other subjects")
	}
}

// day reports whether a text is a day such as 2006-01-02.
func day(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
