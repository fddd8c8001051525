package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/expungedb/expunge"

// imports says, for each package of the module, which others its code (not its tests) may import.
// The first matching line counts; a package without a line has no place yet.
var imports = []rule{
	{module, nil, "it is documentation, and holds no code"},
	{"dialect", nil, "it is the contract that all else is built on, and that engines outside of this module implement"},
	{"dialect/dialecttest", []string{"dialect"}, "an engine outside of this module runs the suite with nothing but the contract"},
	{"dialect/internal/*", []string{"dialect"}, "engines share what they write and read alike: it knows the contract, no engine, and links no driver"},
	{"dialect/*", []string{"dialect", "dialect/internal/*", "internal/grace"}, "an engine knows the contract and no other engine, so that it links one driver"},
	{"anonymise", []string{"dialect"}, "a value is made from a column and an old value, without connection or plan"},
	{"plan/internal/*", nil, "the policy's reader and the plan's builder share words for people"},
	{"plan/policy", []string{"dialect", "anonymise", "plan/internal/*"}, "it is the policy's file: what the policy means on a schema is decided above it"},
	{"plan", []string{"dialect", "anonymise", "plan/policy", "plan/internal/*", "internal/graph"}, "it decides and writes nothing"},
	{"plan/discover", []string{"dialect", "anonymise", "plan", "plan/policy"}, "it proposes what a policy may say, and decides nothing"},
	{"erase/receipt", nil, "an auditor compiles it alone"},
	{"erase/receipt/log", []string{"erase/receipt"}, "it keeps receipts, and an auditor compiles it with nothing else"},
	{"erase/erasetest", []string{"erase", "erase/receipt", "plan", "plan/policy", "anonymise", "dialect"}, "a downstream service's tests know what its own code knows"},
	{"erase/ledger/record", nil, "erase and the ledger share it, so that who keeps no ledger links no encryption"},
	{"erase/ledger", []string{"erase/ledger/record"}, "it stores what it is given and knows no database"},
	{"erase/internal/transaction", []string{"dialect"}, "it knows no table"},
	{"erase/internal/tally", []string{"dialect"}, "it counts rows, and knows neither their source nor their store"},
	{"erase/internal/journal", []string{"erase/internal/tally", "erase/internal/transaction", "dialect"}, "it knows its own tables, and no plan"},
	{"erase/internal/closure", []string{"erase/internal/tally", "plan", "plan/policy", "anonymise", "dialect"}, "it works in its caller's transaction, and knows no run"},
	{"erase", []string{"erase/internal/*", "erase/receipt", "erase/ledger/record", "plan", "plan/policy", "anonymise", "dialect", "internal/batch", "internal/grace", "internal/graph"}, "it carries out what was planned, on any engine"},
	{"internal/batch", []string{"internal/grace"}, "it would make sense in another project"},
	{"internal/grace", nil, "it would make sense in another project"},
	{"internal/graph", nil, "it would make sense in another project"},
	{"internal/bench", nil, "it holds a test only, and what it measures is linked nowhere"},
	{"internal/corpus", nil, "it holds a test only"},
	{"internal/layout", nil, "it holds a test only"},
	{"internal/testdb", nil, "it starts servers and knows nothing of what they are for"},
	{"internal/testdb/*", []string{"internal/testdb"}, "commands that get a machine ready for tests"},
	{"internal/sample", []string{"examples/policies"}, "the shop's policy is an example that people read; nothing else is needed to make rows"},
	{"internal/*", []string{"erase", "erase/*", "plan", "plan/policy", "anonymise", "dialect", "dialect/*", "internal/*", "examples/policies"}, "helpers of tests and benchmarks"},
	{"examples/policies", nil, "it holds files"},
	{"examples/*", []string{"erase", "erase/*", "erase/receipt/log", "erase/ledger/record", "plan", "plan/*", "anonymise", "dialect", "dialect/*", "internal/sample", "examples/*"}, "examples are applications: all but the servers for tests"},
}

type rule struct {
	pkg     string
	may     []string
	because string
}

// drivers says which packages may link a driver, directly or through others. Tests may, everywhere.
var drivers = []struct {
	driver string
	in     []string
}{
	{"github.com/jackc/pgx/v5", []string{"dialect/postgres", "internal/testdb", "internal/testdb/*", "examples/*"}},
	{"github.com/go-sql-driver/mysql", []string{"dialect/mysql", "internal/testdb", "internal/testdb/*", "examples/*"}},
	{"github.com/microsoft/go-mssqldb", []string{"dialect/sqlserver", "internal/testdb", "internal/testdb/*", "examples/*"}},
	{"modernc.org/sqlite", []string{"dialect/sqlite", "internal/testdb", "internal/testdb/*", "examples/*"}},
}

// top is the content of the top level, except for files whose names begin with a dot.
var top = map[string]bool{ // true: it must be there
	"anonymise": true, "dialect": true, "erase": true, "examples": true, "internal": true, "plan": true,
	"go.mod": true, "go.sum": true, "README.md": true, "LICENSE": true, "Makefile": true,
	"CHANGELOG.md": false, "CONTRIBUTING.md": false, "SECURITY.md": false,
	"doc.go": true,
	"bench":  false, // the output of make bench, ignored by git
}

func TestImportsPointOneWay(t *testing.T) {
	for _, p := range list(t) {
		i := slices.IndexFunc(imports, func(r rule) bool { return matches([]string{r.pkg}, p.name()) })
		if i < 0 {
			t.Errorf("package %s has no place in the layout: give it a line in the table", p.name())
			continue
		}
		for _, other := range p.ours() {
			if !matches(imports[i].may, other) {
				t.Errorf("%s imports %s, but may import only %q: %s", p.name(), other, imports[i].may, imports[i].because)
			}
		}
	}
}

func TestADriverIsLinkedByItsDialectOnly(t *testing.T) {
	for _, p := range list(t) {
		for _, d := range drivers {
			linked := slices.ContainsFunc(p.Deps, func(dep string) bool { return dep == d.driver || strings.HasPrefix(dep, d.driver+"/") })
			if linked && !matches(d.in, p.name()) {
				t.Errorf("%s links %s, so that an application that doesn't use that engine does too: only %q may", p.name(), d.driver, d.in)
			}
		}
	}
}

func TestTopLevelIsAsAgreed(t *testing.T) {
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		found[e.Name()] = true
		if _, ok := top[e.Name()]; !ok {
			t.Errorf("%s: the top level stays as it is; find it a room below", e.Name())
		}
	}
	for name, must := range top {
		if must && !found[name] {
			t.Errorf("%s is missing", name)
		}
	}
}

// pkg is the output of `go list` for one package.
type pkg struct {
	ImportPath string
	Dir        string
	GoFiles    []string // without tests
	Imports    []string // of its code
	Deps       []string // of its code, through others too
}

// name is the path below the module's, or the module's own.
func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

// ours are the imports from this module.
func (p pkg) ours() []string {
	var out []string
	for _, i := range p.Imports {
		if name, ok := strings.CutPrefix(i, module+"/"); ok {
			out = append(out, name)
		}
	}
	return out
}

func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Dir,GoFiles,Imports,Deps", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, stderr.Bytes())
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatal("go list found no package")
	}
	return all
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		ok, err := path.Match(p, name)
		return ok && err == nil
	})
}
