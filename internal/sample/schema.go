package sample

import (
	"fmt"
	"slices"
	"strings"
)

// Schema renders the statements that create the shop's tables on an engine, in the order of their
// execution, in an empty database (or the current schema of one). It panics for an engine other
// than this package's constants.
func Schema(engine string) []string {
	e := engineNamed(engine)
	return append(e.tableSQL(), e.constraintSQL()...)
}

// tableSQL are the statements before rows are loaded.
func (e *engine) tableSQL() []string {
	var out []string
	for _, t := range Tables() {
		for _, c := range t.Columns {
			if c.Type.labels != nil && e.enum == "CREATE TYPE" {
				out = append(out, fmt.Sprintf("CREATE TYPE %s AS ENUM (%s)", e.quote(t.Name+"_"+c.Name), labelList(c)))
			}
		}
		out = append(out, e.createSQL(t))
	}
	return out
}

// constraintSQL are the statements afterwards: creating indexes and foreign keys over all rows is
// quicker than row by row.
func (e *engine) constraintSQL() []string {
	var out []string
	for _, t := range Tables() {
		table := e.quote(t.Name)
		for _, columns := range t.indexColumns() {
			out = append(out, fmt.Sprintf("CREATE INDEX %s ON %s (%s)", e.quote("ix_"+t.Name+"_"+strings.Join(columns, "_")), table, e.list(columns)))
		}
		for _, column := range t.Partial {
			s := fmt.Sprintf("CREATE UNIQUE INDEX %s ON %s (%s)", e.quote("uq_"+t.Name+"_"+column), table, e.quote(column))
			if e.partial {
				s += " WHERE " + e.quote(column) + " IS NOT NULL"
			}
			out = append(out, s)
		}
	}
	if e.inline {
		return out
	}
	for _, t := range Tables() {
		var add []string
		for _, r := range t.References {
			add = append(add, "ADD "+e.referenceSQL(t, r))
		}
		switch {
		case add == nil:
		case e.keyOrder && e.enum == "": // SQL Server takes one at a time
			for _, a := range add {
				out = append(out, fmt.Sprintf("ALTER TABLE %s %s", e.quote(t.Name), a))
			}
		default:
			out = append(out, fmt.Sprintf("ALTER TABLE %s %s", e.quote(t.Name), strings.Join(add, ", ")))
		}
	}
	return out
}

// indexColumns are the table's plain indexes, and one for each foreign key that isn't the beginning
// of the primary key.
func (t *Table) indexColumns() [][]string {
	out := slices.Clone(t.Indexes)
	for _, r := range t.References {
		if n := len(r.Columns); len(t.PrimaryKey) < n || !slices.Equal(t.PrimaryKey[:n], r.Columns) {
			out = append(out, r.Columns)
		}
	}
	return out
}

func (e *engine) createSQL(t *Table) string {
	var parts []string
	for _, c := range t.Columns {
		parts = append(parts, e.columnSQL(t, c))
	}
	if t.PrimaryKey != nil {
		parts = append(parts, "PRIMARY KEY ("+e.list(t.PrimaryKey)+")")
	}
	for _, key := range t.Unique {
		parts = append(parts, fmt.Sprintf("CONSTRAINT %s UNIQUE (%s)", e.quote("uq_"+t.Name+"_"+key[0]), e.list(e.orderedColumns(t, key))))
	}
	parts = append(parts, e.checkSQL(t)...)
	if e.inline {
		for _, r := range t.References {
			parts = append(parts, e.referenceSQL(t, r))
		}
	}
	return fmt.Sprintf("CREATE TABLE %s (\n  %s\n)%s", e.quote(t.Name), strings.Join(parts, ",\n  "), e.suffix)
}

// orderedColumns gives a unique key the order of a reference to it, where that matters.
func (e *engine) orderedColumns(t *Table, key []string) []string {
	if !e.keyOrder {
		return key
	}
	for _, other := range Tables() {
		for _, r := range other.References {
			if r.Table == t.Name && len(r.RefColumns) == len(key) && !slices.ContainsFunc(r.RefColumns, func(c string) bool { return !slices.Contains(key, c) }) {
				return r.RefColumns
			}
		}
	}
	return key
}

func (e *engine) columnSQL(t *Table, c Column) string {
	s := e.quote(c.Name) + " "
	typ := e.types[c.Type.name]
	switch {
	case c.Joined != nil:
		quoted := make([]string, len(c.Joined))
		for i, j := range c.Joined {
			quoted[i] = e.quote(j)
		}
		return s + fmt.Sprintf(e.generated, fmt.Sprintf(typ, c.Type.length), e.joined(quoted))
	case c.Type.labels == nil && c.Type.length > 0:
		typ = fmt.Sprintf(typ, c.Type.length)
	case c.Type.labels == nil:
	case e.enum == "CREATE TYPE":
		typ = e.quote(t.Name + "_" + c.Name)
	case e.enum == "ENUM":
		typ = "ENUM(" + labelList(c) + ")"
	default:
		typ = fmt.Sprintf(e.types["text"], 20)
	}
	s += typ
	if !c.Nullable {
		s += " NOT NULL"
	}
	if c.Touched {
		s += e.touched
	}
	return s
}

// checkSQL renders the table's checks and those implied by column types.
func (e *engine) checkSQL(t *Table) []string {
	var out []string
	for _, check := range t.Checks {
		out = append(out, "CHECK ("+check+")")
	}
	for _, c := range t.Columns {
		switch {
		case c.Type.name == "char":
			out = append(out, fmt.Sprintf("CHECK (%s(%s) = %d)", e.length, e.quote(c.Name), c.Type.length))
		case c.Type.labels != nil && e.enum == "":
			out = append(out, fmt.Sprintf("CHECK (%s IN (%s))", e.quote(c.Name), labelList(c)))
		}
	}
	return out
}

func (e *engine) referenceSQL(t *Table, r Reference) string {
	s := fmt.Sprintf("CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s (%s)",
		e.quote("fk_"+t.Name+"_"+strings.Join(r.Columns, "_")), e.list(r.Columns), e.quote(r.Table), e.list(r.RefColumns))
	if r.Cascade {
		s += " ON DELETE CASCADE"
	}
	return s
}

func labelList(c Column) string {
	return "'" + strings.Join(c.Type.labels, "', '") + "'"
}
