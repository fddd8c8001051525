package dialect

// Expr is an SQL expression of a strategy: it replaces a value inside the database, so that the
// value never leaves it. Each dialect renders the nodes with functions of every supported version.
// Where it can't, DB.Renders says so, and the value is replaced through the client.
//
// The nodes are this file's implementations of Expr; the set is closed, so that a dialect's switch
// over it is complete. An expression is a value and safe for concurrent use.
type Expr interface{ expr() }

type (
	// Null is NULL.
	Null struct{}
	// Default is the column's declared default. It may only stand alone.
	Default struct{}
	// Literal is a bound parameter, decoded to Column's kind and type.
	Literal struct {
		Value  Value
		Column *Column
	}
	// Current is the row's present value of a column.
	Current struct{ Column *Column }
	// If is Then where Cond holds, else Else.
	If struct {
		Cond       Cond
		Then, Else Expr
	}
	// Concat joins texts.
	Concat []Expr
	// Left is the first N characters of Of.
	Left struct {
		Of Expr
		N  int
	}
	// Right is the last N characters of Of.
	Right struct {
		Of Expr
		N  int
	}
	// Repeat is the character With, once for each character of Of beyond Less; empty where there are
	// none.
	Repeat struct {
		Of   Expr
		With string
		Less int
	}
	// RandomLike is a text as long as Of with random characters, drawn anew for every character of
	// every row. It replaces every ASCII letter by a letter of its case and every ASCII digit by a
	// digit. It replaces every other letter, mark or number (Unicode's L, M and N; combining vowel
	// signs are marks) by a lower-case letter, and keeps all else.
	RandomLike struct{ Of Expr }
	// RandomInt is a whole number from Low to High, both included, drawn anew for every row.
	RandomInt struct{ Low, High int64 }
	// RandomUUID is a version 4 UUID, drawn anew for every row.
	RandomUUID struct{}
	// RandomBytes is as many random bytes as Of has.
	RandomBytes struct{ Of Expr }
	// RandomMoment is a date or timestamp of Column's kind, drawn anew for every row from Low to
	// High, both included, in Column's canonical form.
	RandomMoment struct {
		Low, High string
		Column    *Column
	}
	// Choose is one of the values, drawn anew for every row; weights are optional, one for each
	// value.
	Choose struct {
		Values  []Value
		Weights []int
		Column  *Column
	}
	// Arith is a calculation with numbers: Op is one of + - * /. The division is exact, not
	// truncated.
	Arith struct {
		Op   byte
		A, B Expr
	}
	// Random is a number from 0 (included) to 1 (excluded), drawn anew for every row.
	Random struct{}
	// Floor is the largest whole number not above Of.
	Floor struct{ Of Expr }
	// Round rounds Of to Digits behind the point.
	Round struct {
		Of     Expr
		Digits int
	}
	// TruncateMoment cuts a date or timestamp down to Unit: year, month, day, hour.
	TruncateMoment struct {
		Of   Expr
		Unit string
	}
	// ShiftMoment moves a date or timestamp by a number of seconds (whole days for a date).
	ShiftMoment struct {
		Of      Expr
		Seconds Expr
	}
	// Cast gives Of the type of Column, so that it can be assigned to it.
	Cast struct {
		Of     Expr
		Column *Column
	}
)

func (Null) expr()           {}
func (Default) expr()        {}
func (Literal) expr()        {}
func (Current) expr()        {}
func (If) expr()             {}
func (Concat) expr()         {}
func (Left) expr()           {}
func (Right) expr()          {}
func (Repeat) expr()         {}
func (RandomLike) expr()     {}
func (RandomInt) expr()      {}
func (RandomUUID) expr()     {}
func (RandomBytes) expr()    {}
func (RandomMoment) expr()   {}
func (Choose) expr()         {}
func (Arith) expr()          {}
func (Random) expr()         {}
func (Floor) expr()          {}
func (Round) expr()          {}
func (TruncateMoment) expr() {}
func (ShiftMoment) expr()    {}
func (Cast) expr()           {}
