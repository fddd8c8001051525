package main

import (
	"strings"
	"testing"
)

func TestEntriesOfOneRunIDHaveFilesOfTheirOwn(t *testing.T) {
	taken := map[string]bool{}
	var got []string
	for _, name := range []string{"case", "case", "case-2", "case"} {
		got = append(got, freeName(name, taken))
	}
	if want := "case case-2 case-2-2 case-3"; strings.Join(got, " ") != want {
		t.Errorf("%v, want %s", got, want)
	}
}

func TestARunIDNamesAFile(t *testing.T) {
	long := strings.Repeat("a", 200)
	for _, test := range []struct{ run, want string }{
		{"case-1", "case-1"},
		{"../case/1", "___case_1-"},
		{"Käse", "K_se-"},
		{"", "-"},
		{long, long[:100] + "-"},
	} {
		got := fileName(test.run)
		if !strings.HasPrefix(got, test.want) || len(got) > 113 {
			t.Errorf("%q is called %q, want %q and a part of its hash", test.run, got, test.want)
		}
	}
	if fileName("case/1") == fileName("case:1") {
		t.Error("two runs have one file")
	}
}
