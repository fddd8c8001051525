package receipt

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The test receipt has a nightly backup until 2026-03-16 and a weekly one until 2026-08-29, its
// final day.
func TestExpired(t *testing.T) {
	o := opened(t)
	fold := func(list ...*OpenedAmendment) *State {
		s, err := Apply(o, list...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	nightly := amendment(t, o, Fact{Kind: BackupExpired, At: later, Backup: "nightly"})
	weekly := amendment(t, o, Fact{Kind: BackupExpired, At: later, Backup: "offsite weekly"})
	over := time.Date(2026, 8, 30, 0, 0, 0, 0, time.UTC)

	for name, now := range map[string]time.Time{"on the final day": over.Add(-time.Nanosecond), "long before": later} {
		if facts, err := Expired(o, fold(), now); !errors.Is(err, ErrNotFinal) || facts != nil || !strings.Contains(err.Error(), "2026-08-29") {
			t.Errorf("%s: %v, %v", name, facts, err)
		}
	}
	last := Fact{Kind: BackupExpired, At: over, Backup: "offsite weekly"}
	for _, test := range []struct {
		name  string
		state *State
		want  []Fact
	}{
		{"nothing stated yet", fold(), []Fact{{Kind: BackupExpired, At: time.Date(2026, 3, 17, 0, 0, 0, 0, time.UTC), Backup: "nightly"}, last}},
		{"one stated before", fold(nightly), []Fact{last}},
		{"all stated before", fold(nightly, weekly), nil},
	} {
		got, err := Expired(o, test.state, over)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s: %s", test.name, d)
		}
	}
	none := *o
	none.Statement.Predicate.Copies, none.Statement.Predicate.Final = nil, ""
	if facts, err := Expired(&none, &State{}, over); facts != nil || err != nil {
		t.Errorf("without backups: %v, %v", facts, err)
	}
	none.Statement.Predicate.Copies = o.Statement.Predicate.Copies
	if _, err := Expired(&none, fold(), over); !errors.Is(err, ErrNotFinal) {
		t.Errorf("without a final day: %v", err)
	}
}
