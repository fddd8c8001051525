package receipt

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommitmentKeyIsReadAsItWasWritten(t *testing.T) {
	k, err := NewCommitmentKey("case-1", bytes.NewReader(bytes.Repeat([]byte{0xab}, CommitmentKeySize)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := k.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseCommitmentKey(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(k, got); d != "" {
		t.Error(d)
	}
	if _, err := NewCommitmentKey("case-1", strings.NewReader("short")); err == nil {
		t.Error("a key of too little randomness")
	}
	a, err1 := NewCommitmentKey("case-1", nil)
	b, err2 := NewCommitmentKey("case-1", nil)
	if err1 != nil || err2 != nil || bytes.Equal(a.Key, b.Key) {
		t.Error("two keys are the same, or none was made:", err1, err2)
	}
}

func TestCommitmentKeysThatAreNone(t *testing.T) {
	good := `{"type":"` + CommitmentKeyType + `","runId":"case-1","key":"` + strings.Repeat("ab", CommitmentKeySize) + `"}`
	if _, err := ParseCommitmentKey([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, old, new string
		want           error
	}{
		{"a short key", "abab", "", ErrMalformed},
		{"upper case", "abab", "ABAB", ErrMalformed},
		{"no run", "case-1", "", ErrMalformed},
		{"another field", `"runId"`, `"run"`, ErrMalformed},
		{"another version", "/v1", "/v2", ErrVersion},
		{"an end too early", `"}`, "", ErrTruncated},
	} {
		if _, err := ParseCommitmentKey([]byte(strings.Replace(good, test.old, test.new, 1))); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
}
