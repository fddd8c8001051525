package sample

import "slices"

// Table describes one table, the same for all engines.
type Table struct {
	Name       string
	Columns    []Column
	PrimaryKey []string // empty: the table has no key at all
	Unique     [][]string
	// Partial are unique indexes over one nullable column each, for rows where it isn't NULL;
	// engines without partial indexes get a plain unique one.
	Partial    []string
	Indexes    [][]string // beside those of keys and foreign keys
	References []Reference
	Checks     []string // conditions in every engine's SQL

	unit unit
	make maker
}

// Column describes one column.
type Column struct {
	Name     string
	Type     Type
	Nullable bool
	// Personal columns describe a person and have room for a mark: [Shop.Canaries] marks them.
	Personal bool
	// Joined makes the column a generated one: the named columns with a space between them.
	Joined []string
	// Touched columns have ON UPDATE CURRENT_TIMESTAMP on engines that know it.
	Touched bool
}

// Reference is a foreign key.
type Reference struct {
	Columns    []string
	Table      string
	RefColumns []string
	Cascade    bool // ON DELETE CASCADE
}

// Type is a column's type. Values are int64, bool, string and []byte in Go: decimals, dates and
// times (in UTC) are strings.
type Type struct {
	name   string
	length int
	labels []string
}

// Name is the type's name, the same on all engines: integer, boolean, money, date, timestamp
// (without a time zone), instant (with one, where the engine has that), uuid, document (JSON),
// blob, prose (text of any length), text, char, enum.
func (t Type) Name() string { return t.name }

var (
	integer   = Type{name: "integer"}
	boolean   = Type{name: "boolean"}
	money     = Type{name: "money"}
	date      = Type{name: "date"}
	timestamp = Type{name: "timestamp"}
	instant   = Type{name: "instant"}
	uuid      = Type{name: "uuid"}
	document  = Type{name: "document"}
	blob      = Type{name: "blob"}
	prose     = Type{name: "prose"}
)

func text(length int) Type        { return Type{name: "text", length: length} }
func char(length int) Type        { return Type{name: "char", length: length} }
func oneOf(labels ...string) Type { return Type{name: "enum", labels: labels} }
func ref(column, table string, refColumn string) Reference {
	return Reference{Columns: []string{column}, Table: table, RefColumns: []string{refColumn}}
}

// column makes a column that is NOT NULL and not personal, as most are.
func column(name string, t Type) Column { return Column{Name: name, Type: t} }

func (c Column) null() Column     { c.Nullable = true; return c }
func (c Column) personal() Column { c.Personal = true; return c }

// Insertable returns the columns with values in a row: all but generated ones.
func (t *Table) Insertable() []Column {
	return slices.DeleteFunc(slices.Clone(t.Columns), func(c Column) bool { return len(c.Joined) > 0 })
}

// Tables returns the description of every table. A table follows the tables that it refers to,
// except for references that close a cycle.
func Tables() []*Table {
	return slices.Concat(catalogueTables(), customerTables(), orderTables(), traceTables())
}

// tableNamed returns the table of that name, or nil.
func tableNamed(name string) *Table {
	for _, t := range Tables() {
		if t.Name == name {
			return t
		}
	}
	return nil
}
