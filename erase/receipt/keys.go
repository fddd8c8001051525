package receipt

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	pemPrivate = "PRIVATE KEY"
	pemPublic  = "PUBLIC KEY"
)

// GenerateKey makes an Ed25519 key from 32 bytes of random, nil being crypto/rand.Reader. The same
// bytes make the same key.
func GenerateKey(random io.Reader) (ed25519.PrivateKey, error) {
	if random == nil {
		random = rand.Reader
	}
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return nil, fmt.Errorf("no randomness for a key: %w", err)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// MarshalPrivateKey returns the key as unencrypted PKCS #8 in PEM, the form of `openssl genpkey`.
// Write it to a file readable only by its owner.
func MarshalPrivateKey(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("key of type %T has no PKCS #8 form: only Ed25519, ECDSA and RSA keys in memory have", key)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: der}), nil
}

// ParsePrivateKey reads the output of MarshalPrivateKey. Its errors don't quote the input.
func ParsePrivateKey(data []byte) (crypto.Signer, error) {
	block, err := onlyBlock(data)
	if err != nil {
		return nil, err
	}
	switch {
	case block.Type == pemPrivate:
	case strings.HasPrefix(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "":
		return nil, errors.New("private key is encrypted: decrypt it first, with `openssl pkey -in KEY`")
	case block.Type == pemPublic || block.Type == "CERTIFICATE":
		return nil, errors.New("that is a public key: to sign, give the private one")
	default:
		return nil, errors.New("private key is not PKCS #8 (BEGIN PRIVATE KEY): convert it with `openssl pkcs8 -topk8 -nocrypt -in KEY`")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("private key is damaged: its PEM block holds no PKCS #8 key")
	}
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("private key of type %T can't sign: give an Ed25519, ECDSA or RSA key", key)
	}
	if _, err := signatureScheme(s.Public()); err != nil {
		return nil, err
	}
	return s, nil
}

// MarshalPublicKey is the key as PKIX in PEM, the form of `openssl pkey -pubout`.
func MarshalPublicKey(key crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, fmt.Errorf("key of type %T has no PKIX form: give an Ed25519, ECDSA or RSA public key", key)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPublic, Bytes: der}), nil
}

// ParsePublicKey reads the output of MarshalPublicKey.
func ParsePublicKey(data []byte) (crypto.PublicKey, error) {
	block, err := onlyBlock(data)
	if err != nil {
		return nil, err
	}
	switch {
	case block.Type == pemPublic:
	case strings.HasSuffix(block.Type, "PRIVATE KEY"):
		return nil, errors.New("that is a private key: to verify, give the public one, and keep this one to yourself")
	case block.Type == "CERTIFICATE":
		return nil, errors.New("that is a certificate: take its key out with `openssl x509 -pubkey -noout -in CERT`")
	default:
		return nil, errors.New("public key is not PKIX (BEGIN PUBLIC KEY): convert it with `openssl pkey -pubin -in KEY`")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, errors.New("public key is damaged: its PEM block holds no PKIX key")
	}
	if _, err := signatureScheme(key); err != nil {
		return nil, err
	}
	return key, nil
}

// onlyBlock is the one PEM block of data: with two, readers could take different ones.
func onlyBlock(data []byte) (*pem.Block, error) {
	block, rest := pem.Decode(data)
	if block == nil {
		return nil, errors.New("no PEM block in the key file: it must begin with -----BEGIN")
	}
	if next, _ := pem.Decode(rest); next != nil {
		return nil, errors.New("key file has more than one PEM block: give one key a file")
	}
	return block, nil
}
