package dialect

// Oddity says why a value is odd: its column holds it, but few calculations accept it.
type Oddity string

// The oddities. DB.Oddities lists those that a column may hold. Any column of bytes may be NotText,
// as the reader of its values sees.
const (
	ZeroDate    Oddity = "zero date"                             // MySQL's 0000-00-00
	InvalidDate Oddity = "date without a month or day"           // or with a day that the month doesn't have (MySQL)
	NaN         Oddity = "NaN"                                   // no number
	Infinite    Oddity = "infinite number"                       //
	TooLarge    Oddity = "number beyond 1e308"                   // more than a double holds
	Misfit      Oddity = "value of another type than its column" // SQLite stores any value in any column
	NoNumber    Oddity = "row number that can't be made"         // of the row's key, or that the column has no room for
	NotText     Oddity = "text that isn't UTF-8"                 // bytes in a column that is read as text
)

// Odd holds for rows whose Column has a value with that oddity. It never holds where the column
// can't have one.
type Odd struct {
	Column string
	Oddity Oddity
}

func (Odd) cond() {}
