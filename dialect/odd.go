package dialect

// Oddity is what is odd about a value: its column holds it, and little can be
// computed with it.
type Oddity string

// The oddities. Which of them a column may hold, DB.Oddities says; any column of
// bytes may be NotText, which whoever reads the values sees.
const (
	ZeroDate    Oddity = "zero date"                             // MySQL's 0000-00-00
	InvalidDate Oddity = "date without a month or day"           // or with a day that the month doesn't have (MySQL)
	NaN         Oddity = "NaN"                                   // no number
	Infinite    Oddity = "infinite number"                       //
	TooLarge    Oddity = "number beyond 1e308"                   // more than a double holds
	Misfit      Oddity = "value of another type than its column" // SQLite stores what it is given
	NotText     Oddity = "text that isn't UTF-8"                 // bytes in a column that is read as text
)

// Odd holds for rows whose Column has a value with that oddity. Where the
// column can't have one it never holds.
type Odd struct {
	Column string
	Oddity Oddity
}

func (Odd) cond() {}
