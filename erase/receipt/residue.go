package receipt

import (
	"fmt"
	"slices"
)

// The levels of residue: how far down the erased data is gone from a store. A level includes those
// before it. A statement names the level that was reached and examined, never a hoped-for one.
const (
	LevelLogical  = "L0" // no query of the tables returns it any more
	LevelDerived  = "L1" // nor anything else that can be queried: search indexes, statistics, history
	LevelVersions = "L2" // no open transaction or snapshot can restore it
	LevelFiles    = "L3" // the bytes are gone from the database's current files
	LevelLogs     = "L4" // and from its logs on the same machine
	LevelReplicas = "L5" // and from every known replica
	LevelBackups  = "L6" // the last copy is gone from the backups, or locked away until it is
	LevelMedia    = "L7" // the storage that held it can't be read any more
)

// ladder has the levels from the lowest on, with their descriptions.
var ladder = []struct{ level, words string }{
	{NotAssessed, "not looked into"},
	{LevelLogical, "no query of the tables finds the data any more"},
	{LevelDerived, "search indexes, statistics and history don't show the data either"},
	{LevelVersions, "older versions of the data can't be brought back by the database"},
	{LevelFiles, "the data is gone from the database's current files"},
	{LevelLogs, "the data is gone from the database's files and logs"},
	{LevelReplicas, "the data is gone from the database's known copies too"},
	{LevelBackups, "the data is gone from backups, or locked away in them until they go"},
	{LevelMedia, "the storage that held the data can't be read any more"},
}

// levelRank is the level's place; -1 for an unknown level.
func levelRank(level string) int {
	for i, l := range ladder {
		if l.level == level {
			return i
		}
	}
	return -1
}

// LevelWords says what a level of residue means; empty for an unknown level.
func LevelWords(level string) string {
	if i := levelRank(level); i >= 0 {
		return ladder[i].words
	}
	return ""
}

// NewResidue combines the stores: the lowest level that any of them reached. Without a store it is
// NotAssessed.
func NewResidue(stores ...Store) Residue {
	return Residue{Level: lowestLevel(stores), Stores: stores}
}

func lowestLevel(stores []Store) string {
	if len(stores) == 0 {
		return NotAssessed
	}
	level := stores[0].Level
	for _, s := range stores {
		if levelRank(s.Level) < levelRank(level) {
			level = s.Level
		}
	}
	return level
}

// updatedBy is the residue after a later statement: the named stores change, the others remain.
func (r Residue) updatedBy(later Residue) Residue {
	stores := slices.Clone(r.Stores)
	for _, s := range later.Stores {
		i := slices.IndexFunc(stores, func(old Store) bool { return old.Name == s.Name })
		if i < 0 {
			stores = append(stores, s)
		} else {
			stores[i] = s
		}
	}
	return NewResidue(stores...)
}

func (r *Residue) validate(p *problems) {
	p.check(levelRank(r.Level) >= 0, "residue.level is not one from L0 to L7, nor %q", NotAssessed)
	seen := map[string]bool{}
	for i, s := range r.Stores {
		at := fmt.Sprintf("residue.stores[%d]", i)
		p.required(at+".name", s.Name)
		p.check(!seen[s.Name], "%s.name is there twice", at)
		seen[s.Name] = true
		p.check(levelRank(s.Level) >= 0, "%s.level is not one from L0 to L7, nor %q", at, NotAssessed)
		for j, r := range s.Remains {
			p.required(fmt.Sprintf("%s.remains[%d].what", at, j), r.What)
			p.day(fmt.Sprintf("%s.remains[%d].until", at, j), r.Until)
		}
	}
	p.check(r.Level == lowestLevel(r.Stores), "residue.level is not the lowest of its stores: use NewResidue")
}
