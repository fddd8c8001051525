package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"github.com/expungedb/expunge/anonymise"
)

// Digest is the SHA-256, in hex, of the policy's canonical form. Files with the same meaning have
// one digest: comments, layout and spelling of values don't count, nor does the order of tables,
// columns and entries. Reasons and categories count: they are part of the approved policy. So does
// the order of the subject's key: a run gets its keys in this order.
func (p *Policy) Digest() string {
	c := p.Canonical()
	if len(c.Subjects) > 0 { // which one is chosen isn't the policy's
		c.Subject = Subject{}
	}
	doc, err := json.Marshal(c)
	if err != nil {
		panic("plan: a policy in canonical form is always encodable: " + err.Error())
	}
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:])
}

// Canonical is a copy ordered by name wherever order means nothing.
func (p *Policy) Canonical() *Policy {
	c := *p
	c.Subject.Identifiers = sortedNames(p.Subject.Identifiers)
	c.Subjects = sortedBy(p.Subjects, func(s Subject) string { return s.Kind })
	for i := range c.Subjects {
		c.Subjects[i].Identifiers = sortedNames(c.Subjects[i].Identifiers)
	}
	c.Tables = make([]Table, 0, len(p.Tables))
	for _, t := range p.Tables {
		c.Tables = append(c.Tables, t.canonicalForm())
	}
	slices.SortStableFunc(c.Tables, func(a, b Table) int { return cmp.Compare(a.Name, b.Name) })
	c.Links = sortedBy(p.Links, Link.String)
	c.Owns = sortedBy(p.Owns, Owns.String)
	c.Retention = sortedBy(p.Retention, func(r Retention) string {
		return strings.Join([]string{r.Table, r.By, r.OlderThan.String(), string(r.Erase), r.Lookup.String()}, "\x00")
	})
	c.Backups = sortedBy(p.Backups, func(b Backup) string { return b.Name + "\x00" + b.Kept.String() })
	c.Replicas = sortedBy(p.Replicas, func(r Replica) string { return r.Name })
	c.Recipients = sortedBy(p.Recipients, func(r Recipient) string { return r.Name + "\x00" + r.Category })
	return &c
}

func (t Table) canonicalForm() Table {
	t.Via = slices.Clone(t.Via)
	for i := range t.Via {
		t.Via[i].Columns = sortedNames(t.Via[i].Columns)
	}
	t.Via = sortedBy(t.Via, func(v Via) string { return strings.Join(v.Columns, "\x00") })
	if t.Hold != nil {
		hold := *t.Hold
		if len(hold.Keep) > 0 { // none at all means every column
			hold.Keep = sortedNames(hold.Keep)
		}
		t.Hold = &hold
	}
	t.Columns = sortedBy(t.Columns, func(c Column) string { return c.Name })
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Overwrite == nil {
			continue
		}
		if _, err := c.Overwrite.MarshalJSON(); err != nil {
			// Only a policy made in Go can have it, and Build makes no plan of it.
			c.Overwrite = &anonymise.Spec{Name: "not a strategy"}
		}
	}
	return t
}

func sortedBy[T any](list []T, by func(T) string) []T {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b T) int { return cmp.Compare(by(a), by(b)) })
	return out
}
