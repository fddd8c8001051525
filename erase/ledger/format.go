package ledger

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/expungedb/expunge/erase/ledger/record"
)

// The first lines of the files, and the last one of an entry.
const (
	family      = "expunge-ledger/"
	saltMagic   = family + "v1 salt\n"
	entryMagic  = family + "v1 entry\n"
	markMagic   = family + "v1 committed\n"
	entryFooter = "\nexpunge-ledger end\n"
)

// The maximum sizes, in bytes, of parts of a file: a larger one isn't a ledger's.
const (
	mostLine    = 4 << 10
	mostHeader  = 64 << 20 // a plan of ten thousand tables
	mostSubject = 1 << 20
)

// preamble is the unencrypted part of an entry, for sorting and expiry.
type preamble struct {
	Written time.Time `json:"written"`
	Until   time.Time `json:"until,omitzero"`
}

// readLine reads the next line without its line feed. It returns ErrDamaged for a line of excessive
// length, and ErrTruncated for one without an end.
func readLine(r *bufio.Reader) ([]byte, error) {
	var out []byte
	for {
		b, err := r.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return nil, ErrTruncated
		case err != nil:
			return nil, err
		case b == '\n':
			return out, nil
		case len(out) == mostLine:
			return nil, ErrDamaged
		}
		out = append(out, b)
	}
}

// expectMagic reads a file's first line.
func expectMagic(r *bufio.Reader, magic string) error {
	var got []byte
	for len(got) < len(magic) {
		b, err := r.ReadByte()
		if errors.Is(err, io.EOF) {
			if strings.HasPrefix(magic, string(got)) {
				return ErrTruncated
			}
			return ErrForeign
		}
		if err != nil {
			return err
		}
		got = append(got, b)
		if b == '\n' {
			break
		}
	}
	switch {
	case string(got) == magic:
		return nil
	case bytes.HasPrefix(got, []byte(family)):
		return ErrVersion
	}
	return ErrForeign
}

// readDocument reads one line of JSON, strictly.
func readDocument(r *bufio.Reader, into any) error {
	text, err := readLine(r)
	if err != nil {
		return err
	}
	return unmarshalStrict(text, into)
}

func unmarshalStrict(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(into) != nil {
		return ErrDamaged
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return ErrDamaged
	}
	return nil
}

// readPreamble reads an entry up to its age file, and returns the number of bytes read.
func readPreamble(r *bufio.Reader) (preamble, int64, error) {
	var p preamble
	if err := expectMagic(r, entryMagic); err != nil {
		return p, 0, err
	}
	text, err := readLine(r)
	if err != nil {
		return p, 0, err
	}
	if err := unmarshalStrict(text, &p); err != nil {
		return p, 0, err
	}
	again, err := json.Marshal(p)
	if err != nil || p.Written.IsZero() || !bytes.Equal(again, text) {
		return p, 0, ErrDamaged // every alteration must show, even of a space
	}
	return p, int64(len(entryMagic) + len(text) + 1), nil
}

// readMark reads a run's mark.
func readMark(r *bufio.Reader) (*record.Mark, error) {
	var m record.Mark
	if err := expectMagic(r, markMagic); err != nil {
		return nil, err
	}
	if err := readDocument(r, &m); err != nil {
		return nil, err
	}
	if _, err := r.ReadByte(); !errors.Is(err, io.EOF) || m.Validate() != nil {
		return nil, ErrDamaged
	}
	return &m, nil
}

// appendFrame writes one frame.
func appendFrame(w *bufio.Writer, data []byte) error {
	if _, err := w.Write(binary.BigEndian.AppendUint32(nil, uint32(len(data)))); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

// readFrame reads the next frame: io.EOF at the end, ErrDamaged where it is longer than most or
// than the rest.
func readFrame(r io.Reader, most uint32) ([]byte, error) {
	var length [4]byte
	switch _, err := io.ReadFull(r, length[:]); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, ErrDamaged
	case err != nil:
		return nil, err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > most {
		return nil, ErrDamaged
	}
	// Copied, not read into a buffer of that size: the actual content decides how much memory is
	// used, not the frame's length.
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, int64(n)); errors.Is(err, io.EOF) {
		return nil, ErrDamaged
	} else if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// readHeader reads an entry's first frame.
func readHeader(r io.Reader) (*record.Header, error) {
	data, err := readFrame(r, mostHeader)
	if errors.Is(err, io.EOF) {
		return nil, ErrDamaged
	}
	if err != nil {
		return nil, err
	}
	var h record.Header
	if err := unmarshalStrict(data, &h); err != nil {
		return nil, err
	}
	if h.Validate() != nil {
		return nil, ErrDamaged
	}
	return &h, nil
}
