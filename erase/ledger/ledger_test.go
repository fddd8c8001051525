package ledger_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/expungedb/expunge/erase/ledger"
	"github.com/google/go-cmp/cmp"
)

func TestEntriesAreReadInTheOrderOfTheirBeginning(t *testing.T) {
	l := open(t, t.TempDir())
	begin(t, l, header("third", 9), "3", "33")
	begin(t, l, header("first", 7))
	begin(t, l, header("second", 8), "a\nb", "", "\xff\x00", strings.Repeat("long", 50_000))
	if err := l.Committed(t.Context(), named("third"), mark(10)); err != nil {
		t.Fatal(err)
	}
	got, problems := read(t, l, time.Time{})
	want := []told{
		{"first", false, nil},
		{"second", false, []string{"a\nb", "", "\xff\x00", strings.Repeat("long", 50_000)}},
		{"third", true, []string{"3", "33"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || len(problems) > 0 {
		t.Errorf("read (-want +got), problems %v:\n%s", problems, diff)
	}
}

func TestABackupHasWhatEndedBeforeIt(t *testing.T) {
	for name, c := range map[string]struct {
		began, ended int // hours; ended 0: never
		want         bool
	}{
		"ended before":              {6, 7, false},
		"ended at the same moment":  {6, 12, true},
		"ended after, began before": {6, 13, true},
		"began and ended after":     {13, 14, true},
		"began before, never ended": {6, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, t.TempDir())
			begin(t, l, header("run", c.began), "1")
			if c.ended > 0 {
				if err := l.Committed(t.Context(), named("run"), mark(c.ended)); err != nil {
					t.Fatal(err)
				}
			}
			got, problems := read(t, l, noon)
			if len(problems) > 0 || (len(got) == 1) != c.want {
				t.Errorf("%d entries, %v; want one: %t", len(got), problems, c.want)
			}
		})
	}
}

func TestARunIsWrittenOnce(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	begin(t, l, header("run", 8), "1", "2")
	again := header("run", 9)
	err := l.Begin(t.Context(), again, func(func(string, error) bool) { t.Error("the subjects of a run that is continued are read") })
	if err != nil {
		t.Fatal(err)
	}
	got, problems := read(t, l, time.Time{})
	if diff := cmp.Diff([]told{{"run", false, []string{"1", "2"}}}, got); diff != "" || len(problems) > 0 {
		t.Errorf("read (-want +got), problems %v:\n%s", problems, diff)
	}
}

// One case may concern several databases; their runs then have one ID.
func TestRunsOfTwoDatabasesMayHaveOneID(t *testing.T) {
	l := open(t, t.TempDir())
	begin(t, l, header("case", 8), "1")
	elsewhere := header("case", 9)
	elsewhere.Database = "2f6d1c0e-98a4-4f57-b7b0-3a9f4be0c0de"
	begin(t, l, elsewhere, "2")
	if err := l.Committed(t.Context(), elsewhere.Run(), mark(10)); err != nil {
		t.Fatal(err)
	}
	want := []told{{"case", false, []string{"1"}}, {"case", true, []string{"2"}}}
	got, problems := read(t, l, time.Time{})
	if diff := cmp.Diff(want, got); diff != "" || len(problems) > 0 {
		t.Errorf("read (-want +got), problems %v:\n%s", problems, diff)
	}
}

// After a restore without a replay, the journal has lost the first run; other subjects may get its
// ID.
func TestARunIDThatIsUsedForAnotherErasureHasAnotherEntry(t *testing.T) {
	l := open(t, t.TempDir())
	first, second := header("case", 8), header("case", 9)
	second.Erasure = "another receipt"
	begin(t, l, first, "1")
	begin(t, l, second, "2")
	if err := l.Committed(t.Context(), second.Run(), mark(10)); err != nil {
		t.Fatal(err)
	}
	got, problems := read(t, l, time.Time{})
	if diff := cmp.Diff([]told{{"case", false, []string{"1"}}, {"case", true, []string{"2"}}}, got); diff != "" || len(problems) > 0 {
		t.Errorf("read (-want +got), problems %v:\n%s", problems, diff)
	}
	if err := l.Forget(first.Run()); err != nil {
		t.Fatal(err)
	}
	got, problems = read(t, l, time.Time{})
	if diff := cmp.Diff([]told{{"case", true, []string{"2"}}}, got); diff != "" || len(problems) > 0 {
		t.Errorf("the first forgotten (-want +got), problems %v:\n%s", problems, diff)
	}
}

func TestTheLaterMarkStays(t *testing.T) {
	l := open(t, t.TempDir())
	begin(t, l, header("run", 6), "1")
	for _, hour := range []int{9, 13, 8} {
		if err := l.Committed(t.Context(), named("run"), mark(hour)); err != nil {
			t.Fatal(err)
		}
	}
	for e, err := range l.Reader(operator).Entries(noon) {
		if err != nil || !e.Mark.Closed.Equal(mark(13).Closed) {
			t.Errorf("mark %v, error %v", e.Mark, err)
		}
	}
}

func TestARunWithoutAnEntryGetsNoMark(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	if err := l.Committed(t.Context(), named("run"), mark(9)); err != nil {
		t.Fatal(err)
	}
	if n := len(files(t, dir, ".committed")); n != 0 {
		t.Errorf("%d marks", n)
	}
}

func TestSubjectsThatFailLeaveNothing(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	broken := errors.New("the source")
	err := l.Begin(t.Context(), header("run", 8), func(yield func(string, error) bool) {
		_ = yield("1", nil) && yield("", broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want the source's", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := l.Begin(ctx, header("run", 8), subjects("1")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 1 {
		t.Errorf("%d files, want the salt only: %v", len(list), err)
	}
}

func TestEveryRecipientReadsAndNobodyElse(t *testing.T) {
	dir := t.TempDir()
	second := identity()
	l, err := ledger.Open(dir, operator.Recipient(), second.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	begin(t, l, header("run", 8), "1")
	for name, c := range map[string]struct {
		ids  []age.Identity
		want int
	}{
		"the first":      {[]age.Identity{operator}, 1},
		"the second":     {[]age.Identity{second}, 1},
		"a stranger":     {[]age.Identity{stranger}, 0},
		"one of several": {[]age.Identity{stranger, second}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := read(t, l, time.Time{}, c.ids...)
			if len(got) != c.want {
				t.Errorf("%d entries, want %d: %v", len(got), c.want, problems)
			}
			if c.want == 0 && (len(problems) != 1 || !errors.Is(problems[0], ledger.ErrIdentity)) {
				t.Errorf("problems %v, want ErrIdentity", problems)
			}
		})
	}
}

func TestALedgerWithoutRecipientsIsOnlyRead(t *testing.T) {
	dir := t.TempDir()
	begin(t, open(t, dir), header("run", 8), "1")
	l, err := ledger.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Begin(t.Context(), header("another", 8), subjects("1")); !errors.Is(err, ledger.ErrNoRecipient) {
		t.Errorf("error %v, want ErrNoRecipient", err)
	}
	if got, problems := read(t, l, time.Time{}); len(got) != 1 {
		t.Errorf("%d entries, problems %v", len(got), problems)
	}
}

func TestADirectoryOfOthersIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), []byte("Dear"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(dir, operator.Recipient()); !errors.Is(err, ledger.ErrForeign) {
		t.Errorf("error %v, want ErrForeign", err)
	}
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "ledger")
	l := open(t, dir)
	begin(t, l, header("run", 8), "1")
	if err := l.Committed(t.Context(), named("run"), mark(9)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory's mode is %v, error %v", info.Mode(), err)
	}
	for _, f := range files(t, dir, "") {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, error %v", info.Mode(), err)
		}
	}
}

