package log

import (
	"bytes"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func FuzzProof(f *testing.F) {
	_, l := newLog(f, 300)
	env := receipts(7, 1)[0]
	good, err := l.Prove(env)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("c2sp.org/tlog-proof@v1\nextra AAAA\nindex 18446744073709551615\n\n"))
	v := verifierOf(f, 9)
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := parseProof(data); err == nil && !bytes.Equal(p.Marshal(), data) {
			t.Fatal("written again it differs")
		}
		if in, err := VerifyProof(data, env, v); err == nil && in.Index != 7 {
			t.Fatalf("it is proven to be entry %d", in.Index)
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	good := Checkpoint{Origin: testOrigin, Size: 3, Root: tlog.Hash{1}}.String()
	f.Add(good)
	f.Add(testOrigin + "\n9223372036854775807\nAAAA\n")
	s, v := signerOf(f, 9), verifierOf(f, 9)
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := parseCheckpointText(text); err == nil && c.String() != text {
			t.Fatal("written again it differs")
		}
		// Not every text can be a note.
		if data, err := note.Sign(&note.Note{Text: text}, s); err == nil {
			if c, err := ParseCheckpoint(data, v); err == nil && (c.String() != text || c.Origin != testOrigin) {
				t.Fatal("another checkpoint was read")
			}
		}
		if _, err := ParseCheckpoint([]byte(text), v); err == nil {
			t.Fatal("a checkpoint without a signature is taken")
		}
	})
}

func FuzzPending(f *testing.F) {
	f.Add(pending{size: 3, leaves: []tlog.Hash{{1}, {2}}}.marshalText())
	f.Add([]byte(pendingHead))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, ok := parsePending(data); ok && !bytes.Equal(p.marshalText(), data) {
			t.Fatal("written again it differs")
		}
	})
}
