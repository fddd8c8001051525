package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/expungedb/expunge/erase/ledger/record"
)

// abandoned is the age above which Expire takes a file being written for a dead process's.
const abandoned = 24 * time.Hour

// Expire removes the entries that no backup needs any more: their run was committed, and at now the
// last backup that can hold the erased data has expired. It needs no identity. It keeps an entry
// without a declared backup, and one whose run isn't known to have ended: run it again to end it,
// or Forget it if a restore has removed it from the journal. An entry missing before its time is an
// error (ErrDamaged).
//
// dropped counts the removed entries, also when some files gave an error.
func (l *Ledger) Expire(now time.Time) (dropped int, err error) {
	list, lost, problems, err := l.listFiles()
	if err != nil {
		return 0, fmt.Errorf("the ledger: %w", err)
	}
	for _, f := range lost {
		if !isExpired(f.mark, now) {
			problems = append(problems, f.lostError())
		}
	}
	for _, f := range list {
		if f.mark == nil || f.Until.IsZero() && f.mark.Until.IsZero() || !now.After(f.Until) || !now.After(f.mark.Until) {
			continue
		}
		if err := l.dropEntry(f.name); err != nil {
			problems = append(problems, err)
			continue
		}
		dropped++
	}
	problems = append(problems, l.removeTemps(now), l.syncDir())
	if err := errors.Join(problems...); err != nil {
		return dropped, fmt.Errorf("the ledger: %w", err)
	}
	return dropped, nil
}

// isExpired reports whether the last backup that can hold the erased data has expired.
func isExpired(m *record.Mark, now time.Time) bool { return !m.Until.IsZero() && now.After(m.Until) }

// Forget removes the entry of a run before its time, for example of a run without an end, as a
// Reader returns it. A run without an entry is no error.
func (l *Ledger) Forget(run record.Run) error {
	if err := errors.Join(l.dropEntry(l.name(run)), l.syncDir()); err != nil {
		return fmt.Errorf("the ledger: %w", err)
	}
	return nil
}

// dropEntry removes the files of a run, the one with the subjects first.
func (l *Ledger) dropEntry(name string) error {
	for _, suffix := range []string{entrySuffix, markSuffix} {
		if err := os.Remove(l.path(name + suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		l.point("dropped" + suffix)
	}
	return nil
}

// removeTemps removes the files of dead processes: half-written files, and marks without an entry.
func (l *Ledger) removeTemps(now time.Time) error {
	files, err := os.ReadDir(l.dir)
	if err != nil {
		return err
	}
	var problems []error
	for _, f := range files {
		info, err := f.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue // removed meanwhile, or not ours
		}
		gone := strings.HasPrefix(f.Name(), tempPrefix) && now.Sub(info.ModTime()) > abandoned
		if name, isMark := strings.CutSuffix(f.Name(), markSuffix); isMark && nameOf.MatchString(f.Name()) {
			m, broken := l.readMark(f.Name())
			gone = !l.exists(name+entrySuffix) && broken == nil && m != nil && isExpired(m, now)
		}
		if !gone {
			continue
		}
		if err := os.Remove(l.path(f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}
