package receipt

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// vector is a file of testdata/vectors with a verifier's expected answer. The verifier knows
// key1.pub.pem and key2.pub.pem, or key 1 only where Keys is 1.
type vector struct {
	File       string   `json:"file"`
	Keys       int      `json:"keys"`
	Threshold  int      `json:"threshold"`
	Verdict    string   `json:"verdict"` // a key of verdicts
	Verified   int      `json:"verified,omitempty"`
	Unverified []string `json:"unverified,omitempty"`
}

var verdicts = map[string]error{
	"good": nil, "truncated": ErrTruncated, "malformed": ErrMalformed,
	"signature": ErrSignature, "version": ErrVersion, "threshold": ErrThreshold,
}

const vectorDir = "testdata/vectors"

func TestVectors(t *testing.T) {
	if *update {
		writeVectors(t)
	}
	var list []vector
	readJSON(t, filepath.Join(vectorDir, "verdicts.json"), &list)
	if len(list) < 20 {
		t.Fatalf("only %d vectors: the files have been moved or lost", len(list))
	}
	listed := map[string]bool{"verdicts.json": true, "key1.pub.pem": true, "key2.pub.pem": true}
	reached := map[string]bool{}
	for _, v := range list {
		listed[v.File], reached[v.Verdict] = true, true
		t.Run(v.File, func(t *testing.T) { checkVector(t, v) })
	}
	for verdict := range verdicts {
		if !reached[verdict] {
			t.Errorf("no vector with the verdict %q", verdict)
		}
	}
	files, err := os.ReadDir(vectorDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !listed[f.Name()] {
			t.Errorf("%s has no verdict", f.Name())
		}
	}
}

func checkVector(t *testing.T, v vector) {
	env, err := os.ReadFile(filepath.Join(vectorDir, v.File))
	if err != nil {
		t.Fatal(err)
	}
	want, ok := verdicts[v.Verdict]
	if !ok {
		t.Fatalf("unknown verdict %q", v.Verdict)
	}
	var keys []Verifier
	for _, name := range []string{"key1.pub.pem", "key2.pub.pem"}[:v.Keys] {
		keys = append(keys, publicKeyFile(t, name))
	}
	o, err := OpenWith(env, OpenOptions{Verifiers: keys, Threshold: v.Threshold})
	if !errors.Is(err, want) {
		t.Fatalf("OpenWith: %v, want %q", err, v.Verdict)
	}
	for name, other := range verdicts {
		if other != nil && !errors.Is(want, other) && errors.Is(err, other) {
			t.Errorf("the error is also %q", name)
		}
	}
	if want != nil {
		return
	}
	if len(o.Verified) != v.Verified {
		t.Errorf("%d verified signatures, want %d", len(o.Verified), v.Verified)
	}
	if d := cmp.Diff(v.Unverified, o.Unverified); d != "" {
		t.Errorf("unverified (-want +got):\n%s", d)
	}
}

func publicKeyFile(t *testing.T, name string) Verifier {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectorDir, name))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParsePublicKey(data)
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatal(err)
	}
}

