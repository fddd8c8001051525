package policy

import (
	"fmt"
	"slices"

	"github.com/expungedb/expunge/anonymise"
)

// Policy describes the personal data in a database and what must happen to it. It is the content of
// a policy file, checked for its syntax and not yet against a schema: names of tables and columns
// are as written. The JSON tags are those of its canonical form (Digest).
type Policy struct {
	Version    int    `json:"version"`
	Database   string `json:"database"`
	Controller string `json:"controller,omitempty"`
	Processor  string `json:"processor,omitempty"`
	// Subject is the kind of subject to make plans for. It is zero if the policy names none, or
	// several without a chosen one (As).
	Subject Subject `json:"subject,omitzero"`
	// Subjects are the named kinds of subject, in the file's order.
	Subjects   []Subject   `json:"subjects,omitempty"`
	Tables     []Table     `json:"tables"` // in the file's order
	Links      []Link      `json:"links,omitempty"`
	Owns       []Owns      `json:"owns,omitempty"`
	Retention  []Retention `json:"retention,omitempty"`
	Backups    []Backup    `json:"backups,omitempty"`
	Replicas   []Replica   `json:"replicas,omitempty"`
	Recipients []Recipient `json:"recipients,omitempty"`
	Due        *Due        `json:"due,omitempty"`
}

// Pos is a place in the policy's file, lines and characters counted from 1. The zero Pos is a
// policy made in Go.
type Pos struct{ Line, Column int }

// String is the position as line:column.
func (p Pos) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// Subject is the policy's `subject:`, or one kind of `subjects:`.
type Subject struct {
	Kind        string   `json:"kind,omitempty"` // its name under `subjects:`
	Table       string   `json:"table"`
	Key         []string `json:"key,omitempty"` // empty: the primary key
	Identifiers []string `json:"identifiers,omitempty"`
	Pos         Pos      `json:"-"`
}

// Table is one entry of `tables:`.
type Table struct {
	Name string `json:"name"`
	Pos  Pos    `json:"-"`
	// PII is "none" if no column of the table holds anything personal (Columns is then empty), ""
	// if its columns say.
	PII string `json:"pii,omitempty"`
	// Because is the reason for a table with `pii: none`, for people.
	Because string `json:"because,omitempty"`
	// Erase is what happens to a subject's rows; "" is no decision.
	Erase Erase `json:"erase,omitempty"`
	// Everything is EraseDelete if scope everything deletes the rows, else "".
	Everything Erase `json:"everything,omitempty"`
	Via        []Via `json:"via,omitempty"`
	// Unlinked is the reason why a table without a reference or link to the subject has no
	// subject's data, for people; "" if it has one.
	Unlinked string   `json:"unlinked,omitempty"`
	Hold     *Hold    `json:"hold,omitempty"`
	Columns  []Column `json:"columns,omitempty"`
}

// Column returns the rule of the column, or nil.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// Via is a decision for one reference of a table.
type Via struct {
	Columns []string `json:"columns"` // the reference's columns in this table, in any order
	Erase   Erase    `json:"erase"`   // delete, overwrite, keep or detach
	Pos     Pos      `json:"-"`
}

// Column is one entry of `columns:`.
type Column struct {
	Name      string          `json:"name"`
	PII       string          `json:"pii"`                 // a category (see Categories), or "none"
	Overwrite *anonymise.Spec `json:"overwrite,omitempty"` // nil: the column isn't overwritten
	Pos       Pos             `json:"-"`
}

// Link is a relation missing from the catalogue: `audit_log(entity_id) -> customer(customer_id)
// where entity_type = 'customer'`.
type Link struct {
	Table      string   `json:"table"`
	Columns    []string `json:"columns"`
	RefTable   string   `json:"refTable"`
	RefColumns []string `json:"refColumns,omitempty"` // empty: the primary key
	Where      string   `json:"where,omitempty"`      // in the engine's SQL, over Table's columns; "" for all rows
	Pos        Pos      `json:"-"`
}

// Owns is a reference to follow forwards: `customer(address_id) -> address`.
type Owns struct {
	Table      string   `json:"table"`
	Columns    []string `json:"columns"`
	RefTable   string   `json:"refTable"`
	RefColumns []string `json:"refColumns,omitempty"` // empty: the primary key
	Pos        Pos      `json:"-"`
}

