package receipt

import (
	"bytes"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
)

func TestKeysRoundTrip(t *testing.T) {
	ed, err := GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"Ed25519": ed, "ECDSA": ec, "RSA": rs} {
		t.Run(name, func(t *testing.T) {
			private, err := MarshalPrivateKey(key)
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := ParsePrivateKey(private)
			if err != nil {
				t.Fatal(err)
			}
			public, err := MarshalPublicKey(parsed.Public())
			if err != nil {
				t.Fatal(err)
			}
			back, err := ParsePublicKey(public)
			if err != nil {
				t.Fatal(err)
			}
			want, err := KeyID(key.Public())
			if err != nil {
				t.Fatal(err)
			}
			if got, err := KeyID(back); err != nil || got != want {
				t.Errorf("key ID %s, %v, want %s", got, err, want)
			}
		})
	}
}

func TestGenerateKeyFromFixedBytes(t *testing.T) {
	key, err := GenerateKey(bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	again, err := GenerateKey(bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	if !key.Equal(again) {
		t.Error("the same bytes make different keys")
	}
	if _, err := GenerateKey(bytes.NewReader(make([]byte, 31))); err == nil {
		t.Error("31 bytes are enough")
	}
}

func TestKeyErrorsSayWhatToDo(t *testing.T) {
	key, err := GenerateKey(bytes.NewReader(make([]byte, 32)))
	if err != nil {
		t.Fatal(err)
	}
	private, err := MarshalPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public, err := MarshalPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	agree, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	agreePrivate, err := x509.MarshalPKCS8PrivateKey(agree)
	if err != nil {
		t.Fatal(err)
	}
	agreePublic, err := x509.MarshalPKIXPublicKey(agree.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, headers map[string]string, der []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Headers: headers, Bytes: der})
	}
	parsePrivate := func(b []byte) error { _, err := ParsePrivateKey(b); return err }
	parsePublic := func(b []byte) error { _, err := ParsePublicKey(b); return err }
	for name, tt := range map[string]struct {
		parse func([]byte) error
		data  []byte
		want  string
	}{
		"a public key to sign":         {parsePrivate, public, "give the private one"},
		"a certificate to sign":        {parsePrivate, block("CERTIFICATE", nil, nil), "give the private one"},
		"a private key to verify":      {parsePublic, private, "give the public one"},
		"a certificate to verify":      {parsePublic, block("CERTIFICATE", nil, nil), "openssl x509"},
		"an encrypted key":             {parsePrivate, block("ENCRYPTED PRIVATE KEY", nil, []byte{1}), "decrypt it first"},
		"an encrypted key, old style":  {parsePrivate, block("RSA PRIVATE KEY", map[string]string{"DEK-Info": "AES-128-CBC,00"}, []byte{1}), "decrypt it first"},
		"an old key":                   {parsePrivate, block("EC PRIVATE KEY", nil, []byte{1}), "openssl pkcs8"},
		"an SSH key":                   {parsePrivate, block("OPENSSH PRIVATE KEY", nil, []byte{1}), "openssl pkcs8"},
		"an old public key":            {parsePublic, block("RSA PUBLIC KEY", nil, []byte{1}), "openssl pkey"},
		"no PEM":                       {parsePrivate, []byte("secret"), "no PEM block"},
		"no PEM, public":               {parsePublic, nil, "no PEM block"},
		"two keys":                     {parsePublic, append(bytes.Clone(public), public...), "more than one"},
		"a damaged private key":        {parsePrivate, block("PRIVATE KEY", nil, []byte{1}), "damaged"},
		"a damaged public key":         {parsePublic, block("PUBLIC KEY", nil, []byte{1}), "damaged"},
		"a key that can't sign":        {parsePrivate, block("PRIVATE KEY", nil, agreePrivate), "can't sign"},
		"a public key that can't sign": {parsePublic, block("PUBLIC KEY", nil, agreePublic), "can't be used"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tt.parse(tt.data)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want it to say %q", err, tt.want)
			}
		})
	}
}
