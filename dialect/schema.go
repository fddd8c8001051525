package dialect

import (
	"slices"
)

// Schema is the contents of a database's catalogue, as far as expunge needs them. It is immutable,
// and so safe for concurrent use. It never contains the journal's own tables.
type Schema struct {
	Engine  string   `json:"engine"`            // postgres, mysql, mariadb, sqlserver, sqlite
	Version string   `json:"version"`           // as the server says it
	Default string   `json:"default,omitempty"` // the schema of unqualified names
	Tables  []*Table `json:"tables"`            // ordered by name; a partitioned table once, without its partitions
	Views   []*View  `json:"views,omitempty"`   // ordered by name
	// Publications lists the senders of rows to other systems (logical replication, CDC), by name,
	// with their tables.
	Publications []Publication `json:"publications,omitempty"`
	// Partial says that the user may not see every table, so that some may be missing.
	Partial bool `json:"partial,omitempty"`
	// SeeReferences says what lets the user see the foreign keys that Table.ReferencesUnseen is
	// about: "grant …".
	SeeReferences string `json:"-"`
}

// Table returns the table of that name, or nil.
func (s *Schema) Table(n Name) *Table {
	i, ok := slices.BinarySearchFunc(s.Tables, n, func(t *Table, n Name) int { return t.Name.Compare(n) })
	if !ok {
		return nil
	}
	return s.Tables[i]
}

// References returns the foreign keys to table n, in the order of their declaring tables; those of
// n itself included.
func (s *Schema) References(n Name) []*ForeignKey {
	var in []*ForeignKey
	for _, t := range s.Tables {
		for _, fk := range t.ForeignKeys {
			if fk.RefTable == n {
				in = append(in, fk)
			}
		}
	}
	return in
}

// Table is one base table.
type Table struct {
	Name        Name          `json:"name"`
	Columns     []*Column     `json:"columns"`              // in the catalogue's order, without dropped ones
	PrimaryKey  []string      `json:"primaryKey,omitempty"` // in the key's order
	Indexes     []*Index      `json:"indexes,omitempty"`    // the primary key's index included
	ForeignKeys []*ForeignKey `json:"foreignKeys,omitempty"`
	Checks      []*Check      `json:"checks,omitempty"`
	Triggers    []*Trigger    `json:"triggers,omitempty"`
	// Partitions are the leaf tables of a partitioned table. Statements name the parent only;
	// partitions are not part of the fingerprint.
	Partitions []Name `json:"-"`
	// Address is the pseudo-column that addresses a row physically (ctid, rowid), or empty where
	// the engine or this table (WITHOUT ROWID, partitioned) has no unique one.
	Address string `json:"address,omitempty"`
	// NoTransactions is set where the storage engine can't roll back (MyISAM).
	NoTransactions bool `json:"noTransactions,omitempty"`
	// History is where the engine itself keeps old row versions: the history table of a temporal
	// table, or the table's own name where the engine keeps them inside (MariaDB). Nil: nowhere.
	History *Name `json:"history,omitempty"`
	// Unerasable is why the engine refuses to erase rows of this table (a ledger table, a foreign
	// table), or empty.
	Unerasable string `json:"unerasable,omitempty"`
	// UpdatesRefused and DeletesRefused are why the engine, as the table is configured now, refuses
	// to update, or to delete, any row of it, or empty. Not part of the fingerprint.
	UpdatesRefused string `json:"-"`
	DeletesRefused string `json:"-"`
	// Module keeps the rows of a virtual table (fts5, rtree); empty for others.
	Module string `json:"module,omitempty"`
	// CopiesOf are the tables that a virtual table copies rows of: it indexes them, or their
	// triggers write to it. The engine doesn't erase the copies with the row.
	CopiesOf []Name `json:"copiesOf,omitempty"`
	// Refresh is how to remove a virtual table's copies of deleted or changed rows. An Unreadable
	// table shows no values. Neither is part of the fingerprint.
	Refresh    string `json:"-"`
	Unreadable bool   `json:"-"`
	// TriggersUnseen is set where the table may have triggers that the user may not see. Not part
	// of the fingerprint.
	TriggersUnseen bool `json:"-"`
	// ReferencesUnseen is set where foreign keys refer, or may refer, to the table that the user
	// may not see: they may delete or change rows outside of every step. Not part of the
	// fingerprint.
	ReferencesUnseen bool `json:"-"`
	// RowSecurity is set where row-level security policies apply to the table.
	RowSecurity bool `json:"rowSecurity,omitempty"`
	// RowEstimate is the catalogue's guess of the row count; -1 when it has none. Not part of the
	// fingerprint.
	RowEstimate int64 `json:"-"`
}

