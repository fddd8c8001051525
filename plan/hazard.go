package plan

import "github.com/expungedb/expunge/dialect"

// Hazard is something that the operator must allow by name before a plan runs.
type Hazard struct {
	Name   HazardName   `json:"name"`
	Table  dialect.Name `json:"table"`
	Reason string       `json:"reason"`
}

// HazardName is what a hazard is allowed by (`--allow NAME`, Options.Allow).
type HazardName string

// The hazards.
const (
	OverwritesEverything HazardName = "OVERWRITES_EVERYTHING" // scope everything overwrites every row of a table
	DeletesEverything    HazardName = "DELETES_EVERYTHING"    // scope everything deletes every row of a table
	NoPrimaryKey         HazardName = "NO_PRIMARY_KEY"        // rows are addressed physically, all in one transaction
	NoTransactions       HazardName = "NO_TRANSACTIONS"       // the storage engine can't roll back
	TriggersFire         HazardName = "TRIGGERS_FIRE"         // a trigger runs for each row
	HistoryKept          HazardName = "HISTORY_KEPT"          // old values stay in a history table
	UnindexedLink        HazardName = "UNINDEXED_LINK"        // a reference without an index is scanned
	PersonalKey          HazardName = "PERSONAL_KEY"          // a key column is itself personal
	SharedRow            HazardName = "SHARED_ROW"            // a row belongs to several subjects
	UniquenessNotProven  HazardName = "UNIQUENESS_NOT_PROVEN" // a strategy may give two rows of a unique index one value
	CopiesElsewhere      HazardName = "COPIES_ELSEWHERE"      // materialized views and publications hold copies

	// These two are never asked for: they allow what Root.Suspends offers.

	SuspendsIndexes    HazardName = "SUSPENDS_INDEXES"    // indexes are away while their table is overwritten
	SuspendsUniqueness HazardName = "SUSPENDS_UNIQUENESS" // unique ones too; nobody else may write meanwhile
)
