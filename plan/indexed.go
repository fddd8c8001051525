package plan

import (
	"regexp"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// isIndexed reports whether an index of the table finds the rows of the reference. The index isn't
// partial, and starts with one of the columns; before it, only columns fixed by the link's
// condition.
func isIndexed(t *dialect.Table, ref *Reference) bool {
	fixed := fixedColumns(t, ref.Where)
	return slices.ContainsFunc(t.Indexes, func(ix *dialect.Index) bool {
		if ix.Where != "" {
			return false
		}
		for _, part := range ix.Parts {
			switch {
			case part.Prefix != 0 || part.Column == "":
				return false
			case slices.Contains(ref.Columns, part.Column):
				// Its first column decides between a search and a scan.
				return true
			case !slices.Contains(fixed, part.Column):
				return false
			}
		}
		return false
	})
}

// equality is one column equal to one literal, as every engine reads it: a name without need of
// quotes, and a whole number, or a text without a quote or a backslash.
var equality = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)\s*=\s*('[^'\\]*'|[0-9]+)$`)

// fixedColumns are the columns for which a condition allows one value only. Only equalities joined
// by AND fix columns; it ignores any other condition.
func fixedColumns(t *dialect.Table, where string) []string {
	var out []string
	for _, term := range splitAnd.Split(strings.TrimSpace(where), -1) {
		m := equality.FindStringSubmatch(strings.TrimSpace(term))
		if m == nil {
			return nil
		}
		for _, c := range t.Columns {
			// An engine may compare a text with a number by converting each row's value.
			if text := strings.HasPrefix(m[2], "'"); strings.EqualFold(c.Name, m[1]) &&
				(text && c.Kind == dialect.Text || text && c.Kind == dialect.Enum || !text && c.Kind == dialect.Int) {
				out = append(out, c.Name)
			}
		}
	}
	return out
}

// splitAnd may split within a text: then neither part is an equality.
var splitAnd = regexp.MustCompile(`(?i)\s+AND\s+`)
