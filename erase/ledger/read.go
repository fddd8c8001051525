package ledger

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/expungedb/expunge/erase/ledger/record"
)

// Reader reads a ledger with the identities that open its entries. It is safe for concurrent use if
// they are.
type Reader struct {
	ledger     *Ledger
	identities []age.Identity
}

// Reader returns a reader with these identities. It opens each entry with the first that fits.
func (l *Ledger) Reader(identities ...age.Identity) *Reader { return &Reader{l, identities} }

// listed is the publicly readable part of an entry's files.
type listed struct {
	preamble
	name string // of the run's files, without suffix
	mark *record.Mark
}

// Entries yields the erasures that a backup of the moment since doesn't have: those that ended at
// that moment or later, and those not known to have ended, in the order of their beginning. The
// zero time yields all.
//
// For an unreadable file it yields a *FileError without an entry, and continues. It does the same
// for a mark without an entry, unless it has expired (ErrDamaged). An entry with a damaged mark
// counts as not known to have ended.
func (r *Reader) Entries(since time.Time) iter.Seq2[*record.Entry, error] {
	return func(yield func(*record.Entry, error) bool) {
		list, lost, problems, err := r.ledger.listFiles()
		if err != nil {
			yield(nil, fmt.Errorf("the ledger: %w", err))
			return
		}
		for _, f := range lost {
			if record.Concerns(f.mark, since) && !isExpired(f.mark, r.ledger.now()) {
				problems = append(problems, f.lostError())
			}
		}
		for _, err := range problems {
			if !yield(nil, err) {
				return
			}
		}
		for _, f := range list {
			if !record.Concerns(f.mark, since) {
				continue
			}
			e, err := r.readEntry(f)
			if errors.Is(err, fs.ErrNotExist) {
				continue // expired meanwhile
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// lostError is the error of a missing entry.
func (f *listed) lostError() error {
	return &FileError{f.name + entrySuffix, fmt.Errorf("%w: the entry is missing, and its mark is there", ErrDamaged)}
}

// listFiles reads the directory, sorted by time of writing. A lost entry has only a mark. Problems
// are of single files.
func (l *Ledger) listFiles() (list, lost []listed, problems []error, err error) {
	files, err := os.ReadDir(l.dir)
	if err != nil {
		return nil, nil, nil, err
	}
	marks := map[string]bool{} // without an entry
	for _, f := range files {
		if name, mark := strings.CutSuffix(f.Name(), markSuffix); mark {
			marks[name] = true
		}
	}
	for _, f := range files {
		name, ours := strings.CutSuffix(f.Name(), entrySuffix)
		switch {
		case f.Name() == saltFile || strings.HasPrefix(f.Name(), tempPrefix) && f.Type().IsRegular():
			continue
		case !nameOf.MatchString(f.Name()) || !f.Type().IsRegular():
			problems = append(problems, &FileError{f.Name(), ErrForeign})
			continue
		case !ours:
			continue // a mark, read with its entry
		}
		delete(marks, name)
		found := listed{name: name}
		if found.preamble, err = l.readPreamble(f.Name()); err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				problems = append(problems, err)
			}
			continue
		}
		if found.mark, err = l.readMark(name + markSuffix); err != nil {
			problems = append(problems, err)
		}
		list = append(list, found)
	}
	for name := range marks {
		if !nameOf.MatchString(name + markSuffix) {
			continue // a foreign file, already a problem
		}
		// Expire removes an entry first and its mark next: the mark may be gone by now.
		switch m, err := l.readMark(name + markSuffix); {
		case err != nil:
			problems = append(problems, err)
		case m != nil && !l.exists(name+entrySuffix):
			lost = append(lost, listed{name: name, mark: m})
		}
	}
	slices.SortFunc(list, func(a, b listed) int { return cmp.Or(a.Written.Compare(b.Written), cmp.Compare(a.name, b.name)) })
	slices.SortFunc(lost, func(a, b listed) int { return cmp.Compare(a.name, b.name) })
	return list, lost, problems, nil
}

func (l *Ledger) exists(name string) bool {
	_, err := os.Stat(l.path(name))
	return !errors.Is(err, fs.ErrNotExist)
}

func (l *Ledger) readPreamble(name string) (preamble, error) {
	f, err := os.Open(l.path(name))
	if err != nil {
		return preamble{}, err
	}
	defer f.Close()
	p, _, err := readPreamble(bufio.NewReaderSize(f, 512))
	if err != nil {
		return p, &FileError{name, err}
	}
	return p, nil
}

// entryBody finds the age file within an entry's file.
func entryBody(f *os.File) (preamble, *io.SectionReader, error) {
	p, start, err := readPreamble(bufio.NewReaderSize(f, 512))
	if err != nil {
		return p, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return p, nil, err
	}
	end := info.Size() - int64(len(entryFooter))
	if end < start {
		return p, nil, ErrTruncated
	}
	footer := make([]byte, len(entryFooter))
	if _, err := f.ReadAt(footer, end); err != nil {
		return p, nil, err
	}
	if string(footer) != entryFooter {
		return p, nil, ErrTruncated
	}
	return p, io.NewSectionReader(f, start, end-start), nil
}

// readEntry reads an entry's header; the entry reads its subjects later.
func (r *Reader) readEntry(f listed) (*record.Entry, error) {
	h, done, _, err := r.openEntry(f.name)
	if err != nil {
		return nil, err
	}
	if err := done(); err != nil {
		return nil, err
	}
	return record.New(*h, f.mark, func() iter.Seq2[string, error] { return r.readSubjects(f.name) }), nil
}

// openEntry decrypts an entry up to its first subject. It returns a *FileError for a damaged file.
func (r *Reader) openEntry(name string) (h *record.Header, done func() error, frames *bufio.Reader, err error) {
	file := name + entrySuffix
	f, err := os.Open(r.ledger.path(file))
	if err != nil {
		return nil, nil, nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
			err = &FileError{file, err}
		}
	}()
	shown, sealed, err := entryBody(f)
	if err != nil {
		return nil, nil, nil, err
	}
	if len(r.identities) == 0 {
		return nil, nil, nil, ErrIdentity
	}
	plain, err := age.Decrypt(bufio.NewReader(sealed), r.identities...)
	if err != nil {
		var none *age.NoIdentityMatchError
		if errors.As(err, &none) {
			return nil, nil, nil, ErrIdentity
		}
		return nil, nil, nil, ErrDamaged
	}
	frames = bufio.NewReader(&authentic{plain})
	if h, err = readHeader(frames); err != nil {
		return nil, nil, nil, err
	}
	if r.ledger.name(h.Run()) != name || !h.Written.Equal(shown.Written) || !h.Until.Equal(shown.Until) {
		return nil, nil, nil, ErrDamaged
	}
	return h, f.Close, frames, nil
}

// readSubjects reads an entry's subjects.
func (r *Reader) readSubjects(name string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		_, done, frames, err := r.openEntry(name)
		if err != nil {
			yield("", err)
			return
		}
		defer done() //nolint:errcheck // it was only read
		for {
			s, err := readFrame(frames, mostSubject)
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield("", &FileError{name + entrySuffix, err})
				return
			}
			if !yield(string(s), nil) {
				return
			}
		}
	}
}

// authentic makes every failure of the decryption an ErrDamaged: the last line has shown that the
// file is complete.
type authentic struct{ r io.Reader }

func (a *authentic) Read(p []byte) (int, error) {
	n, err := a.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = ErrDamaged
	}
	return n, err
}
