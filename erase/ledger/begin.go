package ledger

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"

	"filippo.io/age"
	"github.com/expungedb/expunge/erase/ledger/record"
)

// Begin writes the entry of a run, and returns when it is on the disk. It encrypts subjects one by
// one. If the run is resumed, it keeps the existing entry and doesn't read subjects.
//
// It returns ErrNoRecipient if the ledger was opened for reading, and a *FileError if the run's
// entry is damaged.
func (l *Ledger) Begin(ctx context.Context, h record.Header, subjects iter.Seq2[string, error]) error {
	if len(l.recipients) == 0 {
		return ErrNoRecipient
	}
	if err := h.Validate(); err != nil {
		return fmt.Errorf("the ledger's entry: %w", err)
	}
	name := l.name(h.Run()) + entrySuffix
	err := l.checkIntact(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = l.addFile(name, func(w *bufio.Writer) error { return l.encryptEntry(ctx, w, h, subjects) })
		if err == nil {
			return nil
		}
		if errors.Is(err, fs.ErrExist) {
			err = nil // another process was first
		}
	}
	if err != nil {
		return fmt.Errorf("the ledger: %w", err)
	}
	// The process that wrote it may have died before the directory was synced.
	return l.syncDir()
}

// checkIntact checks an entry as far as possible without an identity.
func (l *Ledger) checkIntact(name string) error {
	f, err := os.Open(l.path(name))
	if err != nil {
		return err
	}
	defer f.Close()
	if _, _, err := entryBody(f); err != nil {
		return &FileError{name, err}
	}
	return nil
}

// encryptEntry writes an entry's file.
func (l *Ledger) encryptEntry(ctx context.Context, w *bufio.Writer, h record.Header, subjects iter.Seq2[string, error]) error {
	shown, err := json.Marshal(preamble{Written: h.Written, Until: h.Until})
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", entryMagic, shown); err != nil {
		return err
	}
	sealed, err := age.Encrypt(w, l.recipients...)
	if err != nil {
		return fmt.Errorf("encrypting an entry: %w", err)
	}
	frames := bufio.NewWriterSize(sealed, 64<<10)
	header, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if len(header) > mostHeader {
		return errors.New("the plan is too large for an entry")
	}
	if err := appendFrame(frames, header); err != nil {
		return err
	}
	n := 0
	if subjects != nil {
		for s, err := range subjects {
			n++
			switch {
			case err != nil:
				return err
			case ctx.Err() != nil:
				return ctx.Err()
			case len(s) > mostSubject:
				return fmt.Errorf("the key of subject %d is too large for an entry", n)
			}
			if err := appendFrame(frames, []byte(s)); err != nil {
				return err
			}
			if n == 1 {
				l.point("streaming")
			}
		}
	}
	if err := errors.Join(frames.Flush(), sealed.Close()); err != nil {
		return err
	}
	_, err = w.WriteString(entryFooter)
	return err
}

// Committed marks a run as committed and signed; a run without an entry needs no mark. It keeps the
// later of two marks: if one backup is restored twice, both copies complete a replay, or a run that
// the backup interrupted.
func (l *Ledger) Committed(ctx context.Context, run record.Run, m record.Mark) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("the ledger's mark: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := os.Stat(l.path(l.name(run) + entrySuffix)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	name := l.name(run) + markSuffix
	old, err := l.readMark(name)
	if err == nil && old != nil && !old.Closed.Before(m.Closed) {
		return l.syncDir()
	}
	var damaged *FileError
	if err != nil && !errors.As(err, &damaged) { // a damaged one is replaced
		return fmt.Errorf("the ledger: %w", err)
	}
	doc, err := json.Marshal(m)
	if err != nil {
		return err
	}
	err = l.replaceFile(name, func(w *bufio.Writer) error {
		_, err := fmt.Fprintf(w, "%s%s\n", markMagic, doc)
		return err
	})
	if err != nil {
		return fmt.Errorf("the ledger: %w", err)
	}
	return nil
}

// readMark reads a mark; nil without one.
func (l *Ledger) readMark(name string) (*record.Mark, error) {
	f, err := os.Open(l.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := readMark(bufio.NewReader(f))
	if err != nil {
		return nil, &FileError{name, err}
	}
	return m, nil
}
