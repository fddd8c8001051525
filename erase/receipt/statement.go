package receipt

import "time"

// The names of the format.
const (
	// PayloadType is the DSSE payload type of an in-toto statement.
	PayloadType = "application/vnd.in-toto+json"
	// StatementType is the in-toto Statement v1 type.
	StatementType = "https://in-toto.io/Statement/v1"
	// PredicateType is the type and version of an erasure receipt's predicate.
	PredicateType = typeBase + "erasure-receipt/v1"
	// SubjectName is the name of the statement's only subject.
	SubjectName = "erasure-set"

	typeBase = "https://github.com/expungedb/expunge/"
)

// DoesNotProve is every receipt's statement of its limits, word for word.
const DoesNotProve = "The signature proves who made this statement and that it has not changed since; " +
	"it does not prove that the statement is true. Replicas, backups, recipients and storage media are " +
	"named as the operator declared them and were not seen. " +
	"What is still physically present after the commit is stated under residue and nowhere else."

// Statement is a receipt: an in-toto Statement v1 about one set of erased rows. Make one with
// NewStatement.
type Statement struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     Predicate `json:"predicate"`
}

// Subject is the subject of an in-toto statement, named by digest.
type Subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"` // algorithm → hex
}

// Predicate is the content of a receipt. Optional fields are omitted when unknown. None of them may
// identify a person: no row value, key or identifier, nor a hash of one.
type Predicate struct {
	ReceiptID string `json:"receiptId"` // random, made once per run: a UUID
	// RunID is the caller's opaque name for the run; "exactly once" is per RunID.
	RunID string `json:"runId,omitempty"`
	Tool  Tool   `json:"tool"`
	// Scope is what the plan covers: subjects, everything or expired.
	Scope string `json:"scope"`
	// AsOf is the moment fixed by the run: rows that appeared later count as arrived.
	AsOf time.Time `json:"asOf,omitzero"`

	PlanDigest        string `json:"planDigest"`        // SHA-256 in hex
	PolicyDigest      string `json:"policyDigest"`      // SHA-256 in hex
	SchemaFingerprint string `json:"schemaFingerprint"` // SHA-256 in hex

	Controller string `json:"controller,omitempty"`
	Processor  string `json:"processor,omitempty"`
	Operator   string `json:"operator,omitempty"` // a role, no person's name
	System     System `json:"system"`

	// Incomplete says why the run was closed before all of its work was done. Nil: it was done.
	Incomplete *Incomplete `json:"incomplete,omitempty"`

	Request  *Request  `json:"request,omitempty"`
	Subjects *Subjects `json:"subjects,omitempty"`

	Actions  []Action   `json:"actions"`
	Retained []Retained `json:"retained,omitempty"`
	// Ended are rows that a hold kept from an earlier erasure, and keeps no longer, in the form of
	// Retained.
	Ended []Retained `json:"ended,omitempty"`
	// Follows are the receipts of earlier erasures with held rows; this erasure finished at least
	// one row of each.
	Follows     []Followed   `json:"follows,omitempty"`
	Commits     Commits      `json:"commits"`
	Commitments *Commitments `json:"commitments,omitempty"` // nil: commitments are off
	Residue     Residue      `json:"residue"`
	Copies      *Copies      `json:"copies,omitempty"` // nil: none were declared
	Checks      []Check      `json:"checks,omitempty"`
	// Final is the day after which the last declared backup no longer holds the data, 2006-01-02.
	// Empty: no backup was declared.
	Final string `json:"final,omitempty"`

	DoesNotProve string `json:"doesNotProve"`
}

// Tool is the program that carried the erasure out.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// System identifies the database.
type System struct {
	// Journal is the journal's random UUID; a restored copy has it too.
	Journal string `json:"journal"`
	// OnlyOn is the name of the only database that the plan may run on; empty where the plan names
	// none.
	OnlyOn string `json:"onlyOn,omitempty"`
	// CopyOf is the UUID of the database that this one is a copy of; empty where no copy was
	// noticed.
	CopyOf  string `json:"copyOf,omitempty"`
	Name    string `json:"name,omitempty"` // the policy's name for the database
	Engine  string `json:"engine"`         // postgres, mysql, …
	Version string `json:"version,omitempty"`
	// Evidence is the engine's own identity: "system_identifier" on PostgreSQL, "server_uuid" on
	// MySQL, ….
	Evidence map[string]string `json:"evidence,omitempty"`
}

