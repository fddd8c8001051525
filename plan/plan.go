package plan

import (
	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// Plan is the ordered steps of a policy on one schema for one scope. It is a value: it holds no
// personal data and no subject's identifier. It is reviewed once, stored as JSON, and run for every
// request.
type Plan struct {
	Version  int    `json:"version"`
	Engine   string `json:"engine"`   // dialect.Schema.Engine
	Database string `json:"database"` // the policy's name for it
	// OnlyOn names the one database to run on, as erase.Options.OnlyOn does. Set it before the plan
	// is reviewed: it is part of the digest. If it is empty, the run names it.
	OnlyOn string `json:"onlyOn,omitempty"`
	// Default is the schema omitted from names in texts for people.
	Default    string   `json:"default,omitempty"`
	Controller string   `json:"controller,omitempty"`
	Processor  string   `json:"processor,omitempty"`
	Scope      Scope    `json:"scope"`
	Subject    *Subject `json:"subject,omitempty"`
	Policy     string   `json:"policy"` // the policy's digest: SHA-256 in hex of its canonical form
	Schema     string   `json:"schema"` // the fingerprint of Covers
	// Covers are the tables whose rows the plan touches or whose references it follows, ordered by
	// name. The fingerprint is taken over them.
	Covers []dialect.Name `json:"covers"`
	// Made is what values depend on besides the policy: for each consistent fake, a digest of the
	// linked generator's values ("fake: email": "5f0c…"). Another version of the generator makes
	// another plan only if it makes other values.
	Made  map[string]string `json:"made,omitempty"`
	Roots []Root            `json:"roots"`
	// Unlinked are the tables in which a run searches no subject's rows, though the policy doesn't
	// call them free of personal data (scope subjects).
	Unlinked   []Unlinked         `json:"unlinked,omitempty"`
	Hazards    []Hazard           `json:"hazards,omitempty"`
	Backups    []policy.Backup    `json:"backups,omitempty"`
	Replicas   []policy.Replica   `json:"replicas,omitempty"`
	Recipients []policy.Recipient `json:"recipients,omitempty"`
	Due        *policy.Due        `json:"due,omitempty"`
	// Untried lists what Build couldn't try on rows because there were none or too few. It is about
	// the rows of the moment: neither the stored plan nor its digest has it.
	Untried []Untried `json:"-"`
}

// Untried is a link or a check whose table had too few rows to try it on.
type Untried struct {
	Table  dialect.Name
	Reason string
}

// Scope is what a plan covers.
type Scope string

// The scopes.
const (
	ScopeSubjects   Scope = "subjects"   // the subjects given to the run, with their closures
	ScopeEverything Scope = "everything" // every row of every table, each table by itself
	// ScopeExpired is the rows older than their retention period, and the rows kept from an erasure only
	// by a hold that has ended since, with their closures.
	ScopeExpired Scope = "expired"
)

// Subject is how subjects are named.
type Subject struct {
	// Kind is the name of the kind of subject, where the policy has several.
	Kind        string       `json:"kind,omitempty"`
	Table       dialect.Name `json:"table"`
	Key         []string     `json:"key"`
	Identifiers []string     `json:"identifiers,omitempty"`
}

// Root takes rows from a table, batch by batch: it says what happens to them and to everything that
// refers to them.
type Root struct {
	Table dialect.Name `json:"table"`
	// Older restricts the rows to those older than a period (scope expired).
	Older *Older `json:"older,omitempty"`
	// Ended restricts the rows to those named by the journal: an erasure of a subject left
	// something to a hold there. Once the hold has ended, a run erases it, and overwrites nothing a
	// second time (scope expired).
	Ended bool `json:"ended,omitempty"`
	// Tables are the tables of the closure, the root's first, then in the order in which a run
	// collects and locks rows. A table comes after the tables it is reached from, unless they form
	// a cycle.
	Tables []Table `json:"tables"`
	// Steps are the operations, in the order in which a run carries them out.
	Steps []Step `json:"steps"`
	// Whole asks for all rows in one transaction: a run can only address them physically, or by a
	// key that it overwrites.
	Whole bool `json:"whole,omitempty"`
	// Suspends are the indexes that a run may suspend while it overwrites the rows (scope
	// everything), by name.
	Suspends []Suspension `json:"suspends,omitempty"`
	// Scans says that every batch scans a whole table, for any number of roots: no index serves one
	// of the references.
	Scans bool `json:"scans,omitempty"`
	// Defer defers the database's deferrable constraints within a batch.
	Defer bool `json:"defer,omitempty"`
}

// Older says when a row has expired: Column < as of − Period.
type Older struct {
	Column string        `json:"column"`
	Period policy.Period `json:"period,omitzero"`
	// Lookup says where each row's period is, instead of Period.
	Lookup *Lookup `json:"lookup,omitempty"`
}

// Lookup finds a row's period in another table: in Column of the row of Table whose RefKey equals
// the row's Key.
type Lookup struct {
	Table  dialect.Name `json:"table"`
	Column string       `json:"column"`
	Key    string       `json:"key"`
	RefKey string       `json:"refKey"`
}

// Table is one table of a root's closure: how a run finds its rows and what it does with them.
type Table struct {
	Name dialect.Name `json:"name"`
	// Key addresses a row: the whole key, or the row address alone (Address). It is empty for
	// rows of a table without a key (DeleteByReference).
	Key     []string `json:"key,omitempty"`
	Address bool     `json:"address,omitempty"`
	// Reach lists the references to this table's rows; none for the root. A row found by any of
	// them belongs to the closure.
	Reach []Reach `json:"reach,omitempty"`
	// Cycle numbers the group of tables that reach each other in a cycle: a run collects their rows
	// until it finds nothing new. 0: none.
	Cycle int `json:"cycle,omitempty"`
	// Erase is the decision for a root's row; empty for all other tables, where Reach decides.
	Erase policy.Erase `json:"erase,omitempty"`
	// Hold keeps rows despite the decision. Rows reached only through a held row are held with it.
	Hold *policy.Hold `json:"hold,omitempty"`
	// Keeps are the references by which a remaining row of this table keeps other rows.
	Keeps []Anchor `json:"keeps,omitempty"`
	// AnchoredBy are the references by which other subjects' rows keep a row of this table. A run
	// overwrites such a row instead of deleting it.
	AnchoredBy []Reference `json:"anchoredBy,omitempty"`
	// DeleteByReference rows are deleted by the reference they are reached through, without fetching their
	// keys: nothing else depends on which rows they are.
	DeleteByReference bool `json:"unseen,omitempty"`
	// SharedBy is set for an owned table, whose rows are deleted only if no other row refers to
	// them. It lists every reference that counts.
	SharedBy []Reference `json:"sharedBy,omitempty"`
}

// Anchor is a reference by which a remaining row keeps another one.
type Anchor struct {
	Reference
	// Held restricts it to rows under a hold: others set the reference NULL, or overwrite it.
	Held bool `json:"held,omitempty"`
}

// Reference is a relation between two tables: rows of Table whose Columns equal the RefColumns of a
// row of RefTable refer to it, if Where holds.
type Reference struct {
	Table      dialect.Name `json:"table"`
	Columns    []string     `json:"columns"`
	RefTable   dialect.Name `json:"refTable"`
	RefColumns []string     `json:"refColumns"`
	// Where is the link's condition in the engine's SQL, over Table's columns.
	Where string `json:"where,omitempty"`
	// Link is set for a relation that the catalogue doesn't declare, or doesn't enforce.
	Link bool `json:"link,omitempty"`
}

// Reach is a reference from a table of the closure to this one: backwards from RefTable to Table,
// or Forwards from Table to RefTable for an owned row.
type Reach struct {
	Reference
	Forwards bool `json:"forwards,omitempty"`
	// Erase is the decision for a row reached this way. Of several the strongest counts: delete
	// before overwrite before keep.
	Erase policy.Erase `json:"erase"`
	// ScanOnce is set for a link from the root's rows that no index serves. A run scans for the rows of
	// all its subjects once, and its last scan counts later rows instead of erasing them.
	ScanOnce bool `json:"once,omitempty"`
}

// From is the table at the start of the reference's path.
func (r *Reach) From() dialect.Name {
	if r.Forwards {
		return r.Table
	}
	return r.RefTable
}

// Step is one operation on one table.
type Step struct {
	ID    string       `json:"id"` // unique in the plan: journal and receipt count by it
	Op    Op           `json:"op"`
	Table dialect.Name `json:"table"`
	// Rows says which of the table's rows are meant.
	Rows Rows `json:"rows,omitempty"`
	// Set is what an overwrite assigns.
	Set []Assignment `json:"set,omitempty"`
	// Follow is how Following rows refer to those of the overwrite before: rows of Table whose
	// Columns equal the RefColumns of an overwritten row.
	Follow *Reference `json:"follow,omitempty"`
	// Detach is the reference to set NULL.
	Detach *Reference `json:"detach,omitempty"`
	// Again is set if triggers fired by the root's steps may write rows for this one: a run
	// searches for them again after all steps.
	Again bool `json:"again,omitempty"`
	// Path is how the table is reached, for people and for the receipt, without the default schema.
	Path string `json:"path"`
}

// Rows is which rows of its table a step is for.
type Rows string

// The sets of rows.
const (
	// Reached rows are those with the step's operation as their decision. For an overwrite, they
	// include rows that were to be deleted and must be kept. For a detach, they are the rows that
	// refer to a row of the closure.
	Reached Rows = ""
	// Held rows are under a hold that leaves columns to overwrite.
	Held Rows = "held"
	// Freed rows were under a hold of some columns, and have to be kept.
	Freed Rows = "freed"
	// Staying rows remain, but refer to deleted rows: a detach sets the reference NULL.
	Staying Rows = "staying"
	// Going rows will be deleted: a detach sets the references between them NULL first.
	Going Rows = "going"
	// Following rows take the new values of the rows they refer to (overwrite): in the same
	// statement, or by the database's cascade, as their Way says.
	Following Rows = "following"
)

// Op is an operation.
type Op string

// The operations.
const (
	Delete    Op = "delete"
	Overwrite Op = "overwrite"
	Detach    Op = "detach"
	Keep      Op = "keep"
)

// Assignment says how a column's values are replaced.
type Assignment struct {
	Column    string         `json:"column"`
	Strategy  anonymise.Spec `json:"strategy"`
	Technique string         `json:"technique"`
	// Location is where the replacement is made.
	Way Location `json:"way"`
	// Joined are the columns whose values are compared with this one's: a consistent replacement
	// has to fit them too.
	Joined []ColumnName `json:"joined,omitempty"`
}

// Location is where a replacement is made.
type Location string

// The ways. If one assignment goes through the client, the whole step does.
const (
	InDatabase    Location = "in the database"
	ThroughClient Location = "through the client"
)
