package receipt

import (
	"errors"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// allowedModules are the modules that an auditor links, each with its purpose. A further one is a
// decision: add it with its reason.
var allowedModules = map[string]map[string]string{
	"./testdata/auditor": {
		"github.com/expungedb/expunge":                      "this package alone",
		"github.com/gowebpki/jcs":                           "RFC 8785, for the digest of the totals",
		"github.com/secure-systems-lab/go-securesystemslib": "the DSSE envelope",
		"golang.org/x/crypto":                               "linked by DSSE, for key IDs that aren't used here",
		"golang.org/x/mod":                                  "RFC 6962 trees",
	},
	"./log": {
		"github.com/expungedb/expunge":                      "this package and package receipt",
		"github.com/gowebpki/jcs":                           "by package receipt",
		"github.com/rogpeppe/go-internal":                   "lockedfile: the log's lock between processes",
		"github.com/secure-systems-lab/go-securesystemslib": "by package receipt",
		"github.com/transparency-dev/formats":               "the proof file's parser",
		"golang.org/x/crypto":                               "by package receipt",
		"golang.org/x/mod":                                  "RFC 6962 trees, tiles and signed notes",
	},
}

func TestAuditorLinksNothingElse(t *testing.T) {
	for pkg, allowed := range allowedModules {
		t.Run(pkg, func(t *testing.T) {
			modules := linkedModules(t, pkg)
			if d := cmp.Diff(slices.Sorted(maps.Keys(allowed)), slices.Sorted(maps.Keys(modules))); d != "" {
				t.Errorf("modules (-allowed +linked):\n%s", d)
			}
		})
	}
}

// linkedModules are the modules that a package links, through others too. It reports imports that an
// auditor doesn't need.
func linkedModules(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps",
		"-f", "{{.ImportPath}} {{with .Module}}{{.Path}}{{end}}", pkg).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	modules := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		path, module, _ := strings.Cut(strings.TrimSpace(line), " ")
		if module != "" {
			modules[module] = true
		}
		if strings.HasPrefix(path, "github.com/expungedb/expunge/") &&
			!strings.HasPrefix(path, "github.com/expungedb/expunge/erase/receipt") {
			t.Errorf("%s imports %s: it must be a leaf", pkg, path)
		}
		if path == "database/sql" || path == "net/http" {
			t.Errorf("%s imports %s: an auditor needs neither databases nor the network", pkg, path)
		}
	}
	return modules
}

func TestAuditorIsCompiledAndRun(t *testing.T) {
	auditor := filepath.Join(t.TempDir(), "auditor")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", auditor, "./testdata/auditor").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	key := filepath.Join(vectorDir, "key1.pub.pem")
	for file, want := range map[string]struct {
		code int
		text string
	}{
		"good.json":           {0, "holds:"},
		"tampered-count.json": {4, "broken:"},
		"truncated.json":      {4, "broken:"},
	} {
		out, err := exec.CommandContext(t.Context(), auditor, filepath.Join(vectorDir, file), key).Output()
		var exit *exec.ExitError
		code := 0
		if errors.As(err, &exit) {
			code = exit.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if code != want.code || !strings.HasPrefix(string(out), want.text) {
			t.Errorf("%s: exit code %d, %s", file, code, out)
		}
	}
}