// Request is the request answered by the erasure (GDPR Art. 12 and 17).
type Request struct {
	Case       string     `json:"case,omitempty"` // the controller's opaque reference
	ReceivedAt time.Time  `json:"receivedAt,omitzero"`
	DueAt      time.Time  `json:"dueAt,omitzero"` // with any extension
	Extension  *Extension `json:"extension,omitempty"`
	Ground     string     `json:"ground,omitempty"` // "Art. 17(1)(b)"
	Late       bool       `json:"late,omitempty"`   // the last commit came after DueAt
}

// Extension is a longer time to answer, and the mandatory reason.
type Extension struct {
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
}

// Incomplete is about a run that could not continue, and was closed.
type Incomplete struct {
	Reason string `json:"reason"` // it must not name a person
}

// Subjects counts the roots given to a run. Given = Done + Absent + NotReached.
type Subjects struct {
	Given  int64 `json:"given"`
	Done   int64 `json:"done"`
	Absent int64 `json:"absent"` // not in the database when the run began
	// NotReached were not handled before the run was closed: neither erased, nor found absent.
	NotReached int64 `json:"notReached,omitempty"`
}

// Operation is an action on a row.
type Operation string

// The operations.
const (
	Delete    Operation = "delete"
	Overwrite Operation = "overwrite"
	Detach    Operation = "detach" // a reference set NULL
	Keep      Operation = "keep"
)

// Action is one step of the plan and its effect.
type Action struct {
	Step      string    `json:"step"` // the plan's name for the step, unique in a receipt
	Schema    string    `json:"schema,omitempty"`
	Table     string    `json:"table"`
	Operation Operation `json:"operation"`
	Columns   []Column  `json:"columns,omitempty"` // of an overwrite or detach
	// Technique is the name in ISO/IEC 20889 if the step has only one, as a delete has ("record
	// suppression").
	Technique string `json:"technique,omitempty"`
	// Path is the way from the subject to the table, in names of tables and columns, never with a
	// value.
	Path string `json:"path,omitempty"`
	Rows Rows   `json:"rows"`
	// Unchanged counts the values (not rows) of an overwrite whose replacement equals the old
	// value, as can happen in a column with few possible values. Unchecked rows were not compared.
	Unchanged int64 `json:"unchanged,omitempty"`
	// Otherwise counts the values of an overwrite that the column's strategy can't replace, such as
	// a zero date; the policy's other rule replaced them.
	Otherwise int64 `json:"otherwise,omitempty"`
}

// Column is a column that was overwritten or set NULL, and how.
type Column struct {
	Name      string `json:"name"`
	Strategy  string `json:"strategy,omitempty"`  // "fake: email"
	Technique string `json:"technique,omitempty"` // its name in ISO/IEC 20889
}

// Rows counts a step's rows, from committed journal entries. Matched = Affected + AlreadyGone +
// Left + Held always.
type Rows struct {
	Matched     int64 `json:"matched"`     // found for the step
	Affected    int64 `json:"affected"`    // deleted, overwritten or detached
	AlreadyGone int64 `json:"alreadyGone"` // another transaction had deleted them before
	Left        int64 `json:"left"`        // still there and should not be
	Held        int64 `json:"held"`        // kept on purpose, see Retained
	Arrived     int64 `json:"arrived"`     // appeared after the run's as-of moment: not matched, still there
	Unchecked   int64 `json:"unchecked"`   // affected, and not verified afterwards
}

// Retained is rows that were kept on purpose.
type Retained struct {
	Schema  string   `json:"schema,omitempty"`
	Table   string   `json:"table"`
	Columns []string `json:"columns,omitempty"` // the held columns; empty: the whole row
	Rows    int64    `json:"rows"`
	Reason  string   `json:"reason"`
	Basis   string   `json:"basis,omitempty"` // "Art. 17(3)(b)"
	// Until is a day (2006-01-02) or the policy's rule ("invoice_date + 6y"); empty: the hold has
	// no end.
	Until string `json:"until,omitempty"`
	// Last is the day on which the last of these rows' holds ends, if Until is a rule and the days
	// are known.
	Last string `json:"last,omitempty"`
}

// Followed is an earlier receipt whose erasure was continued.
type Followed struct {
	ReceiptID string `json:"receiptId"`
	// Complete says that none of its held rows remain.
	Complete bool `json:"complete"`
}

