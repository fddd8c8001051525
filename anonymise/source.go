package anonymise

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math/rand/v2"

	"github.com/brianvoe/gofakeit/v7"
)

// Source is the raw material of replacements: randomness and the secret. One goroutine at a time
// may use it; make one for each goroutine, and use it for all its values.
type Source struct {
	secret Secret
	fresh  rand.Source // drawn anew for every value
	keyed  rand.PCG    // reseeded by the value that is replaced
	now    rand.Source // the one of the two in use
	rng    *rand.Rand
	faker  *gofakeit.Faker
	mac    hash.Hash
	sum    [sha256.Size]byte
	msg    []byte
	perms  map[string]cipher.Block
	block  [2 * aes.BlockSize]byte
	others int64
}

// NewSource makes a Source. The secret may be zero where no strategy is keyed. A nil random means a
// ChaCha8 generator seeded by the operating system; a test passes one with a fixed seed. Keyed
// replacements don't depend on it.
func NewSource(secret Secret, random rand.Source) *Source {
	if random == nil {
		var seed [32]byte
		_, _ = crand.Read(seed[:]) // never fails (crypto/rand)
		random = rand.NewChaCha8(seed)
	}
	s := &Source{secret: secret, fresh: random, now: random}
	s.rng = rand.New((*current)(s))
	s.faker = gofakeit.NewFaker((*current)(s), false)
	if !secret.IsZero() {
		s.mac = hmac.New(sha256.New, secret.key())
	}
	return s
}

// Otherwise returns and resets the number of values replaced as the policy's `otherwise` says.
func (s *Source) Otherwise() int64 {
	n := s.others
	s.others = 0
	return n
}

// current draws from the Source's current generator.
type current Source

func (c *current) Uint64() uint64 { return c.now.Uint64() }

// Rand is the randomness to make a value with. While a strategy with the modifier `consistent`
// replaces a value, Rand depends on the secret and on that value only; else it is drawn anew.
func (s *Source) Rand() *rand.Rand { return s.rng }

// Faker is a gofakeit faker over Rand.
func (s *Source) Faker() *gofakeit.Faker { return s.faker }

// domain separates the uses of one secret: the outputs of two domains are unrelated. It is the
// start of every authenticated message: a label with a version, a group and a purpose, each with
// its length in front. So no two pairs of domain and value give one message.
type domain []byte

const keyLabel = "expunge-pseudonym/v1"

func newDomain(group, purpose string) domain {
	var d domain
	for _, part := range []string{keyLabel, group, purpose} {
		d = binary.AppendUvarint(d, uint64(len(part)))
		d = append(d, part...)
	}
	return d
}

// digest is HMAC-SHA256 of the value within the domain. The result is valid until the next call.
func (s *Source) digest(d domain, canonical string) ([]byte, error) {
	if s.mac == nil {
		return nil, ErrNoSecret
	}
	s.msg = append(append(s.msg[:0], d...), canonical...)
	s.mac.Reset()
	_, _ = s.mac.Write(s.msg)
	return s.mac.Sum(s.sum[:0]), nil
}

// keyedBy makes Rand a stream that depends on the secret, the domain and the value only, until the
// caller passes the result to resume. Streams nest.
func (s *Source) keyedBy(d domain, canonical string) (suspended, error) {
	sum, err := s.digest(d, canonical)
	if err != nil {
		return suspended{}, err
	}
	was := suspended{now: s.now, keyed: s.keyed}
	// PCG need not be unpredictable here: its state reveals 128 bits of one value's digest, and
	// nothing about other values.
	s.keyed.Seed(binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:]))
	s.now = &s.keyed
	return was, nil
}

func (s *Source) resume(was suspended) { s.now, s.keyed = was.now, was.keyed }

type suspended struct {
	now   rand.Source
	keyed rand.PCG
}

// permutation is the key of a group's permutation of numbers.
func (s *Source) permutation(d domain) (cipher.Block, error) {
	if b, ok := s.perms[string(d)]; ok {
		return b, nil
	}
	sum, err := s.digest(d, "")
	if err != nil {
		return nil, err
	}
	b, err := aes.NewCipher(sum)
	if err != nil {
		return nil, err
	}
	if s.perms == nil {
		s.perms = map[string]cipher.Block{}
	}
	s.perms[string(d)] = b
	return b, nil
}
