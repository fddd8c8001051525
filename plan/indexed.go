package plan

import (
	"regexp"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// isIndexed reports whether an index of the table can find the rows that refer by the
// reference: it isn't partial, and starts with one of the columns, or with columns
// that the link's condition fixes and then one of those.
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
				// The first of them is what makes the difference between a search and a scan.
				return true
			case !slices.Contains(fixed, part.Column):
				return false
			}
		}
		return false
	})
}

// equality is one column that equals one literal, the way every engine reads it: a name
// that needs no quotes, and a whole number, or a text without a quote or a backslash.
var equality = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)\s*=\s*('[^'\\]*'|[0-9]+)$`)

// fixedColumns are the columns that a condition lets have one value only. A condition
// that is anything but equalities joined by AND fixes none: it isn't looked into.
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

// splitAnd may split within a text too: then neither part is an equality.
var splitAnd = regexp.MustCompile(`(?i)\s+AND\s+`)
