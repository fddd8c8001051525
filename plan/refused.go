package plan

import "github.com/expungedb/expunge/dialect"

// refusal is why the engine refuses the operation on each row, or "".
func refusal(t *dialect.Table, op Op) string {
	switch op {
	case Delete:
		return t.DeletesRefused
	case Overwrite, Detach:
		return t.UpdatesRefused
	}
	return ""
}

// refusedSteps reports steps that the engine refuses as the tables are configured.
func (b *builder) refusedSteps(roots []Root) {
	for _, r := range roots {
		for _, s := range r.Steps {
			if reason := refusal(b.schema.Table(s.Table), s.Op); reason != "" {
				b.found.add(b.ruleOf(s.Table).Pos, s.Table, "the engine refuses to %s its rows: %s", s.Op, reason)
			}
		}
	}
}
