package layout

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ownFiles are an engine's files beyond the shared ones, each with its reason.
var ownFiles = map[string]map[string]string{
	"mysql": {
		"keys.go":           "keys travel as a derived table, whose comparisons are written out",
		"range.go":          "InnoDB locks the row behind a range's end, so ranges are split",
		"refer.go":          "a link's columns may differ in collation, which no foreign key of this engine may",
		"suspend_clause.go": "an index's definition is a clause of SHOW CREATE TABLE",
		"uuid.go":           "MySQL has no type for UUIDs",
		"variables.go":      "a session's settings are variables, set and restored",
		"version.go":        "two engines and their versions answer one question",
	},
	"postgres": {
		"message.go": "some of the server's messages name objects only, and are shown",
		"path.go":    "the search path is pinned",
	},
	"sqlite": {
		"claim_unix.go":     "file locks of the operating system",
		"claim_windows.go":  "file locks of the operating system",
		"claim_other.go":    "file locks of the operating system",
		"identity_unix.go":  "a file's identity is the operating system's",
		"identity_other.go": "a file's identity is the operating system's",
		"lex.go":            "the catalogue is the text of CREATE statements",
		"parse.go":          "the catalogue is the text of CREATE statements",
		"moment.go":         "the engine has no type for moments, and calculates with texts",
		"virtual.go":        "virtual tables keep copies of rows",
	},
	"sqlserver": {},
}

// sharedFile is a line of the list in the documentation of package dialect.
var sharedFile = regexp.MustCompile(`(?m)^//\t(\S+\.go) +(.+)$`)

func TestEnginesShareTheirFileNames(t *testing.T) {
	doc, err := os.ReadFile("../../dialect/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var required, optional []string
	for _, m := range sharedFile.FindAllStringSubmatch(string(doc), -1) {
		if strings.HasPrefix(m[2], "optional: ") || strings.Contains(m[1], "*") {
			optional = append(optional, m[1])
		} else {
			required = append(required, m[1])
		}
	}
	if len(required) == 0 || len(optional) == 0 {
		t.Fatal("the documentation of package dialect lists no files")
	}
	for engine, own := range ownFiles {
		found := engineFiles(t, engine)
		for _, name := range required {
			if name = strings.ReplaceAll(name, "<name>", engine); !slices.Contains(found, name) {
				t.Errorf("%s has no %s, which dialect/doc.go lists for every engine", engine, name)
			}
		}
		for _, name := range found {
			if slices.Contains(required, strings.Replace(name, engine+".go", "<name>.go", 1)) || matches(optional, name) {
				continue
			}
			if own[name] == "" {
				t.Errorf("%s/%s is in no list: use a shared name of dialect/doc.go, or give its reason in ownFiles", engine, name)
			}
		}
		for name := range own {
			if !slices.Contains(found, name) {
				t.Errorf("%s has no %s: remove it from ownFiles", engine, name)
			}
		}
	}
}

func TestEveryEngineHasALineForItsFiles(t *testing.T) {
	for _, p := range list(t) {
		if ok, _ := path.Match("dialect/*", p.name()); !ok || p.name() == "dialect/dialecttest" {
			continue
		}
		if _, ok := ownFiles[path.Base(p.name())]; !ok {
			t.Errorf("engine %s has no line in ownFiles", p.name())
		}
	}
}

// engineFiles lists the engine's Go files but its tests.
func engineFiles(t *testing.T, engine string) []string {
	t.Helper()
	paths, err := filepath.Glob("../../dialect/" + engine + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range paths {
		if name := filepath.Base(p); !strings.HasSuffix(name, "_test.go") {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		t.Fatalf("no engine %s", engine)
	}
	return out
}
