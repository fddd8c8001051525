package dialect_test

import (
	"testing"

	"github.com/expungedb/expunge/dialect"
)

func TestKindOf(t *testing.T) {
	of := func(k dialect.Kind) *dialect.Column { return &dialect.Column{Name: "c", Kind: k} }
	current := func(k dialect.Kind) dialect.Expr { return dialect.Current{Column: of(k)} }
	literal := func(k dialect.Kind) dialect.Expr { return dialect.Literal{Value: "1", Column: of(k)} }
	for _, test := range []struct {
		name string
		expr dialect.Expr
		want dialect.Kind
	}{
		{"null has none", dialect.Null{}, dialect.Unknown},
		{"nor has the default", dialect.Default{}, dialect.Unknown},
		{"a literal has its column's", literal(dialect.Inet), dialect.Inet},
		{"the present value", current(dialect.Date), dialect.Date},
		{"one of several values", dialect.Choose{Column: of(dialect.Enum)}, dialect.Enum},
		{"a cast has that of its target", dialect.Cast{Of: current(dialect.Float), Column: of(dialect.Int)}, dialect.Int},
		{"if", dialect.If{Then: current(dialect.Text), Else: dialect.Null{}}, dialect.Text},
		{"if, else", dialect.If{Then: dialect.Null{}, Else: current(dialect.UUID)}, dialect.UUID},
		{"if of nothing", dialect.If{Then: dialect.Null{}, Else: dialect.Default{}}, dialect.Unknown},
		{"texts joined", dialect.Concat{current(dialect.Int), current(dialect.Text)}, dialect.Text},
		{"the left of a number is a text", dialect.Left{Of: current(dialect.Int), N: 2}, dialect.Text},
		{"the right of a number is a text", dialect.Right{Of: current(dialect.Int), N: 2}, dialect.Text},
		{"a filling", dialect.Repeat{Of: current(dialect.Bytes), With: "*"}, dialect.Text},
		{"a random text", dialect.RandomLike{Of: current(dialect.Text)}, dialect.Text},
		{"a random whole number", dialect.RandomInt{High: 9}, dialect.Int},
		{"a random number", dialect.Random{}, dialect.Float},
		{"a random UUID", dialect.RandomUUID{}, dialect.UUID},
		{"random bytes", dialect.RandomBytes{Of: current(dialect.Bytes)}, dialect.Bytes},
		{"a random moment", dialect.RandomMoment{Column: of(dialect.Timestamp)}, dialect.Timestamp},
		{"a calculation with whole numbers is exact", dialect.Arith{Op: '/', A: current(dialect.Int), B: literal(dialect.Int)}, dialect.Decimal},
		{"a float makes a calculation one, before it", dialect.Arith{Op: '+', A: current(dialect.Float), B: literal(dialect.Int)}, dialect.Float},
		{"or behind it", dialect.Arith{Op: '+', A: current(dialect.Decimal), B: dialect.Random{}}, dialect.Float},
		{"or deeper in it", dialect.Arith{Op: '+', A: literal(dialect.Int), B: dialect.Arith{Op: '*', A: dialect.Floor{Of: current(dialect.Float)}, B: literal(dialect.Int)}}, dialect.Float},
		{"a floor", dialect.Floor{Of: current(dialect.Decimal)}, dialect.Decimal},
		{"a rounded number", dialect.Round{Of: current(dialect.Float)}, dialect.Float},
		{"a moment cut down", dialect.TruncateMoment{Of: current(dialect.TimestampTZ), Unit: "day"}, dialect.TimestampTZ},
		{"a moment moved", dialect.ShiftMoment{Of: current(dialect.Date), Seconds: literal(dialect.Int)}, dialect.Date},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := dialect.KindOf(test.expr); got != test.want {
				t.Errorf("the kind is %q, want %q", got, test.want)
			}
		})
	}
}