// Commits says when the work was committed.
type Commits struct {
	First    time.Time `json:"first,omitzero"` // zero: nothing was committed
	Last     time.Time `json:"last,omitzero"`
	Batches  int64     `json:"batches"`
	Retries  int64     `json:"retries"`
	Position string    `json:"position,omitempty"` // the engine's: an LSN, a GTID, …
}

// Commitments is the Merkle root over the erased rows.
type Commitments struct {
	Algorithm string `json:"algorithm"` // CommitmentAlgorithm
	Leaves    int64  `json:"leaves"`    // with the decoys: not the number of rows
	Batches   int64  `json:"batches"`   // leaves of the tree over the batches
	Root      string `json:"root"`      // SHA-256 in hex
}

// NotAssessed is the residue level of a receipt without a claim about it.
const NotAssessed = "not assessed"

// Residue describes the data still physically present. The zero Residue isn't valid; use
// NewResidue.
type Residue struct {
	// Level is the lowest of the stores' levels, or NotAssessed without stores.
	Level  string  `json:"level"`
	Stores []Store `json:"stores,omitempty"`
}

// Store is a place where data may still be: data files, log, undo, ….
type Store struct {
	Name     string     `json:"name"`
	Level    string     `json:"level"`              // LevelLogical to LevelMedia, or NotAssessed
	Evidence string     `json:"evidence,omitempty"` // what was examined, and how
	Remains  []Leftover `json:"remains,omitempty"`
}

// Leftover is data known to be still present.
type Leftover struct {
	What  string `json:"what"`
	Until string `json:"until,omitempty"` // 2006-01-02; empty: not known
}

// Copies are the places the data was copied to, as declared.
type Copies struct {
	Replicas     []Replica   `json:"replicas,omitempty"`
	Backups      []Backup    `json:"backups,omitempty"`
	Publications []string    `json:"publications,omitempty"`
	Recipients   []Recipient `json:"recipients,omitempty"`
}

// Replica is a replica, with the position it had replayed to where known.
type Replica struct {
	Name     string `json:"name"`
	Position string `json:"position,omitempty"`
}

// Backup is a backup with its horizon.
type Backup struct {
	Name  string `json:"name"`
	Kept  string `json:"kept"`            // the policy's period: "180d"
	Until string `json:"until,omitempty"` // the last day on which it may hold the data, 2006-01-02
}

// Recipient is someone the data was disclosed to (GDPR Art. 19).
type Recipient struct {
	Name     string `json:"name"`
	Category string `json:"category,omitempty"`
}

// Check is a verification carried out before signing.
type Check struct {
	ID     string    `json:"id"`
	Method Method    `json:"method"`
	Result Result    `json:"result"`
	Rows   int64     `json:"rows,omitempty"` // checked rows
	At     time.Time `json:"at"`
}

// Method is the extent of a check.
type Method string

// The methods.
const (
	Full   Method = "full"
	Sample Method = "sample"
)

// Result is the outcome of a check.
type Result string

// The results.
const (
	Passed    Result = "passed"
	Failed    Result = "failed"
	Unchecked Result = "unchecked" // it could not be carried out
)

// NewStatement returns the statement of a predicate. It sets DoesNotProve, an empty residue to
// NotAssessed, and the subject's digest: the commitments' root, or the TotalsDigest without
// commitments. It shares the predicate's slices, without copying. Sign validates it.
func NewStatement(p Predicate) Statement {
	p.DoesNotProve = DoesNotProve
	if p.Residue.Level == "" {
		p.Residue.Level = NotAssessed
	}
	if p.Actions == nil {
		p.Actions = []Action{}
	}
	return Statement{
		Type:          StatementType,
		Subject:       []Subject{{Name: SubjectName, Digest: map[string]string{"sha256": p.setDigest()}}},
		PredicateType: PredicateType,
		Predicate:     p,
	}
}

// Digest is the subject's SHA-256 in hex: the receipt's name for its set of erased rows. Empty when
// the statement has no such subject.
func (s *Statement) Digest() string {
	if len(s.Subject) != 1 {
		return ""
	}
	return s.Subject[0].Digest["sha256"]
}

func (p *Predicate) setDigest() string {
	if p.Commitments != nil {
		return p.Commitments.Root
	}
	return totalsDigest(p.Actions, p.Retained)
}
