package ledger

import (
	"bufio"
	"errors"
	"io"
	"time"

	"github.com/expungedb/expunge/erase/ledger/record"
)

// SetPoint sets a function to be called with the name of each point that a change of the ledger
// passes.
func (l *Ledger) SetPoint(point func(name string)) { l.point = point }

// The parsers, for fuzzing.
var (
	ParseSalt = parseSalt

	ReadPreamble = func(r io.Reader) (int64, error) {
		_, n, err := readPreamble(bufio.NewReader(r))
		return n, err
	}
	ReadMark = func(r io.Reader) (*record.Mark, error) { return readMark(bufio.NewReader(r)) }
)

// ReadFrames reads the content of an entry's age file.
func ReadFrames(r io.Reader) (*record.Header, []string, error) {
	frames := bufio.NewReader(r)
	h, err := readHeader(frames)
	if err != nil {
		return nil, nil, err
	}
	var subjects []string
	for {
		s, err := readFrame(frames, mostSubject)
		if errors.Is(err, io.EOF) {
			return h, subjects, nil
		}
		if err != nil {
			return h, subjects, err
		}
		subjects = append(subjects, string(s))
	}
}

// WriteFrames writes it.
func WriteFrames(w io.Writer, header []byte, subjects ...string) error {
	b := bufio.NewWriter(w)
	if err := appendFrame(b, header); err != nil {
		return err
	}
	for _, s := range subjects {
		if err := appendFrame(b, []byte(s)); err != nil {
			return err
		}
	}
	return b.Flush()
}

// SetNow sets the ledger's clock.
func (l *Ledger) SetNow(now func() time.Time) { l.now = now }
