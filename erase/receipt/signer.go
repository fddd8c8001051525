package receipt

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
)

// Signer signs envelopes. It is dsse.Signer; NewSigner makes one from any crypto.Signer, a KMS or a
// hardware token included.
type Signer interface {
	// Sign signs data, unhashed.
	Sign(ctx context.Context, data []byte) ([]byte, error)
	// KeyID names the key in the envelope.
	KeyID() (string, error)
}

// Verifier checks signatures of envelopes. It is dsse.Verifier; NewVerifier makes one from a public
// key.
type Verifier interface {
	Verify(ctx context.Context, data, sig []byte) error
	KeyID() (string, error)
	Public() crypto.PublicKey
}

// KeyID is the name of a key: the SHA-256, in hex, of the public key's PKIX form
// (SubjectPublicKeyInfo in DER, RFC 5280). `openssl pkey -pubin -outform DER | sha256sum` prints
// the same.
func KeyID(public crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return "", fmt.Errorf("key of type %T can't be used: give an Ed25519, ECDSA or RSA public key", public)
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:]), nil
}

// signatureScheme returns how a key signs; the key's type alone decides it. Ed25519 is plain, ECDSA
// has the hash of the curve's size and an ASN.1 signature, RSA has PSS, SHA-256 and a salt of 32
// bytes.
func signatureScheme(public crypto.PublicKey) (crypto.SignerOpts, error) {
	switch k := public.(type) {
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return nil, errors.New("ed25519 key has a wrong length")
		}
		return crypto.Hash(0), nil
	case *ecdsa.PublicKey:
		switch k.Curve.Params().BitSize {
		case 256:
			return crypto.SHA256, nil
		case 384:
			return crypto.SHA384, nil
		case 521:
			return crypto.SHA512, nil
		}
		return nil, errors.New("elliptic curve can't be used: give a key on P-256, P-384 or P-521")
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return nil, errors.New("RSA key is too short: give one of 2048 bits or more")
		}
		return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}, nil
	default:
		return nil, fmt.Errorf("key of type %T can't be used: give an Ed25519, ECDSA or RSA key", public)
	}
}

// NewSigner makes a Signer of a crypto.Signer with an Ed25519, ECDSA (P-256, P-384, P-521) or RSA
// key (2048 bits or more, signing with PSS). It may be used concurrently when s may.
func NewSigner(s crypto.Signer) (Signer, error) {
	if s == nil {
		return nil, errors.New("no key to sign with")
	}
	opts, err := signatureScheme(s.Public())
	if err != nil {
		return nil, err
	}
	id, err := KeyID(s.Public())
	if err != nil {
		return nil, err
	}
	return &signer{s, opts, id, &verifier{s.Public(), opts, id}}, nil
}

type signer struct {
	key   crypto.Signer
	opts  crypto.SignerOpts
	id    string
	check *verifier
}

// Sign also verifies: a KMS set to another scheme returns, without an error, a signature that
// nobody could ever verify.
func (s *signer) Sign(ctx context.Context, data []byte) ([]byte, error) {
	sig, err := crypto.SignMessage(s.key, rand.Reader, data, s.opts)
	if err != nil {
		return nil, err
	}
	if s.check.Verify(ctx, data, sig) != nil {
		return nil, errors.New("the key's own signature doesn't verify: it must sign with Ed25519, with ECDSA and " +
			"the hash of the curve's size, or with RSA-PSS, SHA-256 and a salt of 32 bytes")
	}
	return sig, nil
}

func (s *signer) KeyID() (string, error) { return s.id, nil }

// NewVerifier makes a Verifier of a public key; it accepts the same kinds as NewSigner. It may be
// used concurrently.
func NewVerifier(public crypto.PublicKey) (Verifier, error) {
	opts, err := signatureScheme(public)
	if err != nil {
		return nil, err
	}
	id, err := KeyID(public)
	if err != nil {
		return nil, err
	}
	return &verifier{public, opts, id}, nil
}

type verifier struct {
	key  crypto.PublicKey
	opts crypto.SignerOpts
	id   string
}

func (v *verifier) KeyID() (string, error)   { return v.id, nil }
func (v *verifier) Public() crypto.PublicKey { return v.key }

func (v *verifier) Verify(_ context.Context, data, sig []byte) error {
	var ok bool
	switch k := v.key.(type) {
	case ed25519.PublicKey:
		ok = ed25519.Verify(k, data, sig)
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(k, digestOf(v.opts.HashFunc(), data), sig)
	case *rsa.PublicKey:
		h := v.opts.HashFunc()
		ok = rsa.VerifyPSS(k, h, digestOf(h, data), sig, v.opts.(*rsa.PSSOptions)) == nil
	}
	if !ok {
		return ErrSignature
	}
	return nil
}

func digestOf(h crypto.Hash, data []byte) []byte {
	w := h.New()
	w.Write(data)
	return w.Sum(nil)
}
