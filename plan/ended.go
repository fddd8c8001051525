package plan

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// holdsEnd reports whether some hold of the policy may end.
func holdsEnd(p *policy.Policy) bool {
	return slices.ContainsFunc(p.Tables, func(t policy.Table) bool { return t.Hold.MayEnd() })
}

// endedRoots builds the roots to finish erasures after a hold: the subject table, whose row usually
// remains because held rows refer to it, and each table with rows that may lose every other
// reference.
func (b *builder) endedRoots() []Root {
	if kinds := b.policy.Kinds(); b.policy.Subject.Table == "" && len(kinds) > 0 && holdsEnd(b.policy) {
		b.found.add(policy.Pos{}, dialect.Name{}, "the policy has holds that end and several kinds of subject: make a plan of scope expired for each with As (--as): %s", strings.Join(kinds, ", "))
		return nil
	}
	if b.subject == nil || !holdsEnd(b.policy) {
		return nil
	}
	erase, ok := b.subjectErase()
	if !ok {
		return nil
	}
	c := b.gatherClosure(&node{table: b.subject, rule: b.ruleOf(b.subject.Name), erase: erase})
	c.orderNodes()
	c.markRemaining()
	if !slices.ContainsFunc(c.nodes, func(n *node) bool { return n.rule.Hold.MayEnd() }) {
		return nil
	}
	out := []Root{c.endedRoot()}
	waits := c.awaitingHolds()
	for _, n := range c.unreachableHeld(waits) {
		if len(b.addressKey(n.table)) == 0 {
			b.found.add(n.holdPos(), n.table.Name, "a held row may become unreachable from the subject, and the table has no primary key or unique NOT NULL key to find it again after the hold: add a key, or name the reference in hold.keep")
			continue
		}
		decision := n.reach[0].erase
		switch several := slices.ContainsFunc(n.reach, func(w reach) bool { return w.erase != decision }); {
		case several && !waits[n]:
			decision = policy.EraseKeep // nothing remains to be done to the row itself
		case several:
			b.found.add(n.holdPos(), n.table.Name, "a held row may become unreachable from the subject, and its references have different decisions, none of which is known after the hold: name the references in hold.keep, or decide the same for all")
			continue
		}
		rest := b.gatherClosure(&node{table: n.table, rule: n.rule, erase: decision, owned: n.owned})
		rest.orderNodes()
		rest.markRemaining()
		out = append(out, rest.endedRoot())
	}
	return out
}

// holdPos is the place of the table's hold in the policy's file, or else the table's.
func (n *node) holdPos() policy.Pos {
	if n.rule.Hold == nil {
		return n.rule.Pos
	}
	return n.rule.Hold.Pos
}

func (c *closure) endedRoot() Root {
	c.ended = true
	r := Root{Table: c.nodes[0].table.Name, Ended: true, Tables: c.plannedTables(), Steps: c.buildSteps(), Defer: c.later}
	c.movedTwice(&r)
	return r
}

// awaitingHolds are the nodes whose rows may wait for the end of a hold. The value is true if a
// step changes them then, and false if they remain in any case and are only on the path to such a
// row.
func (c *closure) awaitingHolds() map[*node]bool {
	kept, waits := c.keptByHeld(), map[*node]bool{}
	var next []*node
	for _, n := range c.nodes {
		if (n.mayHold || kept[n]) && (n.hasErase(policy.EraseDelete) || n.hasErase(policy.EraseOverwrite)) {
			waits[n] = true
			next = append(next, n)
		}
	}
	for ; len(next) > 0; next = next[1:] {
		for _, w := range next[0].reach {
			if _, known := waits[w.from]; !known && w.from.mayStay {
				waits[w.from] = false
				next = append(next, w.from)
			}
		}
	}
	return waits
}

// unreachableHeld are the tables, except the root's, whose waiting rows may become unreachable: the
// row remains while no row on its path does. A waiting row awaits the end of a hold, or is on the
// path to one that does. It adds the tables whose rows are overwritten when a hold's condition no
// longer holds: then only the journal knows that it did.
func (c *closure) unreachableHeld(waits map[*node]bool) []*node {
	kept, leads := c.keptByHeld(), c.leadToHolds()
	var out []*node
	for _, n := range c.nodes {
		_, remains := waits[n]
		byCondition := waits[n] && n.rule.Hold != nil && n.rule.Hold.Where != "" && (n.mayReplace || n.hasErase(policy.EraseOverwrite))
		unheld := leads[n] && !n.onlyErase(policy.EraseDelete)
		if n.parent != nil && remains && (byCondition || slices.ContainsFunc(n.reach, func(w reach) bool { return !c.alwaysReachable(n, w, kept[n], unheld) })) {
			out = append(out, n)
		}
	}
	return out
}

// leadToHolds are the nodes on the path to rows under a hold of their own table.
func (c *closure) leadToHolds() map[*node]bool {
	leads := map[*node]bool{}
	var next []*node
	for _, n := range c.nodes {
		if n.rule.Hold != nil {
			next = append(next, n)
		}
	}
	for ; len(next) > 0; next = next[1:] {
		for _, w := range next[0].reach {
			if !leads[w.from] {
				leads[w.from] = true
				next = append(next, w.from)
			}
		}
	}
	return leads
}

// keptByHeld are the nodes whose rows a held row may keep.
func (c *closure) keptByHeld() map[*node]bool {
	kept := map[*node]bool{}
	for changed := true; changed; {
		changed = false
		for _, n := range c.nodes {
			if !n.mayHold && !kept[n] {
				continue
			}
			for _, a := range n.anchors {
				if p := c.byName[a.RefTable]; !kept[p] {
					kept[p], changed = true, true
				}
			}
		}
	}
	return kept
}

// alwaysReachable reports whether the reference finds every waiting row of n it found before, for
// as long as the row waits; unheld ones may be among them.
func (c *closure) alwaysReachable(n *node, w reach, kept, unheld bool) bool {
	if w.forwards { // an owner is deleted, whatever keeps the row it owned
		return n.rule.Hold == nil && !kept
	}
	if c.canOverwrite(n, w.relation) && (n.mayReplace || !n.holdsColumns(w.Columns)) {
		return false
	}
	if !w.from.isDeleted() || n.staysWith(w.relation) {
		return true
	}
	return slices.ContainsFunc(n.anchors, func(a Anchor) bool {
		return a.RefTable == w.RefTable && slices.Equal(a.Columns, w.Columns) && (!a.Held || !n.mayReplace && !unheld)
	})
}

// isUntouched reports whether the erasure of a subject may have left a row of n unchanged. If it
// has to be kept after the hold, it is overwritten then. Rows with only some columns kept have a
// step of their own.
func (n *node) isUntouched() bool {
	return n.rule.Hold != nil && n.rule.Hold.Keep == nil ||
		slices.ContainsFunc(n.reach, func(w reach) bool { return w.from.mayHold })
}
