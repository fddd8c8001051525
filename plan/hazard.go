package plan

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// Hazard is a risk the operator must allow by name before a plan runs.
type Hazard struct {
	Name   HazardName   `json:"name"`
	Table  dialect.Name `json:"table"`
	Reason string       `json:"reason"`
}

// HazardName is the name to allow a hazard by (`--allow NAME`, Options.Allow). With a colon and a
// table it allows the hazard for this table only: UNINDEXED_LINK:audit_log.
type HazardName string

// Allows reports whether one of the names allows the hazard: the hazard's name, alone or with its
// table as a policy writes it.
func (p *Plan) Allows(names []HazardName, h Hazard) bool {
	return slices.ContainsFunc(names, func(n HazardName) bool {
		name, table, one := strings.Cut(string(n), ":")
		return HazardName(name) == h.Name && (!one || table == policy.TableName(h.Table, p.Default) || table == h.Table.String())
	})
}

// HazardGroup is the tables that have one hazard for one reason.
type HazardGroup struct {
	Name   HazardName
	Reason string
	Tables []dialect.Name
}

// GroupHazards groups hazards of different tables with one name and one reason, in their order.
func GroupHazards(hazards []Hazard) []HazardGroup {
	var out []HazardGroup
	for _, h := range hazards {
		i := slices.IndexFunc(out, func(g HazardGroup) bool { return g.Name == h.Name && g.Reason == h.Reason })
		if i < 0 {
			i, out = len(out), append(out, HazardGroup{Name: h.Name, Reason: h.Reason})
		}
		out[i].Tables = append(out[i].Tables, h.Table)
	}
	return out
}

// NewHazards are the hazards missing from the approved plan.
func (p *Plan) NewHazards(approved *Plan) []Hazard {
	return slices.DeleteFunc(slices.Clone(p.Hazards), func(h Hazard) bool { return slices.Contains(approved.Hazards, h) })
}

// The hazards.
const (
	OverwritesEverything HazardName = "OVERWRITES_EVERYTHING" // scope everything overwrites every row of a table
	DeletesEverything    HazardName = "DELETES_EVERYTHING"    // scope everything deletes every row of a table
	NoPrimaryKey         HazardName = "NO_PRIMARY_KEY"        // rows are addressed physically, all in one transaction
	NoTransactions       HazardName = "NO_TRANSACTIONS"       // the storage engine can't roll back
	TriggersFire         HazardName = "TRIGGERS_FIRE"         // a trigger runs for each row
	UnseenReferences     HazardName = "UNSEEN_REFERENCES"     // foreign keys invisible to the user may delete or change rows
	HistoryKept          HazardName = "HISTORY_KEPT"          // old values stay in a history table
	UnindexedLink        HazardName = "UNINDEXED_LINK"        // a reference without an index is scanned
	LinkNeverMatches     HazardName = "LINK_NEVER_MATCHES"    // no sampled value of a link is in the table it refers to
	CheckMayFail         HazardName = "CHECK_MAY_FAIL"        // a check constraint refuses some replacements, or can't be tried
	PersonalKey          HazardName = "PERSONAL_KEY"          // a key column is itself personal
	SharedRow            HazardName = "SHARED_ROW"            // a row belongs to several subjects
	UniquenessNotProven  HazardName = "UNIQUENESS_NOT_PROVEN" // a strategy may give two rows of a unique index one value
	CopiesElsewhere      HazardName = "COPIES_ELSEWHERE"      // materialized views, virtual tables and publications hold copies

	// No plan requires these two: they allow what Root.Suspends offers.

	SuspendsIndexes    HazardName = "SUSPENDS_INDEXES"    // indexes are dropped while their table is overwritten
	SuspendsUniqueness HazardName = "SUSPENDS_UNIQUENESS" // unique ones too; other clients may not write meanwhile
)
