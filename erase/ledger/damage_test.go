package ledger_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/expungedb/expunge/erase/ledger"
)

func TestDamageIsToldApart(t *testing.T) {
	replace := func(from, to string) func([]byte) []byte {
		return func(b []byte) []byte { return bytes.Replace(b, []byte(from), []byte(to), 1) }
	}
	for name, c := range map[string]struct {
		change func([]byte) []byte
		want   error
	}{
		"empty":                     {func([]byte) []byte { return nil }, ledger.ErrTruncated},
		"cut in its first line":     {func(b []byte) []byte { return b[:10] }, ledger.ErrTruncated},
		"cut after its first line":  {func(b []byte) []byte { return b[:24] }, ledger.ErrTruncated},
		"cut in its second line":    {func(b []byte) []byte { return b[:40] }, ledger.ErrTruncated},
		"cut in the age file":       {func(b []byte) []byte { return b[:len(b)-300] }, ledger.ErrTruncated},
		"cut by a byte":             {func(b []byte) []byte { return b[:len(b)-1] }, ledger.ErrTruncated},
		"altered in the age file":   {func(b []byte) []byte { b[len(b)-60] ^= 1; return b }, ledger.ErrDamaged},
		"a piece is missing within": {func(b []byte) []byte { return append(b[:len(b)-120:len(b)-120], b[len(b)-100:]...) }, ledger.ErrDamaged},
		"another horizon":           {replace(`"until":"2026`, `"until":"2025`), ledger.ErrDamaged},
		"an unknown field":          {replace(`{"written"`, `{"x":1,"written"`), ledger.ErrDamaged},
		"no moment":                 {replace(`"written"`, `"until"`), ledger.ErrDamaged},
		"an age file of no age":     {replace("age-encryption.org", "cage-encryption.org"), ledger.ErrDamaged},
		"a later version":           {replace("expunge-ledger/v1", "expunge-ledger/v2"), ledger.ErrVersion},
		"another's file":            {func([]byte) []byte { return []byte("%PDF-1.7\n") }, ledger.ErrForeign},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir)
			begin(t, l, header("sound", 7), "1")
			sound := files(t, dir, ".entry")[0]
			begin(t, l, header("harmed", 8), "2", "3")
			for _, f := range files(t, dir, ".entry") {
				if f != sound {
					alter(t, f, c.change)
				}
			}
			got, problems := read(t, l, time.Time{})
			if len(got) != 1 || got[0].Run != "sound" {
				t.Errorf("read %v, want the sound entry", got)
			}
			var file *ledger.FileError
			if len(problems) != 1 || !errors.Is(problems[0], c.want) || !errors.As(problems[0], &file) {
				t.Errorf("problems %v, want %v of one file", problems, c.want)
			}
		})
	}
}

func alter(t testing.TB, file string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, change(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAnEntryUnderAnothersNameIsDamaged(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	begin(t, l, header("a", 7), "1")
	begin(t, l, header("b", 8), "2")
	f := files(t, dir, ".entry")
	alter(t, f[0], func([]byte) []byte {
		data, err := os.ReadFile(f[1])
		if err != nil {
			t.Fatal(err)
		}
		return data
	})
	got, problems := read(t, l, time.Time{})
	if len(got) != 1 || len(problems) != 1 || !errors.Is(problems[0], ledger.ErrDamaged) {
		t.Errorf("%d entries, problems %v, want ErrDamaged", len(got), problems)
	}
}

func TestAFileOfOthersIsNamed(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	begin(t, l, header("run", 7), "1")
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, strings.Repeat("0", 32)+".entry"), 0o700); err != nil {
		t.Fatal(err)
	}
	got, problems := read(t, l, time.Time{})
	if len(got) != 1 || len(problems) != 2 || !errors.Is(problems[0], ledger.ErrForeign) || !errors.Is(problems[1], ledger.ErrForeign) {
		t.Errorf("%d entries, problems %v, want ErrForeign twice", len(got), problems)
	}
}

