package dialecttest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// bulkSizes writes rows of random sizes by keys of every shape, in random parts, and reads the
// whole table. Written rows have exactly their new values, the others their old ones.
func (s *suite) bulkSizes(t *testing.T) {
	s.runSub(t, "many parts", func(s *suite, t *testing.T) {
		env := s.OpenSmall(t)
		for _, k := range bulkKeys {
			s.runSub(t, k.name, func(s *suite, t *testing.T) {
				env.Exec(t, s.DDL(k.table("many_"+k.columns[0].Name))...)
				for seed := range uint64(8) {
					s.writeSizes(t, env, k, "many_"+k.columns[0].Name, seed, 600<<10)
				}
			})
		}
	})
	s.runSub(t, "several megabytes", func(s *suite, t *testing.T) {
		env := s.Open(t)
		k := bulkKeys[0]
		env.Exec(t, s.DDL(k.table("large"))...)
		s.writeSizes(t, env, k, "large", 0, 5<<20)
	})
}

// bulkKey is a shape of key.
type bulkKey struct {
	name    string
	columns []Column
	// make returns a row's key. Keys have common prefixes: a truncated key would equal another
	// row's.
	make func(row int) []dialect.Value
}

var bulkKeys = []bulkKey{
	{"text key", []Column{{Name: "code", Type: text(200), NotNull: true}}, func(row int) []dialect.Value {
		return []dialect.Value{prefixedText(row)}
	}},
	{"binary key", []Column{{Name: "digest", Type: Type{Kind: dialect.Bytes, Length: 200}, NotNull: true}}, func(row int) []dialect.Value {
		return []dialect.Value{[]byte(prefixedText(row))}
	}},
	{"composite key", []Column{{Name: "tenant", Type: intType, NotNull: true}, {Name: "code", Type: text(200), NotNull: true}}, func(row int) []dialect.Value {
		return []dialect.Value{int64(row % 2), prefixedText(row)}
	}},
}

// prefixedText is a text that begins with those of all smaller rows.
func prefixedText(row int) string { return strings.Repeat("k", row+1) }

func (k bulkKey) table(name string) Table {
	return Table{Name: name, Primary: k.names(), Columns: append(slices.Clone(k.columns),
		Column{Name: "body", Type: longText}, Column{Name: "photo", Type: blob}, Column{Name: "title", Type: text(100)})}
}

func (k bulkKey) names() []string {
	var out []string
	for _, c := range k.columns {
		out = append(out, c.Name)
	}
	return out
}

// writeSizes gives about half of the table's rows new values, each of at most that many bytes.
func (s *suite) writeSizes(t *testing.T, env *Env, k bulkKey, name string, seed uint64, most int) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, uint64(most)))
	n := env.Name(name)
	set := []string{"body", "photo", "title"}
	all := slices.Concat(k.names(), set)
	b := dialect.BulkUpdate{Table: n, Key: k.names(), Set: set}
	want := map[string]dialect.Row{}
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		deleteRows(t, tx, dialect.Delete{Table: n})
		for i := range 2 + r.IntN(24) {
			key := k.make(i)
			old := append(slices.Clone(key), "old", []byte("old"), "old")
			insertRow(t, tx, n, all, old...)
			want[dialect.EncodeKey(key)] = old
			if r.IntN(2) == 0 || i == 0 {
				row := append(slices.Clone(key), sizedText(r, most), sizedBytes(r, most/2), sizedText(r, 100/4))
				b.Rows = append(b.Rows, row)
				want[dialect.EncodeKey(key)] = row
			}
		}
	})
	r.Shuffle(len(b.Rows), func(i, j int) { b.Rows[i], b.Rows[j] = b.Rows[j], b.Rows[i] })
	inWriteTx(t, env.DB, func(tx dialect.Tx) {
		if found, err := tx.BulkUpdate(contextFor(t), b); err != nil || found != int64(len(b.Rows)) {
			t.Fatalf("seed %d: overwrote %d of %d rows: %v", seed, found, len(b.Rows), err)
		}
	})
	inReadTx(t, env.DB, func(tx dialect.Tx) {
		rows := 0
		for got, err := range tx.Query(contextFor(t), dialect.Select{Table: n, Columns: all}) {
			if err != nil {
				t.Fatal(err)
			}
			rows++
			expected := want[dialect.EncodeKey(got[:len(b.Key)])]
			for i := range expected {
				if !sameBytes(expected[i], got[i]) {
					t.Errorf("seed %d: column %s has %s, want %s", seed, all[i], describeSize(got[i]), describeSize(expected[i]))
				}
			}
		}
		if rows != len(want) {
			t.Errorf("seed %d: %d rows are there, want %d", seed, rows, len(want))
		}
	})
}

func sameBytes(a, b dialect.Value) bool {
	x, ok1 := dialect.TextOf(a)
	y, ok2 := dialect.TextOf(b)
	return ok1 == ok2 && x == y
}

func describeSize(v dialect.Value) string {
	s, ok := dialect.TextOf(v)
	if !ok {
		return "NULL"
	}
	return fmt.Sprintf("%d bytes", len(s))
}

// randomSize is the length of a value: often short, at times the maximum, and at times near the
// length at which an engine passes a text in another type.
func randomSize(r *rand.Rand, most int) int {
	switch r.IntN(6) {
	case 0:
		return r.IntN(2)
	case 1:
		return min(3990+r.IntN(20), most)
	case 2:
		return r.IntN(most)
	case 3:
		return most
	}
	return r.IntN(min(200, most))
}

// sizedText is a text of at most that many bytes, or NULL.
func sizedText(r *rand.Rand, most int) dialect.Value {
	if r.IntN(8) == 0 {
		return nil
	}
	word := []string{"abcdefghij", "x", "aé", "日本", "😀", "a'b", "\\", `"`}[r.IntN(8)]
	if strings.ContainsAny(word, `'"\`) {
		most /= 4 // it is escaped, twice in places
	}
	return strings.Repeat(word, randomSize(r, most)/len(word))
}

func sizedBytes(r *rand.Rand, most int) dialect.Value {
	if r.IntN(8) == 0 {
		return nil
	}
	return bytes.Repeat([]byte{byte(r.Uint32()), 0, 0xff}, randomSize(r, most)/3)
}
