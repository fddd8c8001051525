//go:build unix

package corpus

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/expungedb/expunge/dialect"
)

// truth is what a person says of a schema. Names are compared without case, since
// engines fold them.
type truth struct {
	Subject string `yaml:"subject"`
	// Personal are the personal columns of each table, with their category.
	Personal map[string]map[string]string `yaml:"personal"`
	// Either are columns on which people differ; `*` is every table, and a name
	// may be a pattern.
	Either map[string][]string `yaml:"either"`
	// Links must be proposed: they lead to the subject, or to rows that are the subject's.
	Links []string `yaml:"links"`
	// Relations are real and lead to no subject's rows.
	Relations []string `yaml:"relations"`
	// Owners are, for a table that refers to people several times, the columns with
	// whose people its rows may go.
	Owners map[string][]string `yaml:"owners"`
	// Absent are tables that the schema lacks on some engine.
	Absent []string `yaml:"absent"`
}

func readTruth(t *testing.T, name string) *truth {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("truth", name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var out truth
	if err := yaml.UnmarshalWithOptions(text, &out, yaml.Strict()); err != nil {
		t.Fatalf("truth/%s.yaml: %v", name, err)
	}
	return &out
}

// category is what a column holds: "" for nothing personal. either says that
// people differ.
func (w *truth) category(table, column string) (category string, either bool) {
	columns := lookUp(w.Personal, table)
	for name, c := range columns {
		if strings.EqualFold(name, column) {
			return c, false
		}
	}
	for _, list := range [][]string{lookUp(w.Either, table), w.Either["*"]} {
		for _, pattern := range list {
			if ok, _ := path.Match(strings.ToLower(pattern), strings.ToLower(column)); ok {
				return "", true
			}
		}
	}
	return "", false
}

// lookUp is m[table] without case.
func lookUp[V any](m map[string]V, table string) V {
	for name, v := range m {
		if strings.EqualFold(name, table) {
			return v
		}
	}
	var none V
	return none
}

// relation is a link of the truth or of a draft: columns of one table that hold
// those of another, maybe only where another column has a word.
type relation struct {
	table, column, to, toColumn string
	whereColumn, word           string
}

var relationText = regexp.MustCompile(`^(.+?)\(([^)]+)\) -> ([^ (]+)(?:\(([^)]+)\))?(?: where (\S+) = '(.*)')?$`)

func parseRelations(t *testing.T, texts []string) []relation {
	t.Helper()
	var out []relation
	for _, text := range texts {
		m := relationText.FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("%q is no link", text)
		}
		out = append(out, relation{m[1], m[2], m[3], m[4], m[5], m[6]})
	}
	return out
}

// is reports whether two relations connect the same columns.
func (r relation) is(other relation) bool {
	return strings.EqualFold(r.table, other.table) && strings.EqualFold(r.column, other.column) && strings.EqualFold(r.to, other.to)
}

// check fails the test for names that the schema hasn't: a truth that is about
// something else than the schema counts nothing. Versions differ, so that a column that
// is missing on one engine is no failure as long as its table is there.
func (w *truth) check(t *testing.T, s *dialect.Schema) {
	t.Helper()
	for table, columns := range w.Personal {
		found := tableOf(s, table)
		if found == nil && slices.Contains(w.Absent, table) {
			continue
		}
		if found == nil {
			t.Errorf("the truth has table %s, and the schema doesn't", table)
			continue
		}
		for column := range columns {
			if columnOf(found, column) == nil {
				t.Errorf("the truth has column %s.%s, and the schema doesn't", table, column)
			}
		}
	}
	for _, r := range append(parseRelations(t, w.Links), parseRelations(t, w.Relations)...) {
		if from, to := tableOf(s, r.table), tableOf(s, r.to); from == nil || to == nil || columnOf(from, r.column) == nil {
			t.Errorf("the truth has link %s(%s) -> %s, and the schema doesn't", r.table, r.column, r.to)
		}
	}
}

func tableOf(s *dialect.Schema, name string) *dialect.Table {
	for _, t := range s.Tables {
		if strings.EqualFold(t.Name.Table, name) {
			return t
		}
	}
	return nil
}

func columnOf(t *dialect.Table, name string) *dialect.Column {
	for _, c := range t.Columns {
		if strings.EqualFold(c.Name, name) {
			return c
		}
	}
	return nil
}
