package layout

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listed are packages whose documentation says of each file what is in it.
var listed = []string{"erase", "erase/internal/closure", "erase/internal/journal"}

func TestDocumentationNamesEachFile(t *testing.T) {
	for _, p := range list(t) {
		if !slices.Contains(listed, p.name()) {
			continue
		}
		doc, home := packageDoc(t, p)
		for _, name := range p.GoFiles {
			if name != home && !strings.Contains(doc, name) {
				t.Errorf("%s: %s doesn't name %s: say in a word or two what is in it", p.name(), home, name)
			}
		}
	}
}

// packageDoc is the package's documentation, and the file that has it.
func packageDoc(t *testing.T, p pkg) (doc, home string) {
	t.Helper()
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if f.Doc != nil {
			return f.Doc.Text(), name
		}
	}
	return "", "doc.go"
}
