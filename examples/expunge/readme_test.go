package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/plan/policy"
)

var update = flag.Bool("update", false, "write the demo's output and the strategies into README.md")

const readme = "../../README.md"

func TestREADMEShowsWhatTheDemoPrints(t *testing.T) {
	code, out, errs := call(t.Context(), "demo")
	if code != done {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	// The folder's name is long, and means nothing.
	folder := regexp.MustCompile(`/\S*/expunge-demo-\d+`)
	t.Cleanup(func() {
		if err := os.RemoveAll(folder.FindString(out)); err != nil {
			t.Error(err)
		}
	})
	block := "```text\n" + folder.ReplaceAllString(out, "/tmp/expunge-demo") + "```\n"
	if *update {
		splice(t, "demo", block)
	}
	if diff := cmp.Diff(steady(section(t, "demo")), steady(block)); diff != "" {
		t.Errorf("the demo prints something else now: go test ./examples/expunge -run README -update (-README +demo):\n%s", diff)
	}
}

// steady removes the differences between runs, and line breaks.
func steady(s string) string {
	for _, r := range []struct{ pattern, with string }{
		{`(?m)^   after  .*$`, "after"},
		{`[0-9a-f]{8}-[0-9a-f-]{27}`, "UUID"},
		{`[0-9a-f]{64}`, "HEX"},
		{`\d+\.\d s`, "TIME"},
		{`in \d+ batches`, "BATCHES"},
		{`\d{4}-\d\d-\d\d( \d\d:\d\d:\d\dZ)?`, "DATE"},
		{`(sqlite|postgres) [0-9.]+`, "$1 VERSION"},
		{`[ \n]+`, "\n"}, // a word a line, for a readable difference
	} {
		s = regexp.MustCompile(r.pattern).ReplaceAllString(s, r.with)
	}
	return s
}

func TestREADMEListsEveryStrategy(t *testing.T) {
	var b strings.Builder
	b.WriteString("| strategy | what it does | technique (ISO/IEC 20889) | consistent | keyed | in the database | kinds |\n|---|---|---|---|---|---|---|\n")
	for _, d := range anonymise.Strategies() {
		kinds := "every kind"
		if len(d.Kinds) > 0 {
			var names []string
			for _, k := range d.Kinds {
				names = append(names, string(k))
			}
			kinds = strings.Join(names, ", ")
		}
		if len(d.Kinds) > 12 {
			kinds = "nearly every kind"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", d.Name, d.Doc, d.Technique, d.Consistent, yes(d.Keyed), yes(d.InDatabase), kinds)
	}
	want := strings.ReplaceAll(b.String(), "with consistent: true", "with `consistent: true`")
	if *update {
		splice(t, "strategies", want)
	}
	if diff := cmp.Diff(want, section(t, "strategies")); diff != "" {
		t.Errorf("the strategies are others now: go test ./examples/expunge -run README -update (-code +README):\n%s", diff)
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func TestREADMEListsEveryVerb(t *testing.T) {
	var want []string
	for _, c := range (&app{}).command().Commands {
		want = append(want, c.Name)
	}
	var got []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z]+)").FindAllStringSubmatch(chapter(t, "The command line"), -1) {
		got = append(got, m[1])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verbs (-code +README):\n%s", diff)
	}
}

func TestREADMEsPolicyParses(t *testing.T) {
	blocks := fenced(t, "yaml")
	if len(blocks) == 0 {
		t.Fatal("there is no policy in it")
	}
	for _, b := range blocks {
		if _, err := policy.Parse(strings.NewReader(b)); err != nil {
			t.Error(err)
		}
	}
}

// Each Go block of the README is a file that compiles.
func TestREADMEsProgramsCompile(t *testing.T) {
	blocks := fenced(t, "go")
	if len(blocks) == 0 {
		t.Fatal("there is no program in it")
	}
	for i, b := range blocks {
		dir, err := os.MkdirTemp("testdata", "readme-") // within the module
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := os.RemoveAll(dir); err != nil {
				t.Error(err)
			}
		})
		name := "main.go"
		if strings.Contains(b, "package main\n") {
			b += "\nfunc main() { _ = forget }\n"
		} else {
			name = "shop_test.go"
			b += "\nvar _ = testDeletingAUser\n"
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(b), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "go", "vet", "./"+dir).CombinedOutput(); err != nil {
			t.Errorf("block %d: %v\n%s", i+1, err, out)
		}
	}
}

func TestREADMEsLinksLeadSomewhere(t *testing.T) {
	for _, m := range regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(read(t), -1) {
		if strings.Contains(m[1], "://") {
			continue
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(readme), m[1])); err != nil {
			t.Error(err)
		}
	}
}

func read(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// section is the text between the markers of that name.
func section(t *testing.T, name string) string {
	t.Helper()
	_, after, from := strings.Cut(read(t), "<!-- "+name+":")
	_, after, begin := strings.Cut(after, "-->\n")
	out, _, end := strings.Cut(after, "<!-- /"+name+" -->")
	if !from || !begin || !end {
		t.Fatalf("README.md has no section %s", name)
	}
	return out
}

// splice replaces the text between the markers of that name.
func splice(t *testing.T, name, text string) {
	t.Helper()
	old := section(t, name)
	end := "<!-- /" + name + " -->"
	whole := strings.Replace(read(t), "-->\n"+old+end, "-->\n"+text+end, 1)
	if err := os.WriteFile(readme, []byte(whole), 0o644); err != nil {
		t.Fatal(err)
	}
}

// chapter is the part below a heading.
func chapter(t *testing.T, heading string) string {
	t.Helper()
	_, after, ok := strings.Cut(read(t), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("README.md has no heading %s", heading)
	}
	out, _, _ := strings.Cut(after, "\n## ")
	return out
}

// fenced returns the blocks in a language.
func fenced(t *testing.T, language string) []string {
	t.Helper()
	var out []string
	for _, m := range regexp.MustCompile("(?s)\n```"+language+"\n(.*?)```").FindAllStringSubmatch(read(t), -1) {
		out = append(out, m[1])
	}
	return out
}
