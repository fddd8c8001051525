package plan

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Version is the version of the plan's format.
const Version = 1

// Encode returns the plan in its canonical form: indented JSON in a fixed field order, with a line
// feed at the end.
func (p *Plan) Encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(p); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return b.Bytes(), nil
}

// ErrNotCanonical is returned by Decode for a plan not written by Encode.
var ErrNotCanonical = errors.New("plan: invalid plan: not in its canonical form, so changed after it was written: build it again")

// Decode reads a plan from its canonical form. It refuses anything else, so the run has the
// reviewed plan, byte for byte. It also refuses a plan that Build doesn't make (see
// [Plan.Validate]).
func Decode(data []byte) (*Plan, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrInvalid, MaxSize)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var p Plan
	if err := d.Decode(&p); err != nil {
		return nil, fmt.Errorf("plan: not a plan: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrNotCanonical
	}
	if p.Version != Version {
		return nil, fmt.Errorf("plan: unknown version %d: this release reads version %d", p.Version, Version)
	}
	again, err := p.Encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, data) {
		return nil, ErrNotCanonical
	}
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return &p, nil
}

// Digest is the SHA-256, in hex, of the plan's canonical form: what a reviewer
// approves.
func (p *Plan) Digest() string {
	data, err := p.Encode()
	if err != nil {
		panic("plan: a plan is always encodable: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
