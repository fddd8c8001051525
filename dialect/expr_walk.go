package dialect

import (
	"slices"
	"unicode/utf8"
)

// Operands are the expressions that e is computed from, in the order of its fields. known is
// false of what is no node of this package: nothing can be said of that.
func Operands(e Expr) (of []Expr, known bool) {
	switch e := e.(type) {
	case Null, Default, Literal, Current, RandomInt, RandomUUID, RandomMoment, Choose, Random:
		return nil, true
	case If:
		return []Expr{e.Then, e.Else}, true
	case Concat:
		return e, true
	case Left:
		return []Expr{e.Of}, true
	case Right:
		return []Expr{e.Of}, true
	case Repeat:
		return []Expr{e.Of}, true
	case RandomLike:
		return []Expr{e.Of}, true
	case RandomBytes:
		return []Expr{e.Of}, true
	case Arith:
		return []Expr{e.A, e.B}, true
	case Floor:
		return []Expr{e.Of}, true
	case Round:
		return []Expr{e.Of}, true
	case TruncateMoment:
		return []Expr{e.Of}, true
	case ShiftMoment:
		return []Expr{e.Of, e.Seconds}, true
	case Cast:
		return []Expr{e.Of}, true
	}
	return nil, false
}

// Computes reports whether an engine computes an expression: whether it computes each of its
// nodes, by themselves. The answer is no for a node that this package doesn't know, whatever computesNode
// says, and for a Default, which may only stand alone.
func Computes(e Expr, computesNode func(Expr) bool) bool {
	operands, known := Operands(e)
	if _, alone := e.(Default); alone || !known || !computesNode(e) {
		return false
	}
	return !slices.ContainsFunc(operands, func(of Expr) bool { return !Computes(of, computesNode) })
}

// MaxChars is the most characters of a text, or bytes of a byte string, that an expression
// gives, where that is known.
func MaxChars(e Expr) (most int, known bool) {
	switch e := e.(type) {
	case Current:
		switch e.Column.Kind {
		case Text, Bytes:
			return e.Column.Length, e.Column.Length > 0
		case Int, Bool:
			return 20, true
		}
	case Literal:
		s, ok := TextOf(e.Value)
		return utf8.RuneCountInString(s), ok
	case Left:
		return e.N, true
	case Right:
		return e.N, true
	case Concat:
		for _, p := range e {
			n, ok := MaxChars(p)
			if !ok {
				return 0, false
			}
			most += n
		}
		return most, true
	case RandomLike:
		return MaxChars(e.Of)
	case Repeat:
		return MaxChars(e.Of)
	}
	return 0, false
}
