package anonymise

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// MinSecret is the least number of bytes in a Secret: the size of an HMAC-SHA256 key (RFC 2104,
// section 3: shorter keys weaken it).
const MinSecret = 32

// ErrNoSecret reports that a keyed strategy has no secret.
var ErrNoSecret = errors.New("anonymise: the strategy is keyed and there is no secret: make one (`openssl rand -base64 32`) and give it to every run that must agree")

// Secret is the key of consistent strategies, at least MinSecret bytes. With one secret equal
// values get equal replacements everywhere. Anyone with the secret can try candidate values until
// one gives a known replacement: protect it like the personal data itself.
//
// It prints as "[secret]" with every verb, also inside of other values, and can't be encoded. The
// zero Secret is no secret. Safe for concurrent use.
type Secret struct{ key func() []byte } // a function: fmt prints unexported fields, and follows pointers where a verb is wrong

// NewSecret copies the key. It drops line ends at the key's end, so that a file and an environment
// variable with the same line hold the same secret. It doesn't stretch a passphrase: use random
// bytes.
func NewSecret(key []byte) (Secret, error) {
	key = bytes.TrimRight(key, "\r\n")
	if len(key) < MinSecret {
		return Secret{}, fmt.Errorf("anonymise: the secret has %d bytes and needs at least %d random ones: make one with `openssl rand -base64 32`", len(key), MinSecret)
	}
	if bytes.Count(key, key[:1]) == len(key) {
		return Secret{}, errors.New("anonymise: the secret is one byte repeated: make one with `openssl rand -base64 32`")
	}
	key = bytes.Clone(key)
	return Secret{func() []byte { return key }}, nil
}

// Derive makes a key from the secret for another purpose than replacing values. It returns nil for
// the zero Secret.
func (s Secret) Derive(purpose string) []byte {
	if s.IsZero() {
		return nil
	}
	mac := hmac.New(sha256.New, s.key())
	mac.Write([]byte("expunge-derived/v1\x00" + purpose))
	return mac.Sum(nil)
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.key == nil }

const redacted = "[secret]"

// String returns "[secret]".
func (Secret) String() string { return redacted }

// GoString returns "[secret]".
func (Secret) GoString() string { return redacted }

// Format writes "[secret]", whatever the verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue is "[secret]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

var errEncoded = errors.New("anonymise: a secret can't be encoded")

// MarshalJSON refuses.
func (Secret) MarshalJSON() ([]byte, error) { return nil, errEncoded }

// MarshalText refuses.
func (Secret) MarshalText() ([]byte, error) { return nil, errEncoded }

// MarshalBinary refuses.
func (Secret) MarshalBinary() ([]byte, error) { return nil, errEncoded }
