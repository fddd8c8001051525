package plan

import (
	"fmt"

	"github.com/expungedb/expunge/anonymise"
)

// Policy says what a database holds about people and what must happen to it.
// It is what a policy file says, checked for its syntax and not yet against a
// schema: names of tables and columns are as written.
type Policy struct {
	Version    int
	Database   string
	Controller string
	Processor  string
	Subject    PolicySubject
	Tables     []PolicyTable // in the file's order
	Links      []PolicyLink
	Owns       []PolicyOwns
	Retention  []PolicyRetention
	Backups    []Backup
	Replicas   []Replica
	Recipients []Recipient
	Due        *Due
}

// Pos is a place in the policy's file, lines and characters counted from 1. The
// zero Pos is a policy that was made in Go.
type Pos struct{ Line, Column int }

// String is the position as line:column.
func (p Pos) String() string { return fmt.Sprintf("%d:%d", p.Line, p.Column) }

// PolicySubject is the policy's `subject:`.
type PolicySubject struct {
	Table       string
	Key         []string // empty: the primary key
	Identifiers []string
	Pos         Pos
}

// PolicyTable is one entry of `tables:`.
type PolicyTable struct {
	Name string
	Pos  Pos
	// PII is "none" where the whole table holds nothing personal (all else but
	// Because is then empty), "" where its columns say.
	PII string
	// Because is the reason why a table is out, for people.
	Because string
	// Erase is what happens to a subject's rows; "" is no decision.
	Erase Erase
	// Everything is EraseDelete where scope everything deletes the rows, else "".
	Everything Erase
	Via        []PolicyVia
	Hold       *Hold
	Columns    []PolicyColumn
}

// Column returns the rule of that column, or nil.
func (t *PolicyTable) Column(name string) *PolicyColumn {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// PolicyVia is a decision for one reference of a table.
type PolicyVia struct {
	Columns []string // the reference's columns in this table, in any order
	Erase   Erase    // delete, overwrite, keep or detach
	Pos     Pos
}

// PolicyColumn is one entry of `columns:`.
type PolicyColumn struct {
	Name      string
	PII       string          // a category ("contact", "name", …), or "none"
	Overwrite *anonymise.Spec // nil: the column isn't overwritten
	Pos       Pos
}

// PolicyLink is a relation that the catalogue doesn't declare:
// `audit_log(entity_id) -> customer(customer_id) where entity_type = 'customer'`.
type PolicyLink struct {
	Table      string
	Columns    []string
	RefTable   string
	RefColumns []string // empty: the primary key
	Where      string   // in the engine's SQL, over Table's columns; "" for all rows
	Pos        Pos
}

// PolicyOwns is a reference that is followed forwards: `customer(address_id) -> address`.
type PolicyOwns struct {
	Table      string
	Columns    []string
	RefTable   string
	RefColumns []string // empty: the primary key
	Pos        Pos
}

// PolicyRetention is one entry of `retention:`.
type PolicyRetention struct {
	Table     string
	By        string // a date or timestamp column
	OlderThan Period
	Erase     Erase // delete or overwrite
	Pos       Pos
}

// Hold is a legal hold: rows that must be kept. A held row is not deleted; its
// columns with an `overwrite:` are overwritten unless Keep names them, and with
// no Keep at all the whole row stays as it is.
type Hold struct {
	Because string `json:"because"`
	Basis   string `json:"basis,omitempty"`
	// Until says when it ends: Column + Period, or the fixed Date. All empty: it doesn't end.
	Until *Until `json:"until,omitempty"`
	// Keep lists the columns that are held; nil means all.
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

// Backup is a declared backup: what it holds is gone when Kept has passed.
type Backup struct {
	Name string `json:"name"`
	Kept Period `json:"kept"`
}

// Replica is a declared replica.
type Replica struct {
	Name string `json:"name"`
}

// Recipient is someone the data was disclosed to (GDPR Art. 19).
type Recipient struct {
	Name     string `json:"name"`
	Category string `json:"category,omitempty"`
}

// Due is the time a request must be answered within (GDPR Art. 12(3)).
type Due struct {
	Within    Period `json:"within"`
	Extension Period `json:"extension,omitzero"`
}
