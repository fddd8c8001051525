package receipt_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/expungedb/expunge/erase/receipt"
)

// exampleKey is the key of the documented example: the seed is the bytes 0 to 31. It is public, so
// its signatures mean nothing.
func exampleKey() (receipt.Signer, receipt.Verifier, error) {
	seed := make([]byte, 32)
	for i := range seed {
		seed[i] = byte(i)
	}
	key, err := receipt.GenerateKey(bytes.NewReader(seed))
	if err != nil {
		return nil, nil, err
	}
	signer, err := receipt.NewSigner(key)
	if err != nil {
		return nil, nil, err
	}
	verifier, err := receipt.NewVerifier(key.Public())
	return signer, verifier, err
}

// exampleStatement is the statement of the documented example.
func exampleStatement() receipt.Statement {
	const none = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	at := time.Date(2026, 3, 2, 10, 30, 0, 0, time.UTC)
	return receipt.NewStatement(receipt.Predicate{
		ReceiptID:         "0b7d7c1e-5a4e-4f0a-9d66-2f6f0e6f3c11",
		Tool:              receipt.Tool{Name: "expunge", Version: "v1.0.0"},
		Scope:             "subjects",
		PlanDigest:        none,
		PolicyDigest:      none,
		SchemaFingerprint: none,
		Controller:        "Example Shop Ltd",
		System:            receipt.System{Journal: "5c0c5b6e-3f5e-4d3c-8a53-3a3f0f6f7c22", Engine: "sqlite"},
		Actions: []receipt.Action{{
			Step: "1", Table: "web_session", Operation: receipt.Delete,
			Rows: receipt.Rows{Matched: 12, Affected: 11, AlreadyGone: 1},
		}},
		Commits: receipt.Commits{First: at, Last: at, Batches: 1},
	})
}

// The documented example, signed and opened again.
func Example() {
	signer, verifier, err := exampleKey()
	if err != nil {
		panic(err)
	}
	envelope, err := receipt.Sign(context.Background(), exampleStatement(), signer)
	if err != nil {
		panic(err)
	}
	st, err := receipt.Open(envelope, verifier)
	if err != nil {
		panic(err)
	}
	id, err := verifier.KeyID()
	if err != nil {
		panic(err)
	}
	fmt.Println("key:", id)
	fmt.Println("set:", st.Digest())
	fmt.Println("envelope:", receipt.EnvelopeDigest(envelope))
	fmt.Println("deleted:", st.Predicate.Actions[0].Rows.Affected)
	// Output:
	// key: a050837d85070582ccf7394b0988847cc312cb88259b894899f6f239cf1791a5
	// set: e5330164f5fa9091195249dc2c93a975273a4fe18e3a72eea851424affac77ef
	// envelope: b1f68aaa41fd4d628386bfce9c98b5ae4d73a146ec90f466ef02aae2fb10fffd
	// deleted: 11
}

// The package's documentation shows the signed bytes exactly, and its envelope opens.
func TestDocumentedExample(t *testing.T) {
	signer, verifier, err := exampleKey()
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := receipt.Sign(t.Context(), exampleStatement(), signer)
	if err != nil {
		t.Fatal(err)
	}
	documented := documentedBlock(t, "The envelope:")
	if documented != string(envelope) {
		t.Errorf("the documented envelope is not what is signed:\n%s", wrapped(string(envelope)))
	}
	if _, err := receipt.Open([]byte(documented), verifier); err != nil {
		t.Errorf("the documented envelope: %v", err)
	}
	var e struct {
		Payload string `json:"payload"`
	}
	if err := json.Unmarshal(envelope, &e); err != nil {
		t.Fatal(err)
	}
	payload, err := base64.StdEncoding.DecodeString(e.Payload)
	if err != nil {
		t.Fatal(err)
	}
	if documentedBlock(t, "The signed bytes:") != string(payload) {
		t.Errorf("the documented payload is not what is signed:\n%s", wrapped(string(payload)))
	}
}

// documentedBlock is the block of package documentation below a line, its lines joined.
func documentedBlock(t *testing.T, heading string) string {
	t.Helper()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(doc), "// "+heading+"\n//\n")
	if !ok {
		t.Fatalf("doc.go has no %q", heading)
	}
	var b strings.Builder
	for line := range strings.Lines(rest) {
		text, ok := strings.CutPrefix(line, "//\t")
		if !ok {
			break
		}
		// Lines are broken before a space or within base64, which has none.
		b.WriteString(strings.TrimSuffix(text, "\n"))
	}
	return b.String()
}

// wrapped is text as doc.go has it.
func wrapped(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		n := min(len(text), 88)
		// A line must not end in a space, because editors remove it.
		for n < len(text) && n > 1 && (text[n-1] == ' ' || text[n] == ' ') {
			n--
		}
		b.WriteString("//\t" + text[:n] + "\n")
		text = text[n:]
	}
	return b.String()
}
