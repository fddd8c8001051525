package receipt

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOpenReturnsWhatWasSigned(t *testing.T) {
	_, v := testSigner(t, 1)
	got, err := Open(testEnvelope(t), v)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(testStatement(), *got); d != "" {
		t.Errorf("statement (-signed +opened):\n%s", d)
	}
}

// Any crypto.Signer signs, a key management service included, and with the scheme of its kind of
// key.
func TestKindsOfKeys(t *testing.T) {
	curve := func(c elliptic.Curve) func() (crypto.Signer, error) {
		return func() (crypto.Signer, error) { return ecdsa.GenerateKey(c, rand.Reader) }
	}
	kinds := map[string]func() (crypto.Signer, error){
		"Ed25519": func() (crypto.Signer, error) { return GenerateKey(nil) },
		"P-256":   curve(elliptic.P256()),
		"P-384":   curve(elliptic.P384()),
		"P-521":   curve(elliptic.P521()),
		"RSA":     func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) },
	}
	for name, generate := range kinds {
		t.Run(name, func(t *testing.T) {
			key, err := generate()
			if err != nil {
				t.Fatal(err)
			}
			// The wrapper hides the key's type, as a service does.
			s, err := NewSigner(service{key})
			if err != nil {
				t.Fatal(err)
			}
			v, err := NewVerifier(key.Public())
			if err != nil {
				t.Fatal(err)
			}
			env, err := Sign(t.Context(), testStatement(), s)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Open(env, v); err != nil {
				t.Error(err)
			}
			_, other := testSigner(t, 2)
			if _, err := Open(env, other); !errors.Is(err, ErrSignature) {
				t.Errorf("Open with another key: %v, want ErrSignature", err)
			}
		})
	}
}

type service struct{ crypto.Signer }

func TestKeysThatAreRefused(t *testing.T) {
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"none": nil, "P-224": p224} {
		t.Run(name, func(t *testing.T) {
			if _, err := NewSigner(key); err == nil {
				t.Error("NewSigner takes it")
			}
		})
	}
}

// A service set to another scheme returns a signature that nobody could verify: this has to show
// when signing, not in a year.
func TestSignerThatSignsWrongly(t *testing.T) {
	key, err := GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner(wrongService{key})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Sign(t.Context(), testStatement(), s); err == nil || !strings.Contains(err.Error(), "doesn't verify") {
		t.Errorf("Sign: %v", err)
	}
}

type wrongService struct{ crypto.Signer }

func (wrongService) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return make([]byte, 64), nil
}

func TestSignRefuses(t *testing.T) {
	s, _ := testSigner(t, 1)
	bad := testStatement()
	bad.Predicate.Actions[0].Rows.Affected++
	tests := map[string]struct {
		statement Statement
		signers   []Signer
		want      string
	}{
		"nobody to sign":           {testStatement(), nil, "at least one signer"},
		"nil as a signer":          {testStatement(), []Signer{nil}, "nil"},
		"one key twice":            {testStatement(), []Signer{s, s}, "twice"},
		"counts that don't add up": {bad, []Signer{s}, "matched is not affected + alreadyGone + left + held"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Sign(context.Background(), tt.statement, tt.signers...)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Sign: %v, want it to say %q", err, tt.want)
			}
		})
	}
}

func TestOpenNeedsSenseInItsOptions(t *testing.T) {
	_, v := testSigner(t, 1)
	for name, o := range map[string]OpenOptions{
		"no verifiers":                       {},
		"nil as a verifier":                  {Verifiers: []Verifier{nil}},
		"a threshold that can't be met":      {Verifiers: []Verifier{v}, Threshold: 2},
		"one key twice for a threshold of 2": {Verifiers: []Verifier{v, v}, Threshold: 2},
	} {
		t.Run(name, func(t *testing.T) {
			// The receipt is good: the error must not blame it.
			if _, err := OpenWith(testEnvelope(t), o); err == nil || known(err) {
				t.Errorf("OpenWith: %v", err)
			}
		})
	}
}

// No error may quote a receipt: a foreign receipt can hold anything.
func TestErrorsQuoteNothing(t *testing.T) {
	s, v := testSigner(t, 1)
	const canary = "canary-4711"
	payload, err := encodeJSON(testStatement())
	if err != nil {
		t.Fatal(err)
	}
	text := string(payload)
	for name, env := range map[string][]byte{
		"unknown key":      signed(t, []byte(strings.Replace(text, `"left":0`, `"`+canary+`":0`, 1)), s),
		"wrong kind":       signed(t, []byte(strings.Replace(text, `"left":0`, `"left":"`+canary+`"`, 1)), s),
		"wrong time":       signed(t, []byte(strings.Replace(text, `"2026-03-02T10:30:00Z"`, `"`+canary+`"`, 1)), s),
		"key in a map":     signed(t, []byte(strings.Replace(text, `"system_identifier":"`, `"`+canary+`":0,"x":"`, 1)), s),
		"wrong day":        signed(t, []byte(strings.Replace(text, `"final":"2026-08-29"`, `"final":"`+canary+`"`, 1)), s),
		"not JSON":         []byte(canary),
		"key in envelope":  []byte(`{"` + canary + `":1}`),
		"key ID of others": enveloped(t, payload),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(env, v)
			if err == nil {
				t.Fatal("Open takes it")
			}
			if strings.Contains(err.Error(), canary) {
				t.Error("the error quotes the receipt")
			}
		})
	}
}
