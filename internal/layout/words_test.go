package layout

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// neverWords make a reader start a sentence again.
var neverWords = regexp.MustCompile(`(?i)\b(whom|whoever|anybody's|somebody's|had better|needn't|is had|is none|once more|for good|in hand|so many)\b`)

func TestNoNeverWords(t *testing.T) {
	found := map[string][]string{}
	for name, files := range parsedFiles(t) {
		for _, f := range files {
			if f.path == "internal/layout/words_test.go" {
				continue // its list names them
			}
			for _, text := range append(f.comments(), f.literals()...) {
				for _, word := range neverWords.FindAllString(text.text, -1) {
					found[name] = append(found[name], fmt.Sprintf("%s:%d: %q", f.path, text.line, word))
				}
			}
		}
	}
	for _, name := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"} {
		text, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range neverWords.FindAllString(oneLine(string(text)), -1) {
			found[name] = append(found[name], fmt.Sprintf("%q", word))
		}
	}
	reportOffenders(t, found, "say who does what, in the field's words")
}

// mostRelatives is the maximum number of that, which and who in 1,000 words of comment: a sentence
// has at most one relative clause, and most need none.
const mostRelatives = 18

func TestCommentsHaveFewRelativeClauses(t *testing.T) {
	words, relatives := regexp.MustCompile(`[\pL\pN'’]+`), regexp.MustCompile(`(?i)\b(that|which|who)\b`)
	found := map[string][]string{}
	for name, files := range parsedFiles(t) {
		all, relative := 0, 0
		for _, f := range files {
			for _, c := range f.comments() {
				all += len(words.FindAllString(c.text, -1))
				relative += len(relatives.FindAllString(c.text, -1))
			}
		}
		if most := (all*mostRelatives + 999) / 1000; relative > most {
			found[name] = []string{fmt.Sprintf("%d in %d words of comment, at most %d", relative, all, most)}
		}
	}
	reportOffenders(t, found, fmt.Sprintf("of that, which and who a comment may have %d in 1,000 words: split sentences, use nouns", mostRelatives))
}

// reportOffenders fails for each offender.
func reportOffenders(t *testing.T, found map[string][]string, rule string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(found)) {
		t.Errorf("%s: %s:\n\t%s", name, rule, strings.Join(found[name], "\n\t"))
	}
}

// parsed is a Go file.
type parsed struct {
	path string // from the top level
	set  *token.FileSet
	file *ast.File
}

// prose is a comment or a string, in one line.
type prose struct {
	line int
	text string
}

// parsedFiles returns all files of each package, tests and files for other systems included.
func parsedFiles(t *testing.T) map[string][]parsed {
	t.Helper()
	out := map[string][]parsed{}
	for _, p := range list(t) {
		files, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", p.name(), len(files), err)
		}
		for _, path := range files {
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, path, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			short := strings.TrimPrefix(p.name()+"/"+filepath.Base(path), module+"/")
			out[p.name()] = append(out[p.name()], parsed{short, set, f})
		}
	}
	return out
}

// comments returns the file's comments without directives and preformatted lines.
func (f parsed) comments() []prose {
	preformatted := regexp.MustCompile(`(?m)^\t.*$`)
	var out []prose
	for _, group := range f.file.Comments {
		text := preformatted.ReplaceAllString(group.Text(), "")
		out = append(out, prose{f.set.Position(group.Pos()).Line, oneLine(text)})
	}
	return out
}

// literals returns the file's strings.
func (f parsed) literals() []prose {
	var out []prose
	ast.Inspect(f.file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				out = append(out, prose{f.set.Position(lit.Pos()).Line, oneLine(text)})
			}
		}
		return true
	})
	return out
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
