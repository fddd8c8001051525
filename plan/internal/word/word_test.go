package word

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	words := []string{"columns", "erase", "everything", "hold"}
	for typed, want := range map[string]string{
		"colums": "columns", "eraes": "erase", "hodl": "hold", "everythng": "everything", "retention": "", "": "", "columns": "columns",
	} {
		if got := Nearest(typed, words); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", typed, got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for word, want := range map[string]string{
		"customer": "customer", "": `""`, "two words": `"two words"`, "a:b": `"a:b"`, "line\nfeed": `"line\nfeed"`, "Käufer": "Käufer",
		strings.Repeat("x", 61): strings.Repeat("x", 60) + "…",
	} {
		if got := Printable(word); got != want {
			t.Errorf("Printable(%q) = %s, want %s", word, got, want)
		}
	}
}
