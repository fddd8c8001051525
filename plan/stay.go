package plan

import "slices"

// stay works out which rows may have to stay in their table though they were
// to be deleted, and through which references.
//
// A row that stays (because the policy overwrites or keeps it, or a hold does)
// keeps every row that it refers to by a reference that it can't let go of.
func (c *closure) stay() {
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
				// A forwards way doesn't pass a hold on: what an owner that
				// stays refers to stays through the reference itself.
				set(&n.mayHold, w.from.mayHold && !w.forwards)
				set(&n.mayStay, w.forwards && w.from.mayStay)
				set(&n.mayReplace, w.forwards && w.from.mayStay && n.deletes())
			}
			set(&n.mayReplace, len(n.anchoredBy) > 0 && n.deletes())
			set(&n.mayStay, n.mayHold || n.mayReplace || !n.only(EraseDelete))
			if !n.mayStay {
				continue
			}
			for _, ref := range c.refs {
				p := c.node(ref.RefTable)
				if ref.Table != n.table.Name || p == nil || p.owned || !p.deletes() || c.isCut(ref) {
					continue
				}
				if c.anchors(n, ref.Reference) {
					set(&p.mayReplace, true)
					set(&p.mayStay, true)
				}
			}
		}
	}
	for _, n := range c.nodes {
		if !n.mayStay {
			continue
		}
		for _, ref := range c.refs {
			p := c.node(ref.RefTable)
			if ref.Table != n.table.Name || p == nil || p.owned || !p.deletes() || c.isCut(ref) || c.overwrites(n, ref) {
				continue
			}
			free := c.detachable(n.table, ref.Reference) == ""
			if free {
				c.loose = append(c.loose, cut{ref, p})
			}
			if c.anchors(n, ref.Reference) {
				n.anchors = append(n.anchors, Anchor{Reference: ref.Reference, Held: free})
			}
		}
	}
}

// anchors reports whether a row of n that stays may keep what ref refers to.
func (c *closure) anchors(n *node, ref Reference) bool {
	if c.overwrites(n, relation{Reference: ref}) {
		return false
	}
	if c.detachable(n.table, ref) != "" {
		return true
	}
	return n.rule.Hold != nil && n.rule.Hold.keeps(ref.Columns) || n.rule.Hold == nil && n.mayHold
}

// overwrites reports whether the reference is a link whose columns the row's
// own overwrite replaces, so that nothing is referred to any more.
func (c *closure) overwrites(n *node, ref relation) bool {
	return ref.Link && slices.ContainsFunc(ref.Columns, func(name string) bool {
		col := n.rule.Column(name)
		return col != nil && col.Overwrite != nil
	})
}

func (c *closure) isCut(ref relation) bool {
	return slices.ContainsFunc(c.detach, func(x cut) bool { return x.name == ref.name && x.Table == ref.Table })
}

// unseen reports whether the rows of n may be deleted without being looked at:
// they are leaves, none of them may stay for a reason of its own, and no
// other row's fate depends on which they are.
func (c *closure) unseen(n *node) bool {
	if n.owned || n.cycle > 0 || n.parent == nil || !n.only(EraseDelete) || n.rule.Hold != nil || n.mayReplace {
		return false
	}
	for _, o := range c.nodes {
		if slices.ContainsFunc(o.reach, func(w reach) bool { return w.from == n }) {
			return false
		}
		if o.owned && slices.ContainsFunc(c.refs, func(r relation) bool { return r.Table == n.table.Name && r.RefTable == o.table.Name }) {
			return false
		}
	}
	if slices.ContainsFunc(c.detach, func(x cut) bool { return x.to == n || x.Table == n.table.Name }) {
		return false
	}
	return !n.mayHold || len(n.reach) == 1 && len(n.anchors) <= 1
}