// Column returns the column of that name, or nil.
func (t *Table) Column(name string) *Column {
	for _, c := range t.Columns {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Key returns the columns by which a row is addressed: the primary key, else the first usable
// unique index (whole columns, none nullable, not partial, not deferrable), else nil.
func (t *Table) Key() []string {
	if len(t.PrimaryKey) > 0 {
		return t.PrimaryKey
	}
	for _, ix := range t.Indexes {
		if t.keyIndex(ix) {
			return ix.Columns()
		}
	}
	return nil
}

func (t *Table) keyIndex(ix *Index) bool {
	if !ix.Unique || ix.Where != "" || ix.Deferrable || len(ix.Parts) == 0 {
		return false
	}
	for _, p := range ix.Parts {
		c := t.Column(p.Column)
		if c == nil || c.Nullable || p.Prefix > 0 {
			return false
		}
	}
	return true
}

// UniqueIndexes returns the unique indexes with the column, as a whole, as a prefix or inside an
// expression.
func (t *Table) UniqueIndexes(column string) []*Index {
	var out []*Index
	for _, ix := range t.Indexes {
		if ix.Unique && ix.Holds(column) {
			out = append(out, ix)
		}
	}
	return out
}

// Column is one column. Hidden and system columns are omitted; invisible ones are included if
// statements can name them.
type Column struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
	Type string `json:"type"` // as the engine spells it in a cast, length and precision included
	// Length is a value's maximum length, 0 when unlimited: characters for Text, or bytes where
	// LengthInBytes; bytes for Bytes; bits for Bits.
	Length        int  `json:"length,omitempty"`
	LengthInBytes bool `json:"lengthInBytes,omitempty"`
	// Fixed is set for CHAR(n) and binary(n): values are padded to Length.
	Fixed     bool `json:"fixed,omitempty"`
	Precision int  `json:"precision,omitempty"` // digits in all for Decimal, bits of an Int (8, 16, 32, 64); fractional seconds for times
	Scale     int  `json:"scale,omitempty"`     // digits behind the point for Decimal
	Unsigned  bool `json:"unsigned,omitempty"`
	Nullable  bool `json:"nullable,omitempty"`
	// Default is the default's SQL text, nil without one.
	Default *string `json:"default,omitempty"`
	// Generated columns are computed by the engine and never assigned to.
	Generated bool `json:"generated,omitempty"`
	// Identity columns are numbered by the engine; ReadOnly ones (SQL Server identity, rowversion,
	// period columns, PostgreSQL GENERATED ALWAYS AS IDENTITY) can't be assigned to.
	Identity bool `json:"identity,omitempty"`
	ReadOnly bool `json:"readOnly,omitempty"`
	// TouchedOnUpdate is set for ON UPDATE CURRENT_TIMESTAMP.
	TouchedOnUpdate bool     `json:"touchedOnUpdate,omitempty"`
	Labels          []string `json:"labels,omitempty"` // of an Enum or Set, in order
	Charset         string   `json:"charset,omitempty"`
	Collation       string   `json:"collation,omitempty"`
	// FoldsCase and FoldsAccents say that the collation (or citext) compares without case or
	// accents.
	FoldsCase    bool    `json:"foldsCase,omitempty"`
	FoldsAccents bool    `json:"foldsAccents,omitempty"`
	Element      *Column `json:"element,omitempty"` // of an Array; only Kind, Type and sizes are set
	// Unsupported is why no statement may compare or assign the column (Always Encrypted), or
	// empty.
	Unsupported string `json:"unsupported,omitempty"`
}

// Assignable reports whether an UPDATE may set the column.
func (c *Column) Assignable() bool {
	return !c.Generated && !c.ReadOnly && c.Unsupported == "" && c.Kind != RowAddress
}

// Index is one index or unique constraint.
type Index struct {
	Name       string      `json:"name"`
	Unique     bool        `json:"unique,omitempty"`
	Primary    bool        `json:"primary,omitempty"`
	Constraint bool        `json:"constraint,omitempty"` // made by a constraint, so dropped and created through it
	Deferrable bool        `json:"deferrable,omitempty"`
	Parts      []IndexPart `json:"parts"`
	Where      string      `json:"where,omitempty"` // a partial (filtered) index's condition
	// NullsEqual is set where two NULLs conflict (SQL Server, PostgreSQL NULLS NOT DISTINCT).
	NullsEqual bool   `json:"nullsEqual,omitempty"`
	Method     string `json:"method,omitempty"` // btree, gin, fulltext, columnstore, … as the engine spells it
	// Mentions are the columns in the expressions and the condition.
	Mentions []string `json:"mentions,omitempty"`
	// Stays is why the index can't be suspended (see Suspender): another object of the database
	// needs it, or the engine can't restore it exactly. Empty where the catalogue knows no reason.
	// Not part of the fingerprint: Suspender.Definitions reads it again.
	Stays string `json:"-"`
}

// IndexPart is one key part: a column or an expression.
type IndexPart struct {
	Column     string `json:"column,omitempty"`
	Expression string `json:"expression,omitempty"`
	Prefix     int    `json:"prefix,omitempty"`    // indexed leading characters, 0 for all
	Collation  string `json:"collation,omitempty"` // where it isn't the column's
	FoldsCase  bool   `json:"foldsCase,omitempty"` // this part compares without case though the column does not
	Descending bool   `json:"descending,omitempty"`
}

// Columns returns the names of the parts that are columns, in order.
func (ix *Index) Columns() []string {
	var out []string
	for _, p := range ix.Parts {
		if p.Column != "" {
			out = append(out, p.Column)
		}
	}
	return out
}

// Holds reports whether a value of the column decides a row's place in the index.
func (ix *Index) Holds(column string) bool {
	return slices.Contains(ix.Columns(), column) || slices.Contains(ix.Mentions, column)
}

// Action is a foreign key's reaction when the referenced row is deleted or changed.
type Action string

// The actions of the SQL standard. MySQL's RESTRICT is its NO ACTION.
const (
	NoAction   Action = "no action"
	Restrict   Action = "restrict"
	Cascade    Action = "cascade"
	SetNull    Action = "set null"
	SetDefault Action = "set default"
)

// ForeignKey is a declared reference. Columns and RefColumns have the same length and correspond
// one to one, in the catalogue's order; RefColumns need not be the primary key.
type ForeignKey struct {
	Name       string   `json:"name"`
	Table      Name     `json:"table"`
	Columns    []string `json:"columns"`
	RefTable   Name     `json:"refTable"`
	RefColumns []string `json:"refColumns"`
	OnDelete   Action   `json:"onDelete"`
	OnUpdate   Action   `json:"onUpdate"`
	Deferrable bool     `json:"deferrable,omitempty"`
	// Enforced is false where existing rows may break the key: PostgreSQL NOT VALID or of one
	// partition only, SQL Server disabled or untrusted, SQLite with the pragma off.
	Enforced bool `json:"enforced"`
	// Period is set for a period (PostgreSQL PERIOD): the last of Columns is contained in the last
	// of RefColumns, of one or several rows together. A period finds no row.
	Period bool `json:"period,omitempty"`
}

// Check is a check constraint that the engine enforces on writes, its condition as the engine
// spells it. Older rows may break it.
type Check struct {
	Name      string `json:"name"`
	Condition string `json:"condition"`
	// Column is set where the check comes with the column's type (PostgreSQL's domains). The
	// condition then calls the column VALUE, or each element of the array where Elements is set.
	Column   string `json:"column,omitempty"`
	Elements bool   `json:"elements,omitempty"`
	// As is the type of an array whose elements have checks, without them; empty: the column's type.
	As string `json:"as,omitempty"`
	// Partition is the one partition whose rows the check is about; nil: all rows of the table.
	Partition *Name `json:"partition,omitempty"`
}

// Trigger is a trigger of the table. INSERT triggers matter where another trigger inserts the row.
type Trigger struct {
	Name     string `json:"name"`
	Timing   string `json:"timing"`             // before, after, instead of
	OnInsert bool   `json:"onInsert,omitempty"` // fires on INSERT
	OnUpdate bool   `json:"onUpdate,omitempty"` // fires on UPDATE
	OnDelete bool   `json:"onDelete,omitempty"` // fires on DELETE
	Disabled bool   `json:"disabled,omitempty"`
	// Writes are the tables that the trigger's text writes to, where the engine shows the text; a
	// trigger with Writes counts as an audit trigger.
	Writes []Name `json:"writes,omitempty"`
	// Opaque names the part of the trigger whose writes its text doesn't show (EXECUTE, a
	// procedure, a function in C, a view that it writes to). Where it is empty, Writes is complete.
	Opaque string `json:"opaque,omitempty"`
}

// View is a view; a materialised one holds copies of rows.
type View struct {
	Name         Name   `json:"name"`
	Materialized bool   `json:"materialized,omitempty"`
	Reads        []Name `json:"reads,omitempty"` // tables and views it is made from
}

// Copies returns the materialized views over a table, through other views too, and the publications
// that send its rows.
func (s *Schema) Copies(n Name) (views []*View, publications []Publication) {
	for _, v := range s.Views {
		if v.Materialized && s.reads(v, n, map[Name]bool{}) {
			views = append(views, v)
		}
	}
	for _, p := range s.Publications {
		if len(p.Tables) == 0 || slices.Contains(p.Tables, n) {
			publications = append(publications, p)
		}
	}
	return views, publications
}

// VirtualCopies returns the virtual tables that keep copies of a table's rows.
func (s *Schema) VirtualCopies(n Name) []*Table {
	var out []*Table
	for _, t := range s.Tables {
		if slices.Contains(t.CopiesOf, n) {
			out = append(out, t)
		}
	}
	return out
}

func (s *Schema) reads(v *View, n Name, seen map[Name]bool) bool {
	if seen[v.Name] {
		return false
	}
	seen[v.Name] = true
	return slices.ContainsFunc(v.Reads, func(from Name) bool {
		return from == n || slices.ContainsFunc(s.Views, func(o *View) bool { return o.Name == from && s.reads(o, n, seen) })
	})
}

// Publication sends rows to another system.
type Publication struct {
	Name   string `json:"name"`
	Tables []Name `json:"tables,omitempty"` // empty: all of them
}
