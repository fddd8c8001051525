package erase_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/google/go-cmp/cmp"
)

// listed is what a file of subjects gives, and the error that it ends with.
func listed(t *testing.T, path string) (out []string, err error) {
	t.Helper()
	for s, e := range erase.SubjectsFile(path).Subjects() {
		if e != nil {
			return out, e
		}
		out = append(out, s)
	}
	return out, nil
}

func TestSubjectsFileAsEditorsWriteIt(t *testing.T) {
	for _, c := range []struct{ name, content string }{
		{"Unix", "5\n6\n"},
		{"Windows, with a byte order mark", "\ufeff5\r\n6\r\n"},
		{"no line feed at the end, comments and empty lines", "# two\n\n5\n \t\n6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "list")
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := listed(t, path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"5", "6"}, got); diff != "" {
				t.Errorf("subjects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSubjectsFileThatIsNone(t *testing.T) {
	dir := t.TempDir()
	long := filepath.Join(dir, "long")
	if err := os.WriteFile(long, []byte("5\n"+strings.Repeat("7", 1<<17)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"a folder": dir, "a line without end": long} {
		if _, err := listed(t, path); !errors.Is(err, erase.ErrBadSubject) {
			t.Errorf("%s: error %v, want ErrBadSubject", name, err)
		}
	}
}