func TestExpiry(t *testing.T) {
	const never = 0
	end := mark(10).Until
	for name, c := range map[string]struct {
		ended   int
		change  func(until *time.Time)
		now     time.Time
		dropped int
	}{
		"the last backup is there":       {10, nil, end, 0},
		"the last backup is gone":        {10, nil, end.Add(time.Second), 1},
		"a run that never ended is kept": {never, nil, end.AddDate(10, 0, 0), 0},
		"no backup was declared":         {10, func(until *time.Time) { *until = time.Time{} }, end.AddDate(10, 0, 0), 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir)
			h, m := header("run", 8), mark(c.ended)
			if c.change != nil {
				c.change(&h.Until)
				c.change(&m.Until)
			}
			begin(t, l, h, "1")
			if c.ended != never {
				if err := l.Committed(t.Context(), named("run"), m); err != nil {
					t.Fatal(err)
				}
			}
			dropped, err := l.Expire(c.now)
			if err != nil || dropped != c.dropped {
				t.Errorf("%d dropped, error %v, want %d", dropped, err, c.dropped)
			}
			if n := len(files(t, dir, ".entry")); n != 1-c.dropped {
				t.Errorf("%d entries are there", n)
			}
			if n := len(files(t, dir, ".committed")); c.dropped == 1 && n != 0 {
				t.Errorf("%d marks are there", n)
			}
		})
	}
}

