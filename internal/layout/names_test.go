package layout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// mostSingleWords is the maximum share, in per cent, of a package's unexported functions whose name
// is a single word. One word is enough where receiver and word read as a sentence; as a rule a
// function says verb and object.
const mostSingleWords = 35

func TestUnexportedFunctionsSayWhatTheyDo(t *testing.T) {
	for name, funcs := range functions(t) {
		var single []string
		for _, f := range funcs {
			if !strings.ContainsFunc(f.name, func(r rune) bool { return unicode.IsUpper(r) || unicode.IsDigit(r) }) {
				single = append(single, f.String())
			}
		}
		if 100*len(single) > mostSingleWords*len(funcs) {
			slices.Sort(single)
			t.Errorf("%s: %d of %d unexported functions have a name of a single word, at most %d%% may: name some by verb and object: %s",
				name, len(single), len(funcs), mostSingleWords, strings.Join(single, ", "))
		}
	}
}

// A method name that several types share without an interface means several things.
func TestAMethodNameMeansOneThingInAPackage(t *testing.T) {
	for name, funcs := range functions(t) {
		types := map[string][]string{}
		for _, f := range funcs {
			if f.receiver != "" {
				types[f.name] = append(types[f.name], f.receiver)
			}
		}
		for method, of := range types {
			if len(of) > 2 {
				slices.Sort(of)
				t.Errorf("%s: %s is a method of %s, which implement no interface with it: give each a name of its own", name, method, strings.Join(of, ", "))
			}
		}
	}
}

// function is an unexported function or method outside of tests.
type function struct{ receiver, name string }

func (f function) String() string {
	if f.receiver == "" {
		return f.name
	}
	return f.receiver + "." + f.name
}

// functions lists the unexported functions of each package, except main, init and methods required
// by an interface of the package.
func functions(t *testing.T) map[string][]function {
	t.Helper()
	out := map[string][]function{}
	for _, p := range list(t) {
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		asked := interfaceMethods(files)
		for _, f := range files {
			for _, d := range f.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || fn.Name.IsExported() || fn.Recv == nil && (fn.Name.Name == "main" || fn.Name.Name == "init") {
					continue
				}
				if receiver := receiverOf(fn); receiver == "" || !asked[fn.Name.Name] {
					out[p.name()] = append(out[p.name()], function{receiver, fn.Name.Name})
				}
			}
		}
	}
	return out
}

// interfaceMethods are the names of the methods in the files' interfaces.
func interfaceMethods(files []*ast.File) map[string]bool {
	out := map[string]bool{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			if i, ok := n.(*ast.InterfaceType); ok {
				for _, m := range i.Methods.List {
					for _, name := range m.Names {
						out[name.Name] = true
					}
				}
			}
			return true
		})
	}
	return out
}

// receiverOf is the name of a method's type, "" of a function.
func receiverOf(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return ""
	}
	typ := fn.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if generic, ok := typ.(*ast.IndexExpr); ok {
		typ = generic.X
	}
	if id, ok := typ.(*ast.Ident); ok {
		return id.Name
	}
	return "?"
}
