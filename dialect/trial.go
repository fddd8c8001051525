package dialect

// Trial asks what a check constraint says of rows that needn't be in its table.
type Trial struct {
	Table Name
	Check *Check
	// Columns are those that the rows have values of: all that the check reads. Of a
	// check of a type (Check.Column) only that column.
	Columns []string
	Rows    []Row
}
