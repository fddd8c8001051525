package erase

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
)

// keepsAnyClass reports whether the column stores a value in any given class, as SQLite does: for
// example text in a column declared for bytes.
func keepsAnyClass(db dialect.DB, c *dialect.Column) bool {
	return !c.Identity && slices.Contains(db.Oddities(c), dialect.Misfit)
}

// exactReals is the largest whole number up to which a real holds each one (IEEE 754, binary64). The
// nearest real of a larger one may be another row's key.
const exactReals = 1 << 53

// valueForms are the forms in which such a column may hold a value, the given one first.
func valueForms(v dialect.Value) []dialect.Value {
	forms := []dialect.Value{v}
	text, ok := dialect.TextOf(v)
	if !ok {
		return forms
	}
	if _, isBytes := v.([]byte); !isBytes {
		forms = append(forms, []byte(text))
	}
	if _, isText := v.(string); !isText && utf8.ValidString(text) {
		forms = append(forms, text)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text {
		if _, isInt := v.(int64); !isInt {
			forms = append(forms, n)
		}
		if n >= -exactReals && n <= exactReals {
			forms = append(forms, float64(n))
		}
	} else if f, err := strconv.ParseFloat(text, 64); err == nil && strconv.FormatFloat(f, 'g', -1, 64) == text {
		forms = append(forms, f)
	}
	return forms
}

// keyForms are the forms in which rows may hold a key, the given one first.
func keyForms(db dialect.DB, key dialect.Key, columns []*dialect.Column) []dialect.Key {
	forms := []dialect.Key{key}
	for i, c := range columns {
		if !keepsAnyClass(db, c) {
			continue
		}
		for _, k := range forms {
			for _, v := range valueForms(key[i])[1:] {
				other := slices.Clone(k)
				other[i] = v
				forms = append(forms, other)
			}
		}
	}
	return forms
}

// keyColumns are the columns of the subjects' key.
func (r *reader) keyColumns() []*dialect.Column {
	t := r.schema.Table(r.plan.Subject.Table)
	var columns []*dialect.Column
	for _, name := range r.plan.Subject.Key {
		columns = append(columns, t.Column(name))
	}
	return columns
}

// storedForms are the forms in which rows of the subject table may hold a key.
func (r *reader) storedForms(key dialect.Key) []dialect.Key {
	return keyForms(r.db, key, r.keyColumns())
}

// identifierForms are the forms in which rows may hold a subject's identifier.
func (r *reader) identifierForms(s subject) []dialect.Key {
	c := r.schema.Table(r.plan.Subject.Table).Column(s.column)
	return keyForms(r.db, dialect.Key{s.identifier}, []*dialect.Column{c})
}

// inStoredForms yields the subjects with their keys as stored, if the key's columns keep values of any
// class. A subject without a row keeps its key as given.
func (r *reader) inStoredForms(ctx context.Context, subjects iter.Seq2[subject, error]) iter.Seq2[subject, error] {
	if !slices.ContainsFunc(r.keyColumns(), func(c *dialect.Column) bool { return keepsAnyClass(r.db, c) }) {
		return subjects
	}
	return func(yield func(subject, error) bool) {
		var some []subject
		pass := func() bool {
			err := r.findStoredKeys(ctx, some)
			for _, s := range some {
				if !yield(s, err) || err != nil {
					return false
				}
			}
			some = some[:0]
			return true
		}
		for s, err := range subjects {
			if err != nil {
				if pass() {
					yield(s, err)
				}
				return
			}
			if some = append(some, s); len(some) == chunk && !pass() {
				return
			}
		}
		pass()
	}
}

// findStoredKeys sets the keys of the subjects to those of their rows. Two rows with keys differing in
// class alone are two subjects: a key for either is refused.
func (r *reader) findStoredKeys(ctx context.Context, subjects []subject) error {
	var forms []dialect.Key
	owner := map[string]string{} // form → the key as given
	for _, s := range subjects {
		if s.key == nil {
			continue
		}
		for _, form := range r.storedForms(s.key) {
			forms = append(forms, form)
			owner[dialect.EncodeKey(form)] = dialect.EncodeKey(s.key)
		}
	}
	if len(forms) == 0 {
		return nil
	}
	target := r.plan.Subject
	return r.inReadTx(ctx, func(tx dialect.Reader) error {
		stored := map[string][]dialect.Key{} // by the key as given
		for key, err := range tx.Query(ctx, dialect.Select{
			Table: target.Table, Columns: target.Key, Where: []dialect.Cond{dialect.In{Columns: target.Key, Keys: forms}},
		}) {
			if err != nil {
				return err
			}
			// A key found by a collation has no owner: it is compared with the key as given.
			given := owner[dialect.EncodeKey(key)]
			stored[given] = append(stored[given], key)
		}
		for i, s := range subjects {
			if s.key == nil {
				continue
			}
			found := stored[dialect.EncodeKey(s.key)]
			if len(found) == 0 {
				continue
			}
			n := int64(len(found))
			if len(stored[""]) > 0 {
				var err error
				if n, err = tx.Count(ctx, target.Table, []dialect.Cond{dialect.In{Columns: target.Key, Keys: r.storedForms(s.key)}}); err != nil {
					return err
				}
			}
			if n > 1 {
				return fmt.Errorf("%w: subject %d: several rows have that key, as text, bytes or a number: give an identifier of the subject, or store the keys alike", ErrNoSuchSubject, s.number)
			}
			subjects[i].key = found[0]
		}
		return nil
	})
}
