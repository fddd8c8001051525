package dialect

// KindOf returns the kind of an expression's value before its assignment: Unknown for NULL, the
// default, and an If of those. A calculation is a Float where one of its operands is, and a Decimal
// otherwise; rounding keeps the kind. An engine with other types for calculations has to handle
// them itself.
func KindOf(e Expr) Kind {
	switch e := e.(type) {
	case Literal:
		return e.Column.Kind
	case Current:
		return e.Column.Kind
	case Choose:
		return e.Column.Kind
	case RandomMoment:
		return e.Column.Kind
	case Cast:
		return e.Column.Kind
	case If:
		if k := KindOf(e.Then); k != Unknown {
			return k
		}
		return KindOf(e.Else)
	case TruncateMoment:
		return KindOf(e.Of)
	case ShiftMoment:
		return KindOf(e.Of)
	case Arith:
		if KindOf(e.A) == Float || KindOf(e.B) == Float {
			return Float
		}
		return Decimal
	case Floor:
		return KindOf(e.Of)
	case Round:
		return KindOf(e.Of)
	case RandomInt:
		return Int
	case Random:
		return Float
	case RandomUUID:
		return UUID
	case RandomBytes:
		return Bytes
	case Concat, Left, Right, Repeat, RandomLike:
		return Text
	}
	return Unknown
}
