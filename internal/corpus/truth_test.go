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

// truth is a person's description of a schema. The tests ignore the case of names,
// because engines fold it.
type truth struct {
	Subject string `yaml:"subject"`
	// Personal are the personal columns of each table, with their category.
	Personal map[string]map[string]string `yaml:"personal"`
	// Either lists disputed columns; `*` is every table, and a column may be a
	// pattern.
	Either map[string][]string `yaml:"either"`
	// Links must be proposed: they refer to the subject, or to rows of the subject.
	Links []string `yaml:"links"`
	// Relations are real, and refer to no rows of a subject.
	Relations []string `yaml:"relations"`
	// Owners lists, for a table with several references to people, the columns of the
	// owners: its rows may be deleted with them.
	Owners map[string][]string `yaml:"owners"`
	// Absent lists tables missing on some engine.
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

// category returns the category of a column, "" for nothing personal. either is true
// for a disputed column.
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

// lookUp returns m[table], ignoring case.
func lookUp[V any](m map[string]V, table string) V {
	for name, v := range m {
		if strings.EqualFold(name, table) {
			return v
		}
	}
	var none V
	return none
}

// relation is a link of the truth or of a draft: a column of one table holds values of
// another's column. whereColumn and word restrict it to some rows.
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

// check fails the test for personal columns and links missing from the schema: such a
// truth describes another schema. It skips the personal columns of absent tables.
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
