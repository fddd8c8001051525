package dialect

import (
	"go/ast"
	"go/parser"
	"go/token"
	"testing"
)

// later is a node that is added to the package, and that no engine knows.
type later struct{ Null }

func TestWhatANodeIsComputedFrom(t *testing.T) {
	name := Current{&Column{Name: "name", Kind: Text, Length: 40}}
	for _, test := range []struct {
		name string
		of   Expr
		want int
	}{
		{"a literal", Literal{Value: "x", Column: name.Column}, 0},
		{"a choice", Choose{Values: []Value{"a", "b"}, Column: name.Column}, 0},
		{"both branches", If{IsNull{"name"}, Null{}, name}, 2},
		{"every part", Concat{name, name, name}, 3},
		{"both sides", Arith{'+', name, name}, 2},
		{"a moment and its shift", ShiftMoment{name, RandomInt{1, 2}}, 2},
		{"what is cast", Cast{name, name.Column}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			if of, known := Operands(test.of); !known || len(of) != test.want {
				t.Errorf("got %v, %t, want %d operands", of, known, test.want)
			}
		})
	}
}

// Every node of expr.go is one that can be walked.
func TestEveryNodeIsKnown(t *testing.T) {
	known := map[string]bool{}
	f, err := parser.ParseFile(token.NewFileSet(), "expr_walk.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if fn, ok := n.(*ast.FuncDecl); ok && fn.Name.Name != "Operands" {
			return false
		}
		if c, ok := n.(*ast.CaseClause); ok {
			for _, e := range c.List {
				if id, ok := e.(*ast.Ident); ok {
					known[id.Name] = true
				}
			}
		}
		return true
	})
	if f, err = parser.ParseFile(token.NewFileSet(), "expr.go", nil, parser.SkipObjectResolution); err != nil {
		t.Fatal(err)
	}
	nodes := 0
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Name.Name != "expr" {
			continue
		}
		nodes++
		if name := fn.Recv.List[0].Type.(*ast.Ident).Name; !known[name] {
			t.Errorf("Operands doesn't know %s", name)
		}
	}
	if nodes == 0 {
		t.Error("no node was found")
	}
}

func TestComputes(t *testing.T) {
	all := func(Expr) bool { return true }
	for _, test := range []struct {
		name string
		of   Expr
		node func(Expr) bool
		want bool
	}{
		{"what an engine can", Concat{RandomUUID{}, Left{Random{}, 3}}, all, true},
		{"a node deep down that it can't", Concat{RandomUUID{}, Left{Random{}, 3}}, func(e Expr) bool { _, is := e.(Random); return !is }, false},
		{"a node that nobody knows", later{}, all, false},
		{"one deep down", If{IsNull{"a"}, Null{}, Floor{later{}}}, all, false},
		{"a default within another", If{IsNull{"a"}, Null{}, Default{}}, all, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Computes(test.of, test.node); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestMaxChars(t *testing.T) {
	column := func(k Kind, length int) Current { return Current{&Column{Kind: k, Length: length}} }
	for _, test := range []struct {
		name  string
		of    Expr
		want  int
		known bool
	}{
		{"a column with a length", column(Text, 40), 40, true},
		{"one without", column(Text, 0), 0, false},
		{"a number", column(Int, 0), 20, true},
		{"a float", column(Float, 0), 0, false},
		{"characters, not bytes", Literal{Value: "žluť"}, 4, true},
		{"a part of what is unknown", Left{column(Text, 0), 3}, 3, true},
		{"all parts", Concat{column(Text, 5), Literal{Value: "-"}, Right{column(Text, 0), 2}}, 8, true},
		{"one part that is unknown", Concat{column(Text, 5), column(JSON, 0)}, 0, false},
		{"as long as another", RandomLike{Repeat{Of: column(Text, 7), With: "*"}}, 7, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, known := MaxChars(test.of); got != test.want || known != test.known {
				t.Errorf("got %d, %t, want %d, %t", got, known, test.want, test.known)
			}
		})
	}
}
