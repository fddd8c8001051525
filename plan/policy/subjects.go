package policy

import (
	"fmt"
	"strings"

	"github.com/expungedb/expunge/plan/internal/word"
)

// Kinds are the names of the policy's kinds of subject; none if it has `subject:` or no subject at
// all.
func (p *Policy) Kinds() []string {
	var out []string
	for _, s := range p.Subjects {
		out = append(out, s.Kind)
	}
	return out
}

// As is the policy with the given kind of subject, for making plans. The digest stays the same.
func (p *Policy) As(kind string) (*Policy, error) {
	for _, s := range p.Subjects {
		if s.Kind == kind {
			out := *p
			out.Subject = s
			return &out, nil
		}
	}
	if len(p.Subjects) == 0 {
		return nil, fmt.Errorf("kind of subject %s not found: the policy has no subjects with names", word.Printable(kind))
	}
	return nil, fmt.Errorf("kind of subject %s not found: the policy has %s", word.Printable(kind), strings.Join(p.Kinds(), ", "))
}

// EachKind is the policy once for each kind of its subjects, or itself if there is nothing to choose.
func (p *Policy) EachKind() []*Policy {
	if len(p.Subjects) == 0 {
		return []*Policy{p}
	}
	var out []*Policy
	for _, s := range p.Subjects {
		one := *p
		one.Subject = s
		out = append(out, &one)
	}
	return out
}

// readSubjects reads `subjects:`, by their kinds.
func (p *policyReader) readSubjects(e entry) []Subject {
	if e.value == nil {
		return nil
	}
	entries, ok := p.readEntries(e, "a mapping such as {user: {table: users}, tenant: {table: tenant}}")
	if ok && len(entries) == 0 {
		p.failAt(e.posOf(), "subjects is empty: leave it out, or name a kind of subject")
	}
	var out []Subject
	tables := map[string]Pos{}
	for _, in := range entries {
		s := p.readSubject(in)
		s.Kind = in.key
		if first, twice := tables[s.Table]; twice && s.Table != "" {
			p.failAt(in.pos, "table %s is of two kinds of subject, first at %s: each kind has a table of its own", word.Printable(s.Table), first)
		}
		tables[s.Table] = in.pos
		out = append(out, s)
	}
	return out
}

// checkOneSubject refuses both forms in one file.
func (p *policyReader) checkOneSubject(m mapping) {
	if one, several := m["subject"], m["subjects"]; one.value != nil && several.value != nil {
		p.failAt(several.pos, "subjects beside subject: name the kind of that one, and move it there")
	}
}
