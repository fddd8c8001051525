package receipt

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestResidueIsAsLowAsItsLowestStore(t *testing.T) {
	files, wal := Store{Name: "data files", Level: LevelFiles}, Store{Name: "WAL", Level: LevelLogical}
	for name, tt := range map[string]struct {
		stores []Store
		want   string
	}{
		"no store":                 {nil, NotAssessed},
		"one":                      {[]Store{files}, LevelFiles},
		"a lower one":              {[]Store{files, wal}, LevelLogical},
		"one that wasn't assessed": {[]Store{wal, {Name: "replica", Level: NotAssessed}, files}, NotAssessed},
	} {
		t.Run(name, func(t *testing.T) {
			if got := NewResidue(tt.stores...); got.Level != tt.want {
				t.Errorf("level %s, want %s", got.Level, tt.want)
			}
		})
	}
}

func TestALaterStatementOfResidueIsAboutTheStoresItNames(t *testing.T) {
	o := opened(t)
	update := func(id string, at time.Time, stores ...Store) *OpenedAmendment {
		r := NewResidue(stores...)
		return amendment(t, o, Fact{AmendmentID: id, Kind: ResidueUpdate, At: at, Residue: &r})
	}
	first := o.Statement.Predicate.Residue.Stores
	wal := Store{Name: "WAL", Level: LevelVersions, Remains: []Leftover{{What: "segments before the rewrite", Until: "2026-05-01"}}}
	clean := Store{Name: "WAL", Level: LevelLogs, Evidence: "oldest segment is younger"}
	// The later one counts, whatever their given order.
	s, err := Apply(o, update("b", later.AddDate(0, 1, 0), clean), update("a", later, wal))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(NewResidue(append(first[:len(first):len(first)], clean)...), s.Residue); d != "" {
		t.Errorf("residue (-want +got):\n%s", d)
	}
}

func TestResidueIsValidated(t *testing.T) {
	for name, tt := range map[string]struct {
		residue Residue
		want    string
	}{
		"no level":               {Residue{}, "residue.level is not one"},
		"a level of no ladder":   {Residue{Level: "clean", Stores: []Store{{Name: "WAL", Level: "clean"}}}, "residue.stores[0].level is not one"},
		"a level without stores": {Residue{Level: LevelFiles}, "not the lowest"},
		"more than was reached":  {Residue{Level: LevelFiles, Stores: []Store{{Name: "WAL", Level: LevelLogical}}}, "not the lowest"},
		"a store twice":          {NewResidue(Store{Name: "WAL", Level: LevelLogs}, Store{Name: "WAL", Level: LevelLogical}), "is there twice"},
		"a store without a name": {NewResidue(Store{Level: LevelLogs}), "residue.stores[0].name is missing"},
		"remains without a word": {NewResidue(Store{Name: "WAL", Level: LevelLogs, Remains: []Leftover{{}}}), "remains[0].what is missing"},
		"remains until whenever": {NewResidue(Store{Name: "WAL", Level: LevelLogs, Remains: []Leftover{{What: "pages", Until: "soon"}}}), "remains[0].until is not a day"},
	} {
		t.Run(name, func(t *testing.T) {
			p := testPredicate()
			p.Residue = tt.residue
			s := NewStatement(p)
			s.Predicate.Residue = tt.residue // NewStatement fills a level in that isn't given
			if err := s.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Validate: %v, want it to say %q", err, tt.want)
			}
		})
	}
}

func TestEveryLevelHasWords(t *testing.T) {
	for _, level := range []string{NotAssessed, LevelLogical, LevelDerived, LevelVersions, LevelFiles, LevelLogs, LevelReplicas, LevelBackups, LevelMedia} {
		if LevelWords(level) == "" {
			t.Errorf("level %s has no words", level)
		}
	}
	if LevelWords("L8") != "" {
		t.Error("a level that isn't there has words")
	}
}
