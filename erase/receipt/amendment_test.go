package receipt

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var later = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

// testFacts returns one fact of each kind.
func testFacts() []Fact {
	return []Fact{
		{AmendmentID: "a1", Kind: BackupExpired, At: later, Operator: "operations", Backup: "nightly"},
		{AmendmentID: "a2", Kind: RecipientTold, At: later.Add(time.Hour), Recipient: "mail provider"},
		{AmendmentID: "a3", Kind: ResidueUpdate, At: later.Add(2 * time.Hour), Residue: residue("data files", LevelFiles)},
		{AmendmentID: "a4", Kind: ReplayedAfterRestore, At: later.Add(3 * time.Hour),
			Replay: &Replay{RunID: "replay-1", Backup: later.Add(-time.Hour), Receipt: testDigest}},
		{AmendmentID: "a5", Kind: Revoked, At: later.Add(4 * time.Hour), Reason: "the wrong plan was approved"},
		{AmendmentID: "a6", Kind: ResidueUpdate, At: later.Add(5 * time.Hour), Residue: residue("WAL", LevelLogs)},
	}
}

func residue(store, level string) *Residue {
	r := NewResidue(Store{Name: store, Level: level})
	return &r
}

func TestFold(t *testing.T) {
	o := opened(t)
	var list []*OpenedAmendment
	for _, f := range testFacts() {
		list = append(list, amendment(t, o, f))
	}
	want := &State{
		Residue: NewResidue(Store{Name: "data files", Level: LevelFiles}, Store{Name: "WAL", Level: LevelLogs}),
		Backups: []BackupState{
			{Backup: Backup{Name: "nightly", Kept: "14d", Until: "2026-03-16"}, Expired: later},
			{Backup: Backup{Name: "offsite weekly", Kept: "180d", Until: "2026-08-29"}},
		},
		Recipients: []RecipientState{{Recipient: Recipient{Name: "mail provider", Category: "processor"}, Told: later.Add(time.Hour)}},
		Replays:    []Replay{{RunID: "replay-1", Backup: later.Add(-time.Hour), Receipt: testDigest}},
		Revoked:    &Revocation{At: later.Add(4 * time.Hour), Reason: "the wrong plan was approved"},
		Amendments: 6, Last: later.Add(5 * time.Hour),
	}
	rapid.Check(t, func(r *rapid.T) {
		// In any order, and some of them twice.
		got, err := Apply(o, rapid.Permutation(append(list, list[0], list[4])).Draw(r, "order")...)
		if err != nil {
			r.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			r.Fatalf("state (-want +got):\n%s", d)
		}
	})
	if want.BackupsGone() {
		t.Error("the weekly backup isn't gone")
	}
}

func TestFoldOfNothing(t *testing.T) {
	o := opened(t)
	s, err := Apply(o)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(o.Statement.Predicate.Residue, s.Residue); d != "" || s.Revoked != nil || s.BackupsGone() || s.Amendments != 0 {
		t.Errorf("state %+v", s)
	}
}

func TestFoldRefuses(t *testing.T) {
	o := opened(t)
	other := *o
	other.Digest = testDigest
	for name, tt := range map[string]struct {
		list []*OpenedAmendment
		want error
	}{
		"another receipt's":    {[]*OpenedAmendment{amendment(t, &other, testFacts()[0])}, ErrOtherReceipt},
		"an undeclared backup": {[]*OpenedAmendment{amendment(t, o, Fact{Kind: BackupExpired, At: later, Backup: "tape"})}, ErrMalformed},
		"an undeclared recipient": {[]*OpenedAmendment{
			amendment(t, o, Fact{Kind: RecipientTold, At: later, Recipient: "nobody"})}, ErrMalformed},
		"two facts with one ID": {[]*OpenedAmendment{
			amendment(t, o, Fact{AmendmentID: "a", Kind: BackupExpired, At: later, Backup: "nightly"}),
			amendment(t, o, Fact{AmendmentID: "a", Kind: BackupExpired, At: later, Backup: "offsite weekly"})}, ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Apply(o, tt.list...); !errors.Is(err, tt.want) {
				t.Errorf("Fold: %v, want %v", err, tt.want)
			}
		})
	}
}

func TestAmendmentByAnUnknownKey(t *testing.T) {
	o := opened(t)
	s2, _ := testSigner(t, 2)
	_, v1 := testSigner(t, 1)
	env, err := SignAmendment(t.Context(), NewAmendment(o.Digest, testFacts()[4]), s2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenAmendment(env, OpenOptions{Verifiers: []Verifier{v1}}); !errors.Is(err, ErrSignature) {
		t.Errorf("OpenAmendment: %v, want ErrSignature", err)
	}
}

// A receipt isn't an amendment, however good its signature.
func TestReceiptGivenAsAmendment(t *testing.T) {
	_, v := testSigner(t, 1)
	if _, err := OpenAmendment(testEnvelope(t), OpenOptions{Verifiers: []Verifier{v}}); !errors.Is(err, ErrVersion) {
		t.Errorf("OpenAmendment: %v, want ErrVersion", err)
	}
}

func TestAmendmentIsValidated(t *testing.T) {
	s, v := testSigner(t, 1)
	for name, tt := range map[string]struct {
		change func(*Amendment)
		want   string
	}{
		"no ID":                   {func(a *Amendment) { a.Predicate.AmendmentID = "" }, "amendmentId is missing"},
		"no time":                 {func(a *Amendment) { a.Predicate.At = time.Time{} }, "at is missing"},
		"no kind":                 {func(a *Amendment) { a.Predicate.Kind = "" }, "kind is not one"},
		"an unknown kind":         {func(a *Amendment) { a.Predicate.Kind = "undone" }, "kind is not one"},
		"no backup":               {func(a *Amendment) { a.Predicate.Backup = "" }, "backup is missing"},
		"a field of another kind": {func(a *Amendment) { a.Predicate.Reason = "because" }, "reason doesn't belong"},
		"no receipt":              {func(a *Amendment) { a.Subject = nil }, "subject"},
		"a receipt by name":       {func(a *Amendment) { a.Subject[0].Digest["sha256"] = "receipt.json" }, "SHA-256"},
		"a residue without level": {func(a *Amendment) {
			*a = NewAmendment(testDigest, Fact{AmendmentID: "a", At: later, Kind: ResidueUpdate, Residue: &Residue{}})
		}, "residue.level"},
		"a residue without a store": {func(a *Amendment) {
			*a = NewAmendment(testDigest, Fact{AmendmentID: "a", At: later, Kind: ResidueUpdate, Residue: &Residue{Level: NotAssessed}})
		}, "residue.stores"},
		"a replay without run": {func(a *Amendment) {
			*a = NewAmendment(testDigest, Fact{AmendmentID: "a", At: later, Kind: ReplayedAfterRestore, Replay: &Replay{}})
		}, "replay.runId"},
	} {
		t.Run(name, func(t *testing.T) {
			a := NewAmendment(testDigest, testFacts()[0])
			tt.change(&a)
			if _, err := SignAmendment(t.Context(), a, s); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("SignAmendment: %v, want it to say %q", err, tt.want)
			}
			payload, err := encodeJSON(a)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := OpenAmendment(signed(t, payload, s), OpenOptions{Verifiers: []Verifier{v}}); !errors.Is(err, ErrMalformed) {
				t.Errorf("OpenAmendment: %v, want ErrMalformed", err)
			}
		})
	}
}
