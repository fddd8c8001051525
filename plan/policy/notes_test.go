package policy

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestNotesDoNotChangeThePolicy(t *testing.T) {
	for _, file := range policyFiles(t, "good") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			p := samplePolicy(t, filepath.Join("good", filepath.Base(file)))
			hostile := "why: {not} [a] \"value\"\n\tx: 1\r\u2028y: 2\u0085z # é"
			notes := Notes{{}: hostile, {Section: "subject"}: hostile}
			for i := range 9 {
				notes[Place{Section: "links", Index: i}] = hostile
				notes[Place{Section: "owns", Index: i}] = hostile
			}
			for _, t := range p.Tables {
				notes[Place{Section: "tables", Table: t.Name}] = hostile
				for _, c := range t.Columns {
					notes[Place{Section: "tables", Table: t.Name, Column: c.Name}] = hostile
				}
			}
			text, err := p.Annotated(notes)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), "# why: {not}") {
				t.Error("the notes are missing")
			}
			again, err := Parse(bytes.NewReader(text))
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if diff := cmp.Diff(p.Canonical(), again.Canonical(), withoutPositions, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("policy (-without +with notes):\n%s", diff)
			}
		})
	}
}