// Retention is one entry of `retention:`.
type Retention struct {
	Table     string `json:"table"`
	By        string `json:"by"` // a date or timestamp column
	OlderThan Period `json:"olderThan"`
	// Lookup says where to look up each row's period, instead of OlderThan.
	Lookup *Lookup `json:"lookup,omitempty"`
	Erase  Erase   `json:"erase"` // delete or overwrite
	Pos    Pos     `json:"-"`
}

// Lookup is a period looked up for each row, say per tenant: in Column of the row of Table that the
// row refers to by Key, a column of its own. A whole number counts days; a text is a period as
// policies write it (90d, 18mo). If it is NULL, or there is no such row, nothing expires.
type Lookup struct {
	Table  string `json:"table"`
	Column string `json:"column"`
	Key    string `json:"key"`
}

// Hold is a legal hold: rows that must be kept. A held row is not deleted. Its columns with an
// `overwrite:` are overwritten unless Keep names them; without any Keep the whole row is unchanged.
type Hold struct {
	Because string `json:"because"`
	Basis   string `json:"basis,omitempty"`
	// Until says when it ends: Column + Period, or the fixed Date. All empty: it doesn't end.
	Until *Until `json:"until,omitempty"`
	// Keep lists the held columns; nil means all.
	Keep []string `json:"keep,omitempty"`
	// Where restricts it to some rows, in the engine's SQL.
	Where string `json:"where,omitempty"`
	Pos   Pos    `json:"-"`
}

// Until is the end of a hold: `invoice_date + 6y`, or a date.
type Until struct {
	Column string `json:"column,omitempty"`
	Period Period `json:"period,omitzero"`
	Date   string `json:"date,omitempty"` // 2006-01-02
}

// Backup is a declared backup: its content is deleted once Kept has passed.
type Backup struct {
	Name string `json:"name"`
	Kept Period `json:"kept"`
}

// Replica is a declared replica.
type Replica struct {
	Name string `json:"name"`
}

// Recipient received the data (GDPR Art. 19).
type Recipient struct {
	Name     string `json:"name"`
	Category string `json:"category,omitempty"`
}

// Due is the time limit to answer a request (GDPR Art. 12(3)).
type Due struct {
	Within    Period `json:"within"`
	Extension Period `json:"extension,omitzero"`
}

// Erase is what happens to a row.
type Erase string

// The decisions of a policy.
const (
	EraseDelete    Erase = "delete"
	EraseOverwrite Erase = "overwrite"
	EraseKeep      Erase = "keep"
	EraseDetach    Erase = "detach" // per reference only
)

// String names the lookup: "tenant.retention_days by tenant_id", "" for none.
func (l *Lookup) String() string {
	if l == nil {
		return ""
	}
	return l.Table + "." + l.Column + " by " + l.Key
}

// ViaFor returns the decision for one reference, or nil.
func (t *Table) ViaFor(columns []string) *Via {
	for i := range t.Via {
		if slices.Equal(sortedNames(t.Via[i].Columns), sortedNames(columns)) {
			return &t.Via[i]
		}
	}
	return nil
}

// Overwrites reports whether some column is overwritten.
func (t *Table) Overwrites() bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Overwrite != nil && c.Overwrite.Name != "keep" })
}

// DecidesRows reports whether the policy says what happens to a subject's rows.
func (t *Table) DecidesRows() bool { return t.Erase != "" || len(t.Via) > 0 }

// PersonalColumns are the columns with something personal.
func (t *Table) PersonalColumns() []string {
	var out []string
	for _, c := range t.Columns {
		if c.PII != PIINone && c.PII != PIIUndecided {
			out = append(out, c.Name)
		}
	}
	return out
}

// MayEnd reports whether rows may leave the hold one day: it has an end, or a condition that may no
// longer hold.
func (h *Hold) MayEnd() bool { return h != nil && (h.Until != nil || h.Where != "") }

// KeepsColumns reports whether the hold covers one of the columns.
func (h *Hold) KeepsColumns(columns []string) bool {
	return h.Keep == nil || slices.ContainsFunc(columns, func(c string) bool { return slices.Contains(h.Keep, c) })
}
