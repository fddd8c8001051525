package ledger_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/expungedb/expunge/erase/ledger"
)

// typed reports whether an error is one of the package's errors for files.
func typed(err error) bool {
	for _, e := range []error{ledger.ErrForeign, ledger.ErrTruncated, ledger.ErrDamaged, ledger.ErrVersion, ledger.ErrIdentity} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func FuzzSalt(f *testing.F) {
	f.Add([]byte("expunge-ledger/v1 salt\n000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f\n"))
	f.Add([]byte("expunge-ledger/v1 salt\n00"))
	f.Add([]byte("expunge-ledger/v2 salt\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		salt, err := ledger.ParseSalt(data)
		if err == nil && len(salt) != 32 || err != nil && !typed(err) {
			t.Errorf("%d bytes, error %v", len(salt), err)
		}
	})
}

func FuzzPreamble(f *testing.F) {
	f.Add([]byte("expunge-ledger/v1 entry\n{\"written\":\"2026-01-02T15:04:05Z\",\"until\":\"2026-07-02T00:00:00Z\"}\nage"))
	f.Add([]byte("expunge-ledger/v1 entry\n{\"written\":\"2026-01-02T15:04:05Z\"}{}\n"))
	f.Add([]byte("expunge-ledger/v1 entry\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := ledger.ReadPreamble(bytes.NewReader(data))
		if err != nil && !typed(err) || err == nil && (n > int64(len(data)) || data[n-1] != '\n') {
			t.Errorf("%d bytes of %d, error %v", n, len(data), err)
		}
	})
}

func FuzzMark(f *testing.F) {
	f.Add([]byte("expunge-ledger/v1 committed\n{\"closed\":\"2026-01-02T15:04:05Z\",\"until\":\"2026-07-02T00:00:00Z\",\"receipt\":\"ab\"}\n"))
	f.Add([]byte("expunge-ledger/v1 committed\n{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ledger.ReadMark(bytes.NewReader(data))
		if err != nil && !typed(err) || err == nil && m.Validate() != nil {
			t.Errorf("mark %v, error %v", m, err)
		}
	})
}

func FuzzFrames(f *testing.F) {
	head := []byte(`{"run":"r","erasure":"e","scope":"subjects","plan":"e30K","planDigest":"p","policyDigest":"q","database":"d","asOf":"2026-01-02T15:04:05Z","written":"2026-01-02T15:04:05Z"}`)
	var whole bytes.Buffer
	if err := ledger.WriteFrames(&whole, head, "1", "", "a\nb"); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:whole.Len()-1])
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		h, subjects, err := ledger.ReadFrames(bytes.NewReader(data))
		if err != nil {
			if !typed(err) {
				t.Errorf("error %v", err)
			}
			return
		}
		// Writing it again gives the same bytes: reading loses nothing.
		at := 4 + int(data[0])<<24 + int(data[1])<<16 + int(data[2])<<8 + int(data[3])
		var again bytes.Buffer
		if err := ledger.WriteFrames(&again, data[4:at], subjects...); err != nil || !bytes.Equal(again.Bytes(), data) || h.Validate() != nil {
			t.Errorf("written again it differs, error %v", err)
		}
	})
}

func FuzzEntry(f *testing.F) {
	made := f.TempDir()
	begin(f, open(f, made), header("run", 8), "1", "2")
	name := filepath.Base(files(f, made, ".entry")[0])
	good, err := os.ReadFile(filepath.Join(made, name))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add(append(bytes.Clone(good), good...))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		salt, err := os.ReadFile(filepath.Join(made, "LEDGER"))
		if err != nil {
			t.Fatal(err)
		}
		for file, content := range map[string][]byte{"LEDGER": salt, name: data} {
			if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, problems := read(t, open(t, dir), time.Time{})
		if len(got) == 1 && !bytes.Equal(data, good) {
			t.Error("an entry that was altered is read")
		}
		if len(got)+len(problems) != 1 || len(problems) == 1 && !typed(problems[0]) {
			t.Errorf("%d entries, problems %v", len(got), problems)
		}
	})
}
