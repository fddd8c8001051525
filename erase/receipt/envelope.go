package receipt

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// MaxSize is the maximum size of an envelope in bytes: 64 MiB.
const MaxSize = 64 << 20

var errEmpty = errors.New("it is empty")

// Sign validates the statement and returns it in an envelope with one signature per signer: the
// bytes to store unchanged.
func Sign(ctx context.Context, s Statement, signers ...Signer) ([]byte, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("statement can't be signed: %w", err)
	}
	return sealEnvelope(ctx, s, signers)
}

// CheckSigners makes each of the signers sign a text that is no statement, and drops the
// signatures. The error is the one that Sign would return: an unreachable key, say.
func CheckSigners(ctx context.Context, signers ...Signer) error {
	_, err := signAs(ctx, "text/plain", []byte("expunge: does this key sign?"), signers)
	return err
}

// sealEnvelope puts v into an envelope.
func sealEnvelope(ctx context.Context, v any, signers []Signer) ([]byte, error) {
	payload, err := encodeJSON(v)
	if err != nil {
		return nil, fmt.Errorf("statement can't be written: %w", err)
	}
	return signAs(ctx, PayloadType, payload, signers)
}

// signAs puts a payload of some type into an envelope.
func signAs(ctx context.Context, payloadType string, payload []byte, signers []Signer) ([]byte, error) {
	var list []dsse.Signer
	ids := map[string]bool{}
	for _, s := range signers {
		if s == nil {
			return nil, errors.New("a signer is nil")
		}
		id, err := s.KeyID()
		if err != nil || id == "" {
			return nil, fmt.Errorf("signer has no key ID: %w", cmp.Or(err, errEmpty))
		}
		if ids[id] {
			return nil, fmt.Errorf("key %s is to sign twice: give each signer once", id)
		}
		ids[id] = true
		list = append(list, s)
	}
	es, err := dsse.NewEnvelopeSigner(list...)
	if err != nil {
		return nil, errors.New("nothing to sign with: give at least one signer")
	}
	env, err := es.SignPayload(ctx, payloadType, payload)
	if err != nil {
		return nil, fmt.Errorf("receipt isn't signed: %w", err)
	}
	return encodeJSON(env)
}

// EnvelopeDigest is the SHA-256, in hex, of an envelope as stored: the log and amendments name a
// receipt by it. A reformatted envelope has another one, though its signatures are still good.
func EnvelopeDigest(envelope []byte) string {
	sum := sha256.Sum256(envelope)
	return hex.EncodeToString(sum[:])
}

// Open verifies a receipt and returns its statement. One good signature by one of the verifiers is
// enough; OpenWith can require more. The error wraps one of ErrTruncated, ErrMalformed,
// ErrSignature and ErrVersion.
func Open(envelope []byte, verifiers ...Verifier) (*Statement, error) {
	o, err := OpenWith(envelope, OpenOptions{Verifiers: verifiers})
	if err != nil {
		return nil, err
	}
	return &o.Statement, nil
}

// OpenOptions are the conditions of OpenWith.
type OpenOptions struct {
	// Verifiers are the accepted keys. There is no default: without keys OpenWith fails.
	Verifiers []Verifier
	// Threshold is how many different keys must have signed. Defaults to 1.
	Threshold int
}

// Opened is a receipt whose signatures meet the threshold.
type Opened struct {
	Statement Statement
	// Digest is the EnvelopeDigest of the opened bytes.
	Digest string
	Signatures
}

// Signatures are an envelope's signatures, the good ones and the others apart.
type Signatures struct {
	// Verified are the IDs of the given keys with a good signature, each once.
	Verified []string
	// Unverified are the key IDs, as the envelope claims them, of all other signatures: by keys
	// that weren't given, or wrong.
	Unverified []string
}

// OpenWith verifies a receipt under the options. The error wraps one of ErrTruncated, ErrMalformed,
// ErrSignature, ErrThreshold and ErrVersion. It parses the signed bytes themselves and never
// encodes them again for verification.
func OpenWith(envelope []byte, o OpenOptions) (*Opened, error) {
	payload, sigs, err := openEnvelope(envelope, o)
	if err != nil {
		return nil, err
	}
	opened := &Opened{Digest: EnvelopeDigest(envelope), Signatures: *sigs}
	if err := parseStatement(payload, PredicateType, &opened.Statement); err != nil {
		return nil, err
	}
	if err := opened.Statement.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return opened, nil
}

