//go:build unix

package corpus

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/expungedb/expunge/internal/testdb"
)

// unpacked returns the folder with a Debian package's files. The first process to need
// the package downloads it; later ones use that copy.
func unpacked(t *testing.T, name string) string {
	t.Helper()
	kept := filepath.Join(testdb.Cache(), "corpus", name)
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create(kept + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(kept); err == nil {
		return kept
	}
	if err := download(name, kept); err != nil {
		missing(t, name, err)
	}
	return kept
}

// missing ends a test whose package can't be downloaded. It fails the test if CI is set,
// and skips it otherwise.
func missing(t *testing.T, name string, err error) {
	t.Helper()
	advice := fmt.Sprintf("package %s: %v: run `apt-get update` on a Debian machine, or unpack the package into %s",
		name, err, filepath.Join(testdb.Cache(), "corpus", name))
	if os.Getenv("CI") != "" {
		t.Fatal(advice)
	}
	t.Skip("NOT MEASURED: " + advice)
}

// download downloads and unpacks a package. It renames the folder as its last step, so an
// interrupted download never looks complete.
func download(name, kept string) error {
	folder, err := os.MkdirTemp(filepath.Dir(kept), "part-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	script := `apt-get -qq download "$1" || { apt-get -qq update && apt-get -qq download "$1"; } && dpkg-deb -x ./*.deb files`
	cmd := exec.Command("/bin/sh", "-c", script, "sh", name)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	if err := os.Chmod(filepath.Join(folder, "files"), 0o755); err != nil {
		return err
	}
	return os.Rename(filepath.Join(folder, "files"), kept)
}

var (
	blockComment = regexp.MustCompile(`(?s)/\*.*?\*/`)
	lineComment  = regexp.MustCompile(`(?m)^[ \t]*--.*$|[ \t]--[ \t].*$|(?:^|[ \t])#.*$`)
	definition   = regexp.MustCompile(`(?i)^(CREATE\s+(TABLE|(UNIQUE\s+)?INDEX|SEQUENCE|TYPE)|ALTER\s+TABLE)\s`)
)

// definitions returns the statements of SQL files for tables, indexes, sequences and
// types, in their order. It drops functions, triggers and rows.
func definitions(t *testing.T, folder string, files []string) []string {
	t.Helper()
	var out []string
	for _, name := range files {
		text := readText(t, filepath.Join(folder, name))
		text = lineComment.ReplaceAllString(blockComment.ReplaceAllString(text, ""), "")
		for statement := range strings.SplitSeq(text, ";\n") {
			if statement = strings.TrimSpace(statement); definition.MatchString(statement) {
				out = append(out, strings.TrimSuffix(statement, ";"))
			}
		}
	}
	if len(out) == 0 {
		t.Fatalf("no table is defined in %s", files)
	}
	return out
}

func readText(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
