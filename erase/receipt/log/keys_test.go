package log

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

func TestLogKeysSignAndVerify(t *testing.T) {
	private, public, err := GenerateKey("example.com/erasures", bytes.NewReader(bytes.Repeat([]byte{7}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSigner([]byte(private))
	if err != nil {
		t.Fatal(err)
	}
	v, err := ParseVerifier([]byte(public))
	if err != nil {
		t.Fatal(err)
	}
	if s.Name() != "example.com/erasures" || v.Name() != s.Name() || v.KeyHash() != s.KeyHash() {
		t.Error("the two halves name different logs or keys")
	}
	sig, err := s.Sign([]byte("x"))
	if err != nil || !v.Verify([]byte("x"), sig) {
		t.Error("what the private key signs doesn't verify:", err)
	}
	// Package note reads the form too.
	if _, err := note.NewSigner(strings.TrimSpace(private)); err != nil {
		t.Error(err)
	}
}

func TestLogKeysThatAreNone(t *testing.T) {
	private, public, err := GenerateKey("example.com/erasures", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, data, want string }{
		{"the public key", public, "no log's private key"},
		{"a PEM file", "-----BEGIN PRIVATE KEY-----", "no log's private key"},
		{"another name", strings.Replace(private, "erasures", "eraser", 1), "damaged"},
		{"an end too early", private[:len(private)-10], "damaged"},
	} {
		if _, err := ParseSigner([]byte(test.data)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("private key, %s: %v", test.name, err)
		}
	}
	for _, test := range []struct{ name, data, want string }{
		{"the private key", private, "that is a log's private key"},
		{"another name", strings.Replace(public, "erasures", "eraser", 1), "no log's public key"},
		{"nothing", "", "no log's public key"},
	} {
		if _, err := ParseVerifier([]byte(test.data)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("public key, %s: %v", test.name, err)
		}
	}
	for _, name := range []string{"", "two words", "a+b"} {
		if _, _, err := GenerateKey(name, nil); err == nil {
			t.Errorf("a log could be called %q", name)
		}
	}
}

func FuzzParseKeys(f *testing.F) {
	private, public, err := GenerateKey("example.com/erasures", bytes.NewReader(make([]byte, 32)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(private)
	f.Add(public)
	f.Add(privateLogKey + "a+00000000+AQ==")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := ParseSigner([]byte(text)); err == nil && s.Name() == "" {
			t.Error("a signer without a name")
		}
		if v, err := ParseVerifier([]byte(text)); err == nil && v.Name() == "" {
			t.Error("a verifier without a name")
		}
	})
}
