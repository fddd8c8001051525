package layout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"testing"
)

// engineNames are what the engines of this module call themselves, in URLs too.
var engineNames = map[string]bool{"postgres": true, "postgresql": true, "mysql": true, "mariadb": true, "sqlserver": true, "sqlite": true}

// engineless are the packages for any engine: they can't know the name of an engine of another
// module.
var engineless = []string{"dialect", "dialect/dialecttest", "dialect/internal/*", "anonymise", "plan", "plan/*", "erase", "erase/*", "erase/*/*"}

func TestNothingAboveAnEngineAsksForItsName(t *testing.T) {
	looked := 0
	for _, p := range list(t) {
		if !matches(engineless, p.name()) {
			continue
		}
		for _, name := range p.GoFiles {
			looked++
			files := token.NewFileSet()
			f, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if s, err := strconv.Unquote(lit.Value); err == nil && engineNames[s] {
						t.Errorf("%s:%d names the engine %s: ask what an engine can do (dialect.Engine, dialect.As…), or have it do it", p.name(), files.Position(lit.Pos()).Line, s)
					}
				}
				return true
			})
		}
	}
	if looked == 0 {
		t.Error("no file was looked at")
	}
}
