package plan

import (
	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// Plan is the ordered steps that a policy means on one schema for one scope. It
// is a value: it holds no personal data and no subject's identifier, is
// reviewed once, stored as JSON, and run for every request.
type Plan struct {
	Version  int    `json:"version"`
	Engine   string `json:"engine"`   // dialect.Schema.Engine that it was made for
	Database string `json:"database"` // the policy's name for it
	// OnlyOn names the one database that the plan may run on, as erase.Options.OnlyOn
	// does. Set it before the plan is reviewed: it is part of the digest. Empty: the run says it.
	OnlyOn string `json:"onlyOn,omitempty"`
	// Default is the schema that is left out where names are shown to people.
	Default    string   `json:"default,omitempty"`
	Controller string   `json:"controller,omitempty"`
	Processor  string   `json:"processor,omitempty"`
	Scope      Scope    `json:"scope"`
	Subject    *Subject `json:"subject,omitempty"`
	Policy     string   `json:"policy"` // the policy's digest: SHA-256 in hex of its canonical form
	Schema     string   `json:"schema"` // the fingerprint of Covers
	// Covers are the tables that the plan touches or whose references it
	// follows, ordered by name: what the fingerprint is taken over.
	Covers []dialect.Name `json:"covers"`
	// Made is what values depend on besides the policy: of each consistent fake a digest
	// of what the linked generator makes ("fake: email": "5f0c…"). Another version of the generator makes another
	// plan only where it makes other values.
	Made  map[string]string `json:"made,omitempty"`
	Roots []Root            `json:"roots"`
	// Unlinked are the tables in which no subject's rows are looked for, though the policy
	// doesn't call them free of personal data (scope subjects).
	Unlinked   []Unlinked         `json:"unlinked,omitempty"`
	Hazards    []Hazard           `json:"hazards,omitempty"`
	Backups    []policy.Backup    `json:"backups,omitempty"`
	Replicas   []policy.Replica   `json:"replicas,omitempty"`
	Recipients []policy.Recipient `json:"recipients,omitempty"`
	Due        *policy.Due        `json:"due,omitempty"`
	// Untried says what couldn't be tried on rows when the plan was made, as there were none or
	// too few. It is about the rows of that moment: neither the stored plan nor its digest has it.
	Untried []Untried `json:"-"`
}

// Untried is a link or a check that a table had too few rows to try it on.
type Untried struct {
	Table  dialect.Name
	Reason string
}

// Scope is what a plan covers.
type Scope string

// The scopes.
const (
	ScopeSubjects   Scope = "subjects"   // the subjects that are given to the run, with their closures
	ScopeEverything Scope = "everything" // every row of every table, each table by itself
	ScopeExpired    Scope = "expired"    // rows older than their retention period, with their closures
)

// Subject is how subjects are named.
type Subject struct {
	Table       dialect.Name `json:"table"`
	Key         []string     `json:"key"`
	Identifiers []string     `json:"identifiers,omitempty"`
}

// Root is a table that rows are taken from, batch by batch, and what happens
// to those rows and to everything that refers to them.
type Root struct {
	Table dialect.Name `json:"table"`
	// Older restricts the rows to those older than a period (scope expired).
	Older *Older `json:"older,omitempty"`
	// Ended restricts the rows to those that the journal names: where an erasure
	// of a subject left something to a hold. What is held no longer is erased then,
	// and nothing that was overwritten is overwritten again (scope expired).
	Ended bool `json:"ended,omitempty"`
	// Tables are the tables of the closure, the root's first, then in the
	// order in which rows are collected and locked: a table comes after the
	// tables it is reached from, unless they form a cycle.
	Tables []Table `json:"tables"`
	// Steps are the operations in the order in which they are carried out.
	Steps []Step `json:"steps"`
	// Whole asks for all rows in one transaction: they can only be addressed
	// physically, or by a key that is overwritten.
	Whole bool `json:"whole,omitempty"`
	// Suspends are the indexes that may be suspended while the rows are
	// overwritten (scope everything), by name.
	Suspends []Suspension `json:"suspends,omitempty"`
	// Scans is set where every batch looks through a whole table, however few
	// its roots are: no index serves one of the references.
	Scans bool `json:"scans,omitempty"`
	// Defer defers the database's deferrable constraints within a batch.
	Defer bool `json:"defer,omitempty"`
}

// Older says when a row has expired: Column < as of − Period.
type Older struct {
	Column string        `json:"column"`
	Period policy.Period `json:"period,omitzero"`
	// Lookup says where each row's period stands, instead of Period.
	Lookup *Lookup `json:"lookup,omitempty"`
}

// Lookup finds a row's period in another table: in Column of the row of Table
// whose RefKey equals the row's Key.
type Lookup struct {
	Table  dialect.Name `json:"table"`
	Column string       `json:"column"`
	Key    string       `json:"key"`
	RefKey string       `json:"refKey"`
}

// Table is one table of a root's closure: how its rows are found and what
// becomes of them.
type Table struct {
	Name dialect.Name `json:"name"`
	// Key addresses a row: the whole key, or the row address alone (Address).
	// Empty where Unseen rows of a table without a key are meant.
	Key     []string `json:"key,omitempty"`
	Address bool     `json:"address,omitempty"`
	// Reach lists the ways that lead here; none for the root. A row found on
	// any of them belongs to the closure.
	Reach []Reach `json:"reach,omitempty"`
	// Cycle numbers the group of tables that reach each other in a circle,
	// which are collected until nothing new is found; 0: none.
	Cycle int `json:"cycle,omitempty"`
	// Erase is what becomes of a root's row; empty for all other tables, whose
	// ways decide.
	Erase policy.Erase `json:"erase,omitempty"`
	// Hold keeps rows though it was decided otherwise. What is reached through
	// a held row only is held with it.
	Hold *policy.Hold `json:"hold,omitempty"`
	// Keeps are the references of a row that stays which keep the row that
	// they refer to.
	Keeps []Anchor `json:"keeps,omitempty"`
	// AnchoredBy are the references of other subjects' rows which keep a row of
	// this table that would be deleted: it is overwritten.
	AnchoredBy []Reference `json:"anchoredBy,omitempty"`
	// Unseen rows are deleted by the reference that they are reached through,
	// without fetching their keys: nothing else depends on which they are.
	Unseen bool `json:"unseen,omitempty"`
	// SharedBy is set for an owned table, whose rows go only when no other row
	// refers to them: it lists every reference that counts.
	SharedBy []Reference `json:"sharedBy,omitempty"`
}

// Anchor is a reference of a row that stays which keeps the row referred to.
type Anchor struct {
	Reference
	// Held restricts it to rows under a hold: others let go of the reference.
	Held bool `json:"held,omitempty"`
}

// Reference is a relation between two tables: rows of Table whose Columns
// equal the RefColumns of a row of RefTable refer to it, where Where holds.
type Reference struct {
	Table      dialect.Name `json:"table"`
	Columns    []string     `json:"columns"`
	RefTable   dialect.Name `json:"refTable"`
	RefColumns []string     `json:"refColumns"`
	// Where is the link's condition in the engine's SQL, over Table's columns.
	Where string `json:"where,omitempty"`
	// Link is set for a relation that the catalogue doesn't declare, or
	// doesn't enforce.
	Link bool `json:"link,omitempty"`
}

// Reach is a reference that leads from a table of the closure to this one:
// backwards from RefTable to Table, or Forwards from Table to RefTable for a
// row that is owned.
type Reach struct {
	Reference
	Forwards bool `json:"forwards,omitempty"`
	// Erase is what becomes of a row reached this way. Of several ways the
	// strongest counts: delete before overwrite before keep.
	Erase policy.Erase `json:"erase"`
	// Once is set for a link from the root's rows that no index serves: a run looks
	// for the rows of all its subjects once, and what arrives from then on is counted by the
	// last scan instead of erased.
	Once bool `json:"once,omitempty"`
}

// From is the table that the way starts at.
func (r *Reach) From() dialect.Name {
	if r.Forwards {
		return r.Table
	}
	return r.RefTable
}

// Step is one operation on one table.
type Step struct {
	ID    string       `json:"id"` // unique in the plan: what journal and receipt count by
	Op    Op           `json:"op"`
	Table dialect.Name `json:"table"`
	// Rows says which of the table's rows are meant.
	Rows Rows `json:"rows,omitempty"`
	// Set is what an overwrite assigns.
	Set []Assignment `json:"set,omitempty"`
	// Follow is how Following rows refer to those of the overwrite before: rows of
	// Table whose Columns equal the RefColumns of an overwritten row.
	Follow *Reference `json:"follow,omitempty"`
	// Detach is the reference that is set NULL.
	Detach *Reference `json:"detach,omitempty"`
	// Again is set where triggers that the root's steps fire may write rows for this
	// one: they are looked for once more when all steps are carried out.
	Again bool `json:"again,omitempty"`
	// Path is how the table is reached, for people and for the receipt; the
	// default schema is left out.
	Path string `json:"path"`
}

// Rows is which rows of its table a step is for.
type Rows string

// The sets of rows.
const (
	// Reached rows are those for which the decision is the step's operation:
	// for a delete those to be deleted, for an overwrite also those that had to be
	// deleted but must stay, for a detach those that refer to a row of the closure.
	Reached Rows = ""
	// Held rows are under a hold that leaves columns to overwrite.
	Held Rows = "held"
	// Freed rows were under a hold that kept columns, and have to stay.
	Freed Rows = "freed"
	// Staying rows stay, and let go of rows that don't (detach).
	Staying Rows = "staying"
	// Going rows will be deleted, and let go of each other first (detach).
	Going Rows = "going"
	// Following rows take the new values of rows that they refer to, in the same
	// statement as those or by the database's cascade, which their Way says (overwrite).
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
	// Way is where the replacement is made.
	Way Way `json:"way"`
	// Joined are the columns whose values are compared with this one's, which a
	// consistent replacement has to fit too.
	Joined []ColumnName `json:"joined,omitempty"`
}

// Way is where a replacement is made.
type Way string

// The ways. A step with one client assignment is carried out through the client as a whole.
const (
	InDatabase    Way = "in the database"
	ThroughClient Way = "through the client"
)
