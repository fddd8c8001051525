package erase

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/closure"
	"github.com/expungedb/expunge/erase/internal/journal"
	"github.com/expungedb/expunge/internal/batch"
)

// resolvedSubject is a subject's key; nil for an identifier without a matching row (any more).
type resolvedSubject struct{ key dialect.Key }

// resolveSubjects yields each subject of the source once, by its key, and calls note for each given
// one. In a continued run an identifier may have been deleted with its row; otherwise it must match
// exactly one row.
func (r *reader) resolveSubjects(ctx context.Context, continued bool, note func(subject, dialect.Key)) iter.Seq2[resolvedSubject, error] {
	t := r.schema.Table(r.plan.Subject.Table)
	return func(yield func(resolvedSubject, error) bool) {
		seen := keySet{}
		for s, err := range r.inStoredForms(ctx, parseSubjects(r.Subjects, r.plan.Subject, t)) {
			key := s.key
			if err == nil && key == nil {
				key, err = r.lookUpIdentifier(ctx, s, continued)
			}
			if err != nil {
				yield(resolvedSubject{}, err)
				return
			}
			if note != nil {
				note(s, key)
			}
			if key != nil && !seen.insert(key) {
				continue
			}
			if !yield(resolvedSubject{key}, nil) {
				return
			}
		}
	}
}

// keySet is a set of keys, by their hashes: a million take some 40 MB.
type keySet map[[16]byte]struct{}

// insert reports whether the key is new.
func (d keySet) insert(k dialect.Key) bool {
	sum := sha256.Sum256([]byte(dialect.EncodeKey(k)))
	n := len(d)
	d[[16]byte(sum[:16])] = struct{}{}
	return len(d) > n
}

