package log

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/expungedb/expunge/erase/receipt"
)

// GenerateKey makes the key pair of a log, from 32 bytes of random, nil being
// crypto/rand.Reader. Both are lines of text in the form of golang.org/x/mod/sumdb/note, with the
// log's name (see NewSigner) in them. The private one is unencrypted: write it to a file
// readable only by its owner.
func GenerateKey(origin string, random io.Reader) (private, public string, err error) {
	key, err := receipt.GenerateKey(random)
	if err != nil {
		return "", "", err
	}
	v, err := NewVerifier(origin, key.Public())
	if err != nil {
		return "", "", err
	}
	public, err = note.NewEd25519VerifierKey(origin, key.Public().(ed25519.PublicKey))
	if err != nil {
		return "", "", err
	}
	seed := base64.StdEncoding.EncodeToString(append([]byte{algEd25519}, key.Seed()...))
	return fmt.Sprintf("%s%s+%08x+%s\n", privateLogKey, origin, v.KeyHash(), seed), public + "\n", nil
}

// The form of a log's private key: PRIVATE+KEY+name+hash+base64(1 ‖ seed).
const (
	privateLogKey = "PRIVATE+KEY+"
	algEd25519    = 1
)

// ParseSigner reads a log's private key. Its errors don't quote the input.
func ParseSigner(data []byte) (note.Signer, error) {
	text := strings.TrimSpace(string(data))
	rest, ok := strings.CutPrefix(text, privateLogKey)
	if !ok {
		return nil, errors.New("that is no log's private key: make one with `expunge keygen --log NAME`")
	}
	bad := errors.New("log's private key is damaged")
	if _, err := note.NewSigner(text); err != nil {
		return nil, bad // of the form, of the hash
	}
	parts := strings.SplitN(rest, "+", 3)
	seed, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(seed) != 1+ed25519.SeedSize {
		return nil, bad
	}
	return NewSigner(parts[0], ed25519.NewKeyFromSeed(seed[1:]))
}

// ParseVerifier reads a log's public key with the log's name in it.
func ParseVerifier(data []byte) (note.Verifier, error) {
	text := strings.TrimSpace(string(data))
	if strings.HasPrefix(text, privateLogKey) {
		return nil, errors.New("that is a log's private key: to verify, give the public one")
	}
	v, err := note.NewVerifier(text)
	if err != nil {
		return nil, errors.New("that is no log's public key: it is a line name+hash+base64, as `expunge keygen --log NAME` makes it")
	}
	return v, nil
}