func TestADamagedMarkMakesTheRunOneThatNeverEnded(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	begin(t, l, header("run", 7), "1")
	if err := l.Committed(t.Context(), named("run"), mark(8)); err != nil {
		t.Fatal(err)
	}
	alter(t, files(t, dir, ".committed")[0], func(b []byte) []byte { return b[:len(b)/2] })
	got, problems := read(t, l, noon)
	if len(got) != 1 || got[0].Ended || len(problems) != 1 || !errors.Is(problems[0], ledger.ErrTruncated) {
		t.Errorf("read %v, problems %v, want a run that never ended and ErrTruncated", got, problems)
	}
	if dropped, err := l.Expire(noon.AddDate(1, 0, 0)); dropped != 0 || !errors.Is(err, ledger.ErrTruncated) {
		t.Errorf("%d dropped, error %v: it can't be told whether it has ended", dropped, err)
	}
	if err := l.Committed(t.Context(), named("run"), mark(8)); err != nil {
		t.Fatal(err)
	}
	if got, problems := read(t, l, time.Time{}); len(got) != 1 || !got[0].Ended || len(problems) != 0 {
		t.Errorf("marked again: %v, %v", got, problems)
	}
}

// Removing an entry restores people with the next restore: its mark reveals it.
func TestAnEntryThatIsMissingIsDamage(t *testing.T) {
	for _, c := range []struct {
		name   string
		since  time.Time // of the backup
		until  time.Time // when the last backup is gone
		later  time.Time // when the ledger is expired
		told   bool
		remain int // marks
	}{
		{"one that a restore needs", noon.Add(-6 * time.Hour), noon.AddDate(0, 0, 14), noon, true, 1},
		{"one that ended before the backup", noon, noon.AddDate(0, 0, 14), noon, false, 1},
		{"one of which no backup is declared", noon.Add(-6 * time.Hour), time.Time{}, noon.AddDate(9, 0, 0), true, 1},
		{"one that has expired", noon, noon.AddDate(0, 0, 14), noon.AddDate(0, 1, 0), false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			l := open(t, dir)
			l.SetNow(func() time.Time { return c.later })
			begin(t, l, header("run", 7), "1")
			m := mark(8)
			m.Until = c.until
			if err := l.Committed(t.Context(), named("run"), m); err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(files(t, dir, ".entry")[0]); err != nil {
				t.Fatal(err)
			}
			got, problems := read(t, l, c.since)
			if len(got) != 0 || len(problems) > 0 != c.told || c.told && !errors.Is(problems[0], ledger.ErrDamaged) {
				t.Errorf("read %v, problems %v", got, problems)
			}
			_, err := l.Expire(c.later)
			if missing := c.remain > 0; errors.Is(err, ledger.ErrDamaged) != missing {
				t.Errorf("Expire: error %v", err)
			}
			if n := len(files(t, dir, ".committed")); n != c.remain {
				t.Errorf("%d marks remain, want %d", n, c.remain)
			}
		})
	}
}

func TestADamagedEntryIsNotContinued(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	begin(t, l, header("run", 7), "1")
	alter(t, files(t, dir, ".entry")[0], func(b []byte) []byte { return b[:len(b)-5] })
	if err := l.Begin(t.Context(), header("run", 7), subjects("1")); !errors.Is(err, ledger.ErrTruncated) {
		t.Errorf("error %v, want ErrTruncated", err)
	}
}

func TestADamagedSaltIsNoNewLedger(t *testing.T) {
	for name, data := range map[string]string{"empty": "", "short": "expunge-ledger/v1 salt\nabcd\n", "of another version": "expunge-ledger/v9 salt\n", "another's": "hello\n"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			begin(t, open(t, dir), header("run", 7), "1")
			alter(t, filepath.Join(dir, "LEDGER"), func([]byte) []byte { return []byte(data) })
			var file *ledger.FileError
			if _, err := ledger.Open(dir, operator.Recipient()); !errors.As(err, &file) {
				t.Errorf("error %v, want a *FileError", err)
			}
		})
	}
}

func TestALedgerWhoseSaltIsGoneIsRefused(t *testing.T) {
	dir := t.TempDir()
	begin(t, open(t, dir), header("run", 7), "1")
	if err := os.Remove(filepath.Join(dir, "LEDGER")); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.Open(dir, operator.Recipient()); !errors.Is(err, ledger.ErrForeign) {
		t.Errorf("error %v, want ErrForeign", err)
	}
}

func TestErrorsNameNoSubjectAndNoRun(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	begin(t, l, header("case-canary", 7), "canary@ledger.example")
	alter(t, files(t, dir, ".entry")[0], func(b []byte) []byte { b[len(b)-60] ^= 1; return b })
	_, problems := read(t, l, time.Time{})
	problems = append(problems, l.Begin(t.Context(), header("canary-2", 7), subjects("canary@"+strings.Repeat("x", 1<<20))))
	for _, err := range problems {
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Error("no error, or one that names somebody")
		}
	}
}