// resolvedKeys yields the keys for batches, each row's once. If a key has several spellings (capitals,
// leading zeros), it yields the stored one, and absent keys as given. Otherwise a subject given twice
// would be overwritten twice.
func (r *run) resolvedKeys(ctx context.Context, continued bool) iter.Seq2[dialect.Key, error] {
	t, columns := r.schema.Table(r.plan.Subject.Table), r.plan.Subject.Key
	oneWay := !slices.ContainsFunc(columns, func(c string) bool { k := t.Column(c).Kind; return k != dialect.Int && k != dialect.UUID })
	n := chunk
	if oneWay {
		n = 1
	}
	return func(yield func(dialect.Key, error) bool) {
		var unnamed int64
		seen := keySet{}
		for given, err := range r.keyChunks(ctx, continued, n, &unnamed, nil) {
			if err == nil && !oneWay {
				given, err = r.asStored(ctx, given)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, key := range given {
				if (oneWay || seen.insert(key)) && !r.deleted.Contains(key) && !yield(key, nil) {
					return
				}
			}
		}
	}
}

// asStored reads the stored keys of the rows with one of the given keys.
func (r *reader) asStored(ctx context.Context, given []dialect.Key) (stored []dialect.Key, err error) {
	s := r.plan.Subject
	err = batch.Retry(ctx, r.backoff(), isRetryable, func(int) error {
		stored = nil
		return r.inReadTx(ctx, func(tx dialect.Reader) error {
			for key, err := range tx.Query(ctx, dialect.Select{
				Table: s.Table, Columns: s.Key, Where: []dialect.Cond{dialect.In{Columns: s.Key, Keys: given}}, Order: s.Key,
			}) {
				if err != nil {
					return err
				}
				stored = append(stored, key)
			}
			if err := closure.CheckRoots(s.Table, int64(len(stored)), len(given)); err != nil {
				return err
			}
			absent, err := r.absentOf(ctx, tx, given, stored)
			stored = append(stored, absent...)
			return err
		})
	})
	return stored, err
}

// absentOf are the given keys without a row in any spelling.
func (r *reader) absentOf(ctx context.Context, tx dialect.Reader, given, stored []dialect.Key) ([]dialect.Key, error) {
	s := r.plan.Subject
	same := map[string]bool{}
	for _, key := range stored {
		same[dialect.EncodeKey(key)] = true
	}
	rest := slices.DeleteFunc(slices.Clone(given), func(key dialect.Key) bool { return same[dialect.EncodeKey(key)] })
	if len(stored) == 0 {
		return rest, nil
	}
	var absent []dialect.Key
	for _, key := range rest {
		n, err := tx.Count(ctx, s.Table, []dialect.Cond{dialect.In{Columns: s.Key, Keys: []dialect.Key{key}}})
		if err != nil {
			return nil, err
		}
		if n == 0 {
			absent = append(absent, key)
		}
	}
	return absent, nil
}

// lookUpIdentifier finds the one row with an identifier.
func (r *reader) lookUpIdentifier(ctx context.Context, s subject, continued bool) (dialect.Key, error) {
	var keys []dialect.Key
	err := r.inReadTx(ctx, func(tx dialect.Reader) error {
		for key, err := range tx.Query(ctx, dialect.Select{
			Table: r.plan.Subject.Table, Columns: r.plan.Subject.Key, Limit: 2,
			Where: []dialect.Cond{dialect.In{Columns: []string{s.column}, Keys: r.identifierForms(s)}},
		}) {
			if err != nil {
				return err
			}
			keys = append(keys, key)
		}
		return nil
	})
	switch {
	case dialect.ClassOf(err) == dialect.DoesNotFit:
		return nil, fmt.Errorf("%w: number %d: value doesn't match the type of column %s: %w", ErrBadSubject, s.number, s.column, err)
	case err != nil:
		return nil, err
	case len(keys) > 1:
		return nil, fmt.Errorf("%w: subject %d: several rows have that %s: give the subject's key", ErrNoSuchSubject, s.number, s.column)
	case len(keys) == 0 && continued:
		return nil, nil
	case len(keys) == 0:
		return nil, fmt.Errorf("%w: subject %d: no row has that %s", ErrNoSuchSubject, s.number, s.column)
	}
	if r.Resolved != nil {
		r.Resolved(fmt.Sprintf("subject %d", s.number), keys[0])
	}
	return keys[0], nil
}

// chunk is the number of subjects searched at a time.
const chunk = 1000

// subjectCounts counts the given subjects: those with a known key, those with an identifier no longer
// in any row, and those with a row.
type subjectCounts struct {
	named, unnamed, present int64
	set                     journal.Subjects
}

// matchesCount reports whether these can be the n subjects of a run's start: an unmatched identifier
// may be a second name of another given subject.
func (c subjectCounts) matchesCount(n int64) bool { return c.named <= n && n <= c.named+c.unnamed }

func (r *reader) countSubjects(ctx context.Context, continued bool) (c subjectCounts, err error) {
	t, columns := r.schema.Table(r.plan.Subject.Table), r.keyColumns()
	note := func(given subject, key dialect.Key) {
		if given.key != nil {
			c.set.AddKey(given.key, columns)
		} else {
			c.set.AddIdentifier(t.Column(given.column), given.identifier)
		}
		if key != nil {
			c.set.AddRow(key, columns)
		}
	}
	for keys, err := range r.keyChunks(ctx, continued, chunk, &c.unnamed, note) {
		if err != nil {
			return c, err
		}
		n, err := r.countRoots(ctx, keys)
		if dialect.ClassOf(err) == dialect.DoesNotFit {
			return c, fmt.Errorf("%w: a value doesn't match the type of column %s: %w", ErrBadSubject, strings.Join(r.plan.Subject.Key, ", "), err)
		}
		if err != nil {
			return c, err
		}
		c.named += int64(len(keys))
		c.present += n
	}
	return c, nil
}

// keyChunks yields the subjects' keys, n at a time, and counts those without one.
func (r *reader) keyChunks(ctx context.Context, continued bool, n int, unnamed *int64, note func(subject, dialect.Key)) iter.Seq2[[]dialect.Key, error] {
	return func(yield func([]dialect.Key, error) bool) {
		var keys []dialect.Key
		for s, err := range r.resolveSubjects(ctx, continued, note) {
			if err != nil {
				yield(nil, err)
				return
			}
			if s.key == nil {
				*unnamed++
				continue
			}
			keys = append(keys, s.key)
			if len(keys) == n {
				if !yield(keys, nil) {
					return
				}
				keys = nil
			}
		}
		if len(keys) > 0 {
			yield(keys, nil)
		}
	}
}

// countRoots counts the rows of the subject table with one of the keys.
func (r *reader) countRoots(ctx context.Context, keys []dialect.Key) (n int64, err error) {
	err = r.inReadTx(ctx, func(tx dialect.Reader) error {
		n, err = tx.Count(ctx, r.plan.Subject.Table, []dialect.Cond{dialect.In{Columns: r.plan.Subject.Key, Keys: keys}})
		if err != nil {
			return err
		}
		return closure.CheckRoots(r.plan.Subject.Table, n, len(keys))
	})
	return n, err
}
