package anonymise

import (
	"encoding/base64"
	"encoding/hex"
	"math"

	"github.com/expungedb/expunge/dialect"
)

// hashDefinition: hash is HMAC-SHA256 of the value's canonical form, for columns whose readers
// expect a hash. Without the secret nobody can hash a list of candidates and compare; that attack
// undoes an unkeyed hash of an e-mail address. An empty text remains empty.
var hashDefinition = definition{
	Description: Description{
		Name: "hash", Doc: "the keyed hash of the value (HMAC-SHA256)",
		Technique: "pseudonymization", Class: LikelyUnique, Keyed: true, Consistent: always,
		Kinds: []dialect.Kind{dialect.Text, dialect.Bytes},
		Params: []Param{
			{"encoding", "of a text: hex (the default) or base64 (RFC 4648, URL-safe, no padding); {hash: hex} for short"},
			{"length", "characters (or bytes) of it, from the left; as many as there are and the column holds by default"},
		},
	},
	make: makeHash,
}

type hashStrategy struct {
	encoding string
	length   int
	m        Modifiers
}

func makeHash(v any, m Modifiers) (Strategy, error) {
	p := readParams("hash", v, "encoding")
	h := hashStrategy{encoding: p.choice("encoding", "hex", "hex", "base64"), m: m}
	most := 64
	if h.encoding == "base64" {
		most = 43
	}
	h.length = p.int("length", most, 8, most)
	return h, p.done()
}

func (hashStrategy) Info() Info { return hashDefinition.info() }

func (h hashStrategy) Bind(t Target) (Replacer, error) {
	c := t.Column
	n := h.length
	if c.Kind == dialect.Bytes {
		n = min(n, 32)
		if c.Length > 0 {
			n = min(n, c.Length)
		}
	} else {
		n = min(n, roomOf(c))
	}
	bits := map[string]float64{"hex": 4, "base64": 6}[h.encoding]
	if c.Kind == dialect.Bytes {
		bits = 8
	} else if h.encoding == "base64" && newCanon(t, "").foldCase {
		bits = 5 // upper and lower case compare equal
	}
	space := math.Pow(2, bits*float64(n))
	if err := hasRoom(space, t); err != nil {
		return nil, err
	}
	return digestReplacer(newDomain(h.m.Group, "hash"), birthdayClass(space, t), newCanon(t, h.m.Fold), func(sum []byte) dialect.Value {
		switch {
		case c.Kind == dialect.Bytes:
			return append([]byte(nil), sum[:n]...)
		case h.encoding == "base64":
			return base64.RawURLEncoding.EncodeToString(sum)[:n]
		}
		return hex.EncodeToString(sum)[:n]
	}), nil
}
