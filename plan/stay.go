package plan

import (
	"slices"

	"github.com/expungedb/expunge/plan/policy"
)

// markRemaining determines which rows may have to remain in their table despite a delete, and by
// which references.
//
// A row remains because the policy overwrites or keeps it, a hold keeps it, or others share it. It
// keeps every row it refers to by a reference that it can't set NULL.
func (c *closure) markRemaining() {
	for changed := true; changed; {
		changed = false
		set := func(flag *bool, value bool) {
			if value && !*flag {
				*flag, changed = true, true
			}
		}
		for _, n := range c.nodes {
			set(&n.mayHold, n.rule.Hold != nil)
			for _, w := range n.reach {
				set(&n.mayHold, w.from.mayHold)
				set(&n.mayReplace, w.forwards && w.from.mayStay && n.isDeleted())
			}
			set(&n.mayReplace, len(n.anchoredBy) > 0 && n.isDeleted())
			set(&n.mayStay, n.mayHold || n.mayReplace || n.owned || !n.onlyErase(policy.EraseDelete))
			if !n.mayStay {
				continue
			}
			for _, ref := range c.heldReferences(n) {
				if p := c.byName[ref.RefTable]; c.isAnchor(n, ref) {
					set(&p.mayReplace, true)
					set(&p.mayStay, true)
				}
			}
		}
	}
	for _, n := range c.nodes {
		if n.mayStay {
			c.findAnchors(n)
		}
	}
}

// findAnchors lists the references by which rows of n keep rows to be deleted, and those that n gives up.
func (c *closure) findAnchors(n *node) {
	for _, ref := range c.heldReferences(n) {
		free, gone := c.whyNotDetachable(ref) == "", c.canOverwrite(n, ref)
		if free && !gone && c.givesUp(n, ref) {
			c.keptDetaches = append(c.keptDetaches, detachment{ref, c.byName[ref.RefTable]})
		}
		if c.isAnchor(n, ref) {
			n.anchors = append(n.anchors, Anchor{Reference: ref.Reference, Held: free || gone})
		}
	}
}

// heldReferences are the references by which remaining rows of n may keep rows to be deleted.
// References to owned rows aren't among them: an owned row remains with its owner in any case.
func (c *closure) heldReferences(n *node) []*relation {
	var out []*relation
	for _, ref := range c.from[n.table.Name] {
		p := c.byName[ref.RefTable]
		if p == nil || !p.isDeleted() || c.detached[ref] || n.staysWith(ref) ||
			slices.ContainsFunc(p.reach, func(w reach) bool { return w.forwards && w.sameRelation(ref) }) {
			continue
		}
		out = append(out, ref)
	}
	return out
}

// staysWith reports whether rows of n remain only because the row that ref refers to is held, so
// they don't have to keep it.
func (n *node) staysWith(ref *relation) bool {
	return n.rule.Hold == nil && !n.owned && !n.mayReplace && n.onlyErase(policy.EraseDelete) &&
		!slices.ContainsFunc(n.reach, func(w reach) bool { return w.from.mayHold && w.relation != ref })
}

// isAnchor reports whether a remaining row of n may keep the row ref refers to.
func (c *closure) isAnchor(n *node, ref *relation) bool {
	return c.whyNotDetachable(ref) != "" && !c.canOverwrite(n, ref) || n.holdsColumns(ref.Columns)
}

// givesUp reports whether a remaining row of n may set ref, a nullable reference, NULL.
func (c *closure) givesUp(n *node, ref *relation) bool {
	return n.owned || n.mayReplace || !n.onlyErase(policy.EraseDelete) || n.rule.Hold != nil && !n.rule.Hold.KeepsColumns(ref.Columns)
}

// holdsColumns reports whether a hold may keep one of the columns unchanged: the node's own hold,
// or, if its table has none, the hold of a row on its path.
func (n *node) holdsColumns(columns []string) bool {
	if n.rule.Hold != nil {
		return n.rule.Hold.KeepsColumns(columns)
	}
	return n.mayHold
}

// canOverwrite reports whether the reference is a link whose columns are replaced in every
// remaining row, except those under a hold: the row then refers to nothing.
func (c *closure) canOverwrite(n *node, ref *relation) bool {
	return ref.Link && !n.owned && !n.hasErase(policy.EraseKeep) && slices.ContainsFunc(ref.Columns, func(name string) bool {
		col := n.rule.Column(name)
		return col != nil && col.Overwrite != nil && col.Overwrite.Name != "keep"
	})
}

// deletesByReference reports whether a run may delete the rows of n without reading them. They are
// leaves, none of them may remain for a reason of its own, and no other row's decision depends on
// them.
func (c *closure) deletesByReference(n *node) bool {
	if n.owned || n.cycle > 0 || n.parent == nil || n.leads || n.mayReplace || n.rule.Hold != nil || !n.onlyErase(policy.EraseDelete) {
		return false
	}
	for _, ref := range c.from[n.table.Name] {
		if p := c.byName[ref.RefTable]; p != nil && p.owned {
			return false // the owned row is deleted only if this row is
		}
	}
	if slices.ContainsFunc(slices.Concat(c.detach, c.cycleDetaches), func(x detachment) bool { return x.to == n || x.Table == n.table.Name }) {
		return false
	}
	return !n.mayHold || len(n.reach) == 1 && len(n.anchors) <= 1
}
