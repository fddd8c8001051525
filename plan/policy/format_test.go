package policy

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// format writes text in its form, and checks Format's promises.
func format(t rapid.TB, text string) string {
	t.Helper()
	out, err := Format([]byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	again, err := Format(out)
	if err != nil {
		t.Fatalf("what was written isn't read: %v\n%s", err, out)
	}
	if d := cmp.Diff(string(out), string(again)); d != "" {
		t.Errorf("written again it differs (-once +twice):\n%s\nof the file\n%s", d, text)
	}
	before, err := parseFile([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	after, err := parseFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before.policy.Canonical(), after.policy.Canonical(), withoutPositions, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("it is another policy (-before +after):\n%s", d)
	}
	if a, b := commentsOf(before), commentsOf(after); !cmp.Equal(a, b) {
		t.Errorf("comments differ (-before +after):\n%s\nof the file\n%s", cmp.Diff(a, b), text)
	}
	return string(out)
}

// commentsOf counts the file's comments by their text.
func commentsOf(f *sourceFile) map[string]int {
	out := map[string]int{}
	for _, tk := range f.tokens {
		if tk.Type.String() == "Comment" {
			out[strings.TrimRight(tk.Value, " \t")]++
		}
	}
	return out
}

func TestFormatOfTheSamplePolicies(t *testing.T) {
	files := append(policyFiles(t, "good"), filepath.Join("testdata", "policies", "draft.yaml"))
	others, err := filepath.Glob("../../examples/policies/*.yaml")
	if err != nil || len(others) == 0 {
		t.Fatalf("no example policies: %v", err)
	}
	for _, file := range append(files, others...) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			format(t, string(text))
		})
	}
}

func TestFormat(t *testing.T) {
	for _, file := range policyFiles(t, "format") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := format(t, string(text))
			golden := strings.TrimSuffix(file, ".yaml") + ".fmt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// Long and short forms are one policy.
func TestTheShortFormMeansTheSame(t *testing.T) {
	long := parse(t, `version: 1
database: d
subject: {table: users}
tables:
  users: {erase: delete, columns: {id: none, email: {pii: contact, overwrite: random}, kind: {pii: none}}}
  country: {pii: none}
  colour: {pii: none}
`)
	short := parse(t, `version: 1
database: d
subject: {table: users}
tables:
  users: {erase: delete, none: [id, kind], columns: {email: {pii: contact, overwrite: random}}}
nothing personal: [colour, country]
`)
	if long.Digest() != short.Digest() {
		t.Error("the short form has another digest")
	}
	if got := short.Tables[2]; got.Name != "country" || got.Pos != (Pos{6, 28}) {
		t.Errorf("table of the list: %+v", got)
	}
	if got := short.Tables[0].Columns[1]; got.Name != "kind" || got.Pos != (Pos{5, 37}) {
		t.Errorf("column of the list: %+v", got)
	}
}

func FuzzFormat(f *testing.F) {
	for _, kind := range []string{"good", "format"} {
		for _, file := range policyFiles(f, kind) {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := Format(text); err != nil {
			return
		}
		format(t, string(bytes.ToValidUTF8(text, nil)))
	})
}

// Comments anywhere in a file stay, and what was written is written again.
func TestFormatKeepsCommentsAnywhere(t *testing.T) {
	var files []string
	for _, file := range append(policyFiles(t, "good"), policyFiles(t, "format")...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, string(text))
	}
	rapid.Check(t, func(r *rapid.T) {
		lines := strings.Split(rapid.SampledFrom(files).Draw(r, "file"), "\n")
		for n := range rapid.IntRange(1, 8).Draw(r, "comments") {
			i := rapid.IntRange(0, len(lines)-1).Draw(r, "line")
			comment := fmt.Sprintf("# comment %d", n)
			changed := slices.Clone(lines)
			if rapid.Bool().Draw(r, "beside") {
				changed[i] += "  " + comment
			} else {
				changed = slices.Insert(changed, i, strings.Repeat(" ", rapid.IntRange(0, 9).Draw(r, "column"))+comment)
			}
			if f, err := parseFile([]byte(strings.Join(changed, "\n"))); err == nil && commentsOf(f)[fmt.Sprintf(" comment %d", n)] == 1 {
				lines = changed // it is a comment there, and not part of a text
			}
		}
		format(r, strings.Join(lines, "\n"))
	})
}
