package erase

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode"

	"github.com/expungedb/expunge/dialect"
	"golang.org/x/text/unicode/norm"
)

// subjectMark tells, to who holds its key, whether a run is repeated with its own
// subjects. It is in the run's row. Without the key it says nothing about anybody.
type subjectMark struct {
	Key   string `json:"key"`   // tells the key from others
	Rows  string `json:"rows"`  // over the subjects' keys
	Given string `json:"given"` // over what was given: an identifier names nobody any more when its row is deleted
}

// subjectSet is the subjects of a run in no order, each once.
type subjectSet struct{ rows, given []digest }

type digest [16]byte

// addSubject notes a subject, and its key where it is known.
func (s *subjectSet) addSubject(given subject, key dialect.Key, columns []*dialect.Column, t *dialect.Table) {
	if given.key != nil {
		s.given = append(s.given, digestOf("key", foldKey(given.key, columns)))
	} else {
		column := t.Column(given.column)
		s.given = append(s.given, digestOf(given.column, foldKey(dialect.Key{given.identifier}, []*dialect.Column{column})))
	}
	if key != nil {
		s.rows = append(s.rows, digestOf("key", foldKey(key, columns)))
	}
}

func digestOf(what, value string) digest {
	sum := sha256.Sum256([]byte(what + "\x00" + value))
	return digest(sum[:])
}

// foldKey writes a key so that values which its columns compare as equal are written
// alike. Some that a column tells apart are written alike, too: none that a person would.
func foldKey(key dialect.Key, columns []*dialect.Column) string {
	folded := make(dialect.Key, len(key))
	for i, v := range key {
		folded[i] = foldValue(v, columns[i])
	}
	return dialect.EncodeKey(folded)
}

func foldValue(v dialect.Value, c *dialect.Column) dialect.Value {
	s, ok := v.(string)
	if !ok {
		return v
	}
	switch c.Kind {
	case dialect.Decimal:
		if n, ok := new(big.Rat).SetString(s); ok {
			return n.RatString()
		}
		return s
	case dialect.Text:
	default:
		return s
	}
	if c.FoldsAccents {
		s = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			return r
		}, norm.NFKD.String(s))
	}
	if c.FoldsCase || c.FoldsAccents {
		s = strings.ToLower(strings.ToUpper(s))
	}
	if c.FoldsCase || c.FoldsAccents || c.Fixed || paddedCollation(c.Collation) {
		s = strings.TrimRight(s, " ")
	}
	return s
}

// paddedCollation reports whether blanks at a value's end may not count. PostgreSQL's and
// SQLite's own collations have them count.
func paddedCollation(name string) bool {
	switch strings.ToLower(name) {
	case "", "binary", "nocase", "default", "c", "posix", "ucs_basic":
		return false
	}
	return true
}

// listMark is the digest of a list under a key.
func (s *subjectSet) listMark(key []byte, run, what string, list []digest) string {
	slices.SortFunc(list, func(a, b digest) int { return cmp.Compare(string(a[:]), string(b[:])) })
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "expunge-subjects/v1\x00%s\x00%s\x00", what, run)
	for _, d := range slices.Compact(list) {
		mac.Write(d[:])
	}
	return hex.EncodeToString(mac.Sum(nil))
}

func (s *subjectSet) marksUnder(key []byte, run string) subjectMark {
	return subjectMark{Key: markKeyID(key, run), Rows: s.listMark(key, run, "rows", s.rows), Given: s.listMark(key, run, "given", s.given)}
}

// markKeyID tells a key from others. It reveals nothing of the key, which is random.
func markKeyID(key []byte, run string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("expunge-subjects-key/v1\x00" + run))
	return hex.EncodeToString(mac.Sum(nil))
}

// markKeys are the keys that the caller holds: that of the row commitments, the secret, and what the
// signers' signatures of one text give, of those that sign a text always alike (Ed25519).
func (e *executor) markKeys(ctx context.Context) [][]byte {
	var keys [][]byte
	derive := func(from []byte) {
		mac := hmac.New(sha256.New, from)
		mac.Write([]byte("expunge-subjects-derived/v1"))
		keys = append(keys, mac.Sum(nil))
	}
	if e.makesCommitments() {
		derive(e.Commitments.Key)
	}
	if !e.Secret.IsZero() {
		keys = append(keys, e.Secret.Derive("expunge-subjects/v1"))
	}
	text := []byte("expunge-subjects/v1\x00" + e.RunID)
	for _, s := range e.Signers {
		first, err := s.Sign(ctx, text)
		if err != nil {
			continue // what it can't sign now it may when the receipt is signed
		}
		if second, err := s.Sign(ctx, text); err == nil && string(first) == string(second) {
			derive(first)
		}
	}
	return keys
}

// encodeMarks writes the marks of a run that begins.
func (e *executor) encodeMarks(ctx context.Context, s *subjectSet) string {
	var marks []subjectMark
	for _, k := range e.markKeys(ctx) {
		marks = append(marks, s.marksUnder(k, e.RunID))
	}
	if marks == nil {
		return ""
	}
	doc, _ := json.Marshal(marks) // strings can't fail
	return string(doc)
}

// What a mark tells of the subjects that are given now.
type likeness int

const (
	unknownSubjects likeness = iota // no key is held, or an identifier names nobody any more
	otherSubjects
	sameSubjects
	sameTexts // an identifier among them may be another person's by now
)

// compareSubjects holds the subjects against the marks, by a key that the caller holds.
func (e *executor) compareSubjects(ctx context.Context, row *runRow, c *subjectCounts) (likeness, error) {
	var marks []subjectMark
	if row.Marks != "" {
		if err := json.Unmarshal([]byte(row.Marks), &marks); err != nil {
			return unknownSubjects, fmt.Errorf("the journal's row of the run is damaged")
		}
	}
	for _, k := range e.markKeys(ctx) {
		id := markKeyID(k, e.RunID)
		i := slices.IndexFunc(marks, func(m subjectMark) bool { return m.Key == id })
		if i < 0 {
			continue
		}
		switch now := c.set.marksUnder(k, e.RunID); {
		case c.unnamed == 0 && now.Rows == marks[i].Rows:
			return sameSubjects, nil
		case now.Given == marks[i].Given:
			return sameTexts, nil
		case c.unnamed > 0 && c.matchesCount(row.Subjects):
			return unknownSubjects, fmt.Errorf("%w: an identifier that is given names no row any more, and the others aren't all of its subjects: write each subject as when the run was begun", ErrRunDiffers)
		}
		return otherSubjects, nil
	}
	return unknownSubjects, nil
}