func TestARunIsForgotten(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	begin(t, l, header("run", 8), "1")
	begin(t, l, header("other", 8), "1")
	for range 2 { // the second time there is nothing to forget
		if err := l.Forget(named("run")); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := read(t, l, time.Time{}); len(got) != 1 || got[0].Run != "other" {
		t.Errorf("read %v, want the other run", got)
	}
}

func TestManyWritersAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	const writers, runs = 8, 10
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			l, err := ledger.Open(dir, operator.Recipient()) // all make it at once
			if err != nil {
				t.Error(err)
				return
			}
			for r := range runs {
				run := "run-" + strconv.Itoa(r) // all write the same ones
				if err := l.Begin(context.Background(), header(run, r), subjects("1", "2")); err != nil {
					t.Error(err)
				}
				if err := l.Committed(context.Background(), named(run), mark(10+w)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got, problems := read(t, open(t, dir), time.Time{})
	if len(got) != runs || len(problems) > 0 {
		t.Errorf("%d entries of %d, problems %v", len(got), runs, problems)
	}
	for i, e := range got {
		if diff := cmp.Diff(told{"run-" + strconv.Itoa(i), true, []string{"1", "2"}}, e); diff != "" {
			t.Errorf("entry %d (-want +got):\n%s", i, diff)
		}
	}
	if n := len(files(t, dir, "")); n != 1+2*runs {
		t.Errorf("%d files, want the salt and two a run", n)
	}
}

func TestAMillionSubjectsAreNotHeldInMemory(t *testing.T) {
	l := open(t, t.TempDir())
	const million = 1_000_000
	var most uint64
	look := func(i int) {
		if i%(million/10) == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	look(0)
	before := most
	var given iter.Seq2[string, error] = func(yield func(string, error) bool) {
		for i := range million {
			look(i)
			if !yield("customer-"+strconv.Itoa(i), nil) {
				return
			}
		}
	}
	if err := l.Begin(t.Context(), header("run", 8), given); err != nil {
		t.Fatal(err)
	}
	n := 0
	for e, err := range l.Reader(operator).Entries(time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		for s, err := range e.Subjects() {
			if err != nil || s != "customer-"+strconv.Itoa(n) {
				t.Fatalf("subject %d is another one, error %v", n, err)
			}
			look(n)
			n++
		}
	}
	if n != million {
		t.Errorf("%d subjects of a million", n)
	}
	if grown := int64(most) - int64(before); grown > 2<<20 {
		t.Errorf("%d bytes more are held", grown)
	}
}