// writeVectors makes the files anew. The expected answers are written here and not taken from the
// implementation.
func writeVectors(t *testing.T) {
	s1, v1 := testSigner(t, 1)
	s2, v2 := testSigner(t, 2)
	s3, _ := testSigner(t, 3)
	id3, _ := s3.KeyID()
	id1, _ := s1.KeyID()
	payload, err := encodeJSON(testStatement())
	if err != nil {
		t.Fatal(err)
	}
	edit := func(from, to string) []byte {
		out := bytes.Replace(payload, []byte(from), []byte(to), 1)
		if bytes.Equal(out, payload) {
			t.Fatalf("the example has no %s", from)
		}
		return out
	}
	good := signed(t, payload, s1)
	var indented bytes.Buffer
	if err := json.Indent(&indented, good, "", "  "); err != nil {
		t.Fatal(err)
	}
	var reencoded bytes.Buffer
	if err := json.Indent(&reencoded, payload, "", " "); err != nil {
		t.Fatal(err)
	}
	amendment, err := SignAmendment(t.Context(), NewAmendment(testDigest, Fact{
		AmendmentID: "a1", Kind: Revoked, Reason: "a test", At: testPredicate().AsOf}), s1)
	if err != nil {
		t.Fatal(err)
	}
	sigOf := func(env []byte) string { return envelopeOf(t, env).Signatures[0].Sig }
	list := []struct {
		vector
		data []byte
	}{
		{vector{"good.json", 1, 1, "good", 1, nil}, good},
		{vector{"good-indented-envelope.json", 1, 1, "good", 1, nil}, indented.Bytes()},
		{vector{"good-two-signatures.json", 2, 2, "good", 2, nil}, signed(t, payload, s1, s2)},
		{vector{"good-and-unknown-signature.json", 2, 1, "good", 1, []string{id3}}, signed(t, payload, s3, s1)},
		{vector{"good-and-wrong-signature.json", 1, 1, "good", 1, []string{id1}},
			enveloped(t, payload, dsse.Signature{KeyID: id1, Sig: "AAAA"}, dsse.Signature{KeyID: id1, Sig: sigOf(good)})},
		{vector{"good-without-key-id.json", 1, 1, "good", 1, nil}, enveloped(t, payload, dsse.Signature{Sig: sigOf(good)})},

		{vector{"empty.json", 1, 1, "truncated", 0, nil}, nil},
		{vector{"truncated.json", 1, 1, "truncated", 0, nil}, good[:len(good)/2]},
		{vector{"truncated-last-byte.json", 1, 1, "truncated", 0, nil}, good[:len(good)-1]},

		{vector{"tampered-count.json", 1, 1, "signature", 0, nil}, enveloped(t, edit(`"matched":3,"affected":3`, `"matched":9,"affected":9`), dsse.Signature{KeyID: id1, Sig: sigOf(good)})},
		{vector{"re-encoded.json", 1, 1, "signature", 0, nil}, enveloped(t, reencoded.Bytes(), dsse.Signature{KeyID: id1, Sig: sigOf(good)})},
		{vector{"wrong-key.json", 1, 1, "signature", 0, nil}, signed(t, payload, s2)},
		{vector{"borrowed-key-id.json", 2, 1, "signature", 0, nil}, enveloped(t, payload, dsse.Signature{KeyID: id1, Sig: sigOf(signed(t, payload, s2))})},
		{vector{"missing-signature.json", 1, 1, "signature", 0, nil}, enveloped(t, payload)},
		{vector{"empty-signature.json", 1, 1, "signature", 0, nil}, enveloped(t, payload, dsse.Signature{KeyID: id1})},

		{vector{"one-signature-of-two.json", 2, 2, "threshold", 0, nil}, good},
		{vector{"same-key-twice.json", 2, 2, "threshold", 0, nil},
			enveloped(t, payload, envelopeOf(t, good).Signatures[0], envelopeOf(t, good).Signatures[0])},

		{vector{"unknown-version.json", 1, 1, "version", 0, nil}, signed(t, edit("erasure-receipt/v1", "erasure-receipt/v2"), s1)},
		{vector{"unknown-statement.json", 1, 1, "version", 0, nil}, signed(t, edit("in-toto.io/Statement/v1", "in-toto.io/Statement/v2"), s1)},
		{vector{"unknown-payload-type.json", 1, 1, "version", 0, nil}, bytes.Replace(good, []byte("in-toto+json"), []byte("in-toto+cbor"), 1)},
		{vector{"amendment.json", 1, 1, "version", 0, nil}, amendment},

		{vector{"not-json.json", 1, 1, "malformed", 0, nil}, []byte("-----BEGIN RECEIPT-----\n")},
		{vector{"not-an-envelope.json", 1, 1, "malformed", 0, nil}, payload},
		{vector{"trailing-data.json", 1, 1, "malformed", 0, nil}, append(bytes.Clone(good), "{}"...)},
		{vector{"duplicate-envelope-key.json", 1, 1, "malformed", 0, nil}, append([]byte(`{"payload":"AAAA",`), good[1:]...)},
		{vector{"unknown-envelope-key.json", 1, 1, "malformed", 0, nil}, append([]byte(`{"valid":true,`), good[1:]...)},
		{vector{"line-break-in-base64.json", 1, 1, "malformed", 0, nil}, bytes.Replace(good, []byte(`"payload":"eyJf`), []byte(`"payload":"eyJf\n`), 1)},
		{vector{"duplicate-key.json", 1, 1, "malformed", 0, nil}, signed(t, edit(`"left":0`, `"left":0,"left":0`), s1)},
		{vector{"other-case.json", 1, 1, "malformed", 0, nil}, signed(t, edit(`"matched"`, `"Matched"`), s1)},
		{vector{"unknown-field.json", 1, 1, "malformed", 0, nil}, signed(t, edit(`"left":0`, `"left":0,"lost":0`), s1)},
		{vector{"null.json", 1, 1, "malformed", 0, nil}, signed(t, edit(`"left":0`, `"left":null`), s1)},
		{vector{"fraction.json", 1, 1, "malformed", 0, nil}, signed(t, edit(`"left":0`, `"left":0.0`), s1)},
		{vector{"not-utf-8.json", 1, 1, "malformed", 0, nil}, signed(t, edit("Example Shop", "Example \xff"), s1)},
		{vector{"signed-trailing-data.json", 1, 1, "malformed", 0, nil}, signed(t, append(bytes.Clone(payload), "{}"...), s1)},
		{vector{"sum-is-wrong.json", 1, 1, "malformed", 0, nil}, signed(t, edit(`"matched":3`, `"matched":4`), s1)},
		{vector{"other-subject-digest.json", 1, 1, "malformed", 0, nil}, signed(t, edit(testStatementDigest(), testDigest), s1)},
	}
	old, err := filepath.Glob(filepath.Join(vectorDir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range old {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	var index []vector
	for _, v := range list {
		index = append(index, v.vector)
		write(t, v.File, v.data)
	}
	b, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	write(t, "verdicts.json", append(b, '\n'))
	for name, v := range map[string]Verifier{"key1.pub.pem": v1, "key2.pub.pem": v2} {
		pem, err := MarshalPublicKey(v.Public())
		if err != nil {
			t.Fatal(err)
		}
		write(t, name, pem)
	}
}

func testStatementDigest() string {
	s := testStatement()
	return s.Digest()
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(vectorDir, name), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// signed puts any payload into an envelope with good signatures.
func signed(t testing.TB, payload []byte, signers ...Signer) []byte {
	t.Helper()
	var list []dsse.Signer
	for _, s := range signers {
		list = append(list, s)
	}
	es, err := dsse.NewEnvelopeSigner(list...)
	if err != nil {
		t.Fatal(err)
	}
	env, err := es.SignPayload(context.Background(), PayloadType, payload)
	if err != nil {
		t.Fatal(err)
	}
	return enveloped(t, payload, env.Signatures...)
}

// enveloped puts any payload and signatures into an envelope.
func enveloped(t testing.TB, payload []byte, sigs ...dsse.Signature) []byte {
	t.Helper()
	if sigs == nil {
		sigs = []dsse.Signature{}
	}
	b, err := encodeJSON(dsse.Envelope{PayloadType: PayloadType, Payload: base64.StdEncoding.EncodeToString(payload), Signatures: sigs})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func envelopeOf(t testing.TB, data []byte) *dsse.Envelope {
	t.Helper()
	env, _, err := parseEnvelope(data)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

// A receipt of the maximum size is read; one byte more is refused before any of it is parsed.
func TestHugeReceipt(t *testing.T) {
	_, v := testSigner(t, 1)
	good := testEnvelope(t)
	huge := append(bytes.Clone(good), strings.Repeat(" ", MaxSize-len(good))...)
	if _, err := Open(huge, v); err != nil {
		t.Errorf("Open of %d bytes: %v", len(huge), err)
	}
	if _, err := Open(append(huge, ' '), v); !errors.Is(err, ErrMalformed) {
		t.Errorf("Open of %d bytes: %v, want ErrMalformed", len(huge)+1, err)
	}
}

// Depth must cost no stack: an unknown value is refused at its first token.
func TestDeeplyNestedReceipt(t *testing.T) {
	_, v := testSigner(t, 1)
	s, _ := testSigner(t, 1)
	deep := strings.Repeat("[", 1<<20)
	for name, env := range map[string][]byte{
		"envelope": []byte(deep),
		"payload":  signed(t, []byte(`{"_type":"`+StatementType+`","predicateType":"`+PredicateType+`","predicate":`+deep), s),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Open(env, v); !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrTruncated) {
				t.Errorf("Open: %v", err)
			}
		})
	}
}