// openEnvelope returns an envelope's payload once its signatures meet the options.
func openEnvelope(envelope []byte, o OpenOptions) ([]byte, *Signatures, error) {
	known := map[string]dsse.Verifier{}
	for _, v := range o.Verifiers {
		if v == nil {
			return nil, nil, errors.New("a verifier is nil")
		}
		id, err := v.KeyID()
		if err != nil || id == "" {
			return nil, nil, fmt.Errorf("verifier has no key ID: %w", cmp.Or(err, errEmpty))
		}
		known[id] = v
	}
	threshold := max(o.Threshold, 1)
	switch {
	case len(known) == 0:
		return nil, nil, errors.New("nothing to verify with: give at least one public key")
	case threshold > len(known):
		return nil, nil, fmt.Errorf("threshold of %d can't be met by %d different keys", threshold, len(known))
	}
	env, payload, err := parseEnvelope(envelope)
	if err != nil {
		return nil, nil, err
	}
	ev, err := dsse.NewEnvelopeVerifier(slices.Collect(maps.Values(known))...)
	if err != nil {
		return nil, nil, err
	}
	// The library's threshold is 1, so that an error of ours can count the good keys; the library's
	// error then means none.
	accepted, err := ev.Verify(context.Background(), env)
	if err != nil {
		return nil, nil, explainSignature(env, known)
	}
	sigs := &Signatures{}
	good := map[dsse.Signature]bool{}
	for _, a := range accepted {
		sigs.Verified = append(sigs.Verified, a.KeyID)
		good[a.Sig] = true
	}
	for _, s := range env.Signatures {
		if !good[s] {
			sigs.Unverified = append(sigs.Unverified, s.KeyID)
		}
	}
	if len(sigs.Verified) < threshold {
		return nil, nil, fmt.Errorf("%w: %d of the %d that are needed", ErrThreshold, len(sigs.Verified), threshold)
	}
	return payload, sigs, nil
}

// explainSignature tells an altered content from another key's signature.
func explainSignature(env *dsse.Envelope, known map[string]dsse.Verifier) error {
	for _, s := range env.Signatures {
		if known[s.KeyID] != nil {
			return fmt.Errorf("%w: the signature of key %s doesn't fit the content, which was altered after signing",
				ErrSignature, s.KeyID)
		}
	}
	return fmt.Errorf("%w: it was signed with other keys; ask who issued it for the public key", ErrSignature)
}

// parseEnvelope reads an envelope in the one form that Sign writes, except for white space.
func parseEnvelope(data []byte) (*dsse.Envelope, []byte, error) {
	if len(data) > MaxSize {
		return nil, nil, fmt.Errorf("%w: larger than %d bytes", ErrMalformed, MaxSize)
	}
	var env dsse.Envelope
	if err := decodeStrict(data, &env); err != nil {
		return nil, nil, err
	}
	if env.PayloadType != PayloadType {
		return nil, nil, fmt.Errorf("%w: payloadType is not %s", ErrVersion, PayloadType)
	}
	if len(env.Signatures) == 0 {
		return nil, nil, fmt.Errorf("%w: it has no signature at all", ErrSignature)
	}
	for i, s := range env.Signatures {
		if _, err := unbase64(s.Sig); err != nil {
			return nil, nil, fmt.Errorf("%w: signatures[%d].sig is not base64", ErrMalformed, i)
		}
	}
	payload, err := unbase64(env.Payload)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: payload is not base64", ErrMalformed)
	}
	return &env, payload, nil
}

// unbase64 accepts one spelling per value: the decoder itself also accepts line breaks and loose
// trailing bits.
func unbase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, err
	}
	if base64.StdEncoding.EncodeToString(b) != s {
		return nil, errors.New("not in the standard form")
	}
	return b, nil
}

// parseStatement parses signed bytes as a statement of that predicate type. It checks the type
// first, to distinguish a later version from a broken statement.
func parseStatement(payload []byte, predicateType string, v any) error {
	is, err := typeOf(payload)
	if err != nil {
		return err
	}
	if is != predicateType {
		return fmt.Errorf("%w: use a newer version of this program, or the verb for that type of statement", ErrVersion)
	}
	return decodeStrict(payload, v)
}
