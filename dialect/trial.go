package dialect

// Trial asks whether a check constraint permits rows outside of its table.
type Trial struct {
	Table Name
	Check *Check
	// Columns are the rows' columns: all that the check reads. For a check of a type (Check.Column)
	// only that column.
	Columns []string
	Rows    []Row
}
