package journal

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/expungedb/expunge/dialect"
	"golang.org/x/text/unicode/norm"
)

// Mark compares the subjects of a run with the given ones. It is in the run's row.
// Without the key it says nothing about anybody.
type Mark struct {
	Key   string `json:"key"`   // tells the key from others, see MarkKeyID
	Rows  string `json:"rows"`  // over the subjects' keys
	Given string `json:"given"` // over what was given: an identifier names nobody any more when its row is deleted
}

// EncodeMarks writes marks as the run's row stores them.
func EncodeMarks(marks []Mark) string {
	if len(marks) == 0 {
		return ""
	}
	doc, _ := json.Marshal(marks) // strings can't fail
	return string(doc)
}

// DecodeMarks reads the marks of the run's subjects.
func (r *Run) DecodeMarks() (marks []Mark, err error) {
	if r.Marks == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(r.Marks), &marks); err != nil || len(marks) == 0 {
		return nil, errors.New("the journal's row of the run is damaged")
	}
	return marks, nil
}

// Subjects are the subjects of a run in no order, each once.
type Subjects struct{ rows, given []subjectDigest }

type subjectDigest [16]byte

// AddKey adds a subject given by its key.
func (s *Subjects) AddKey(key dialect.Key, columns []*dialect.Column) {
	s.given = append(s.given, digestSubject("key", foldKey(key, columns)))
}

// AddIdentifier adds a subject given by the value of another column.
func (s *Subjects) AddIdentifier(column *dialect.Column, value dialect.Value) {
	s.given = append(s.given, digestSubject(column.Name, foldKey(dialect.Key{value}, []*dialect.Column{column})))
}

// AddRow adds the key of a given subject.
func (s *Subjects) AddRow(key dialect.Key, columns []*dialect.Column) {
	s.rows = append(s.rows, digestSubject("key", foldKey(key, columns)))
}

func digestSubject(what, value string) subjectDigest {
	sum := sha256.Sum256([]byte(what + "\x00" + value))
	return subjectDigest(sum[:])
}

// Mark marks the subjects of a run under a key.
func (s *Subjects) Mark(key []byte, run string) Mark {
	return Mark{Key: MarkKeyID(key, run), Rows: digestList(key, run, "rows", s.rows), Given: digestList(key, run, "given", s.given)}
}

// digestList is the digest of a list under a key. It sorts the list.
func digestList(key []byte, run, what string, list []subjectDigest) string {
	slices.SortFunc(list, func(a, b subjectDigest) int { return cmp.Compare(string(a[:]), string(b[:])) })
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "expunge-subjects/v1\x00%s\x00%s\x00", what, run)
	for _, d := range slices.Compact(list) {
		mac.Write(d[:])
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// MarkKeyID tells a key from others. It reveals nothing of the key: keys are random.
func MarkKeyID(key []byte, run string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("expunge-subjects-key/v1\x00" + run))
	return hex.EncodeToString(mac.Sum(nil))
}

// foldKey writes two keys alike if the columns compare them as equal. It may also write
// alike what a column tells apart, but never what a person would tell apart.
func foldKey(key dialect.Key, columns []*dialect.Column) string {
	folded := make(dialect.Key, len(key))
	for i, v := range key {
		folded[i] = foldValue(v, columns[i])
	}
	return dialect.EncodeKey(folded)
}

func foldValue(v dialect.Value, c *dialect.Column) dialect.Value {
	s, ok := dialect.TextOf(v) // a value may be stored in another class than it was given in
	if !ok {
		return v
	}
	switch c.Kind {
	case dialect.Int:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
		return s
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
