package dialect

// Cond is a condition on the rows of the statement's table. A list of conditions is a conjunction;
// an empty list holds for every row. The set of conditions is closed, like that of expressions.
//
// Values in a condition are always bound parameters, decoded to the exact type and collation of the
// column they are compared with. The column itself is never cast, so that the engine can use its
// index.
type Cond interface{ cond() }

type (
	// In holds for rows whose Columns equal one of the Keys, each as long as Columns. Any number of
	// keys is passed as one array-like parameter a column, or one for all. A NULL in a key equals
	// nothing. No keys: no rows.
	In struct {
		Columns []string
		Keys    []Key
		// RefTable and RefColumns are a table and its columns that Columns refer to, one to one.
		// Then the collation of RefColumns decides equality, as it does for a foreign key. Empty:
		// the collation of Columns decides.
		RefTable   Name
		RefColumns []string
	}
	// Not holds where its condition is false or unknown (NULL).
	Not struct{ Cond Cond }
	// After holds for rows whose Columns come after Key in the sort order of Select.Order. An empty
	// Key comes before every row.
	After struct {
		Columns []string
		Key     Key
	}
	// UpTo holds for rows whose Columns come before Key or equal it. An empty Key comes after every
	// row.
	UpTo struct {
		Columns []string
		Key     Key
	}
	// Compare compares a column with a value: Op is one of = <> < <= > >=. A NULL column makes it
	// unknown.
	Compare struct {
		Column string
		Op     string
		Value  Value
	}
	// IsNull holds where the column is NULL.
	IsNull struct{ Column string }
	// LongerThan holds where the column's text has more than N characters. A NULL column makes it
	// unknown.
	LongerThan struct {
		Column string
		N      int
	}
	// Match is a condition of the policy, in the engine's SQL, over the table's columns by their
	// bare names.
	Match struct{ SQL string }
	// Referenced holds for rows that some row of Table refers to: its Columns equal the RefColumns
	// of the statement's table, and it meets Where. Rows of Table given in Except (by its key
	// columns) don't count.
	Referenced struct {
		Table      Name
		Columns    []string
		RefColumns []string
		Where      string
		Except     *In
	}
	// Orphan holds for rows whose Columns are all set while no row of RefTable has them as its
	// RefColumns.
	Orphan struct {
		Columns    []string
		RefTable   Name
		RefColumns []string
	}
	// Any holds where at least one of its conditions does; an empty one never holds.
	Any []Cond
	// All holds where all of its conditions do; an empty one always holds.
	All []Cond
)

func (In) cond()         {}
func (Not) cond()        {}
func (After) cond()      {}
func (UpTo) cond()       {}
func (Compare) cond()    {}
func (IsNull) cond()     {}
func (LongerThan) cond() {}
func (Match) cond()      {}
func (Referenced) cond() {}
func (Orphan) cond()     {}
func (Any) cond()        {}
func (All) cond()        {}
