package dialecttest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

// testValues writes values, reads them, searches for them, writes them with a BulkUpdate and reads
// them again: they must always be the same.
func (s *suite) testValues(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	cases := []struct {
		name   string
		typ    Type
		values []dialect.Value
		found  bool // can be searched for
	}{
		{"text", text(200), []dialect.Value{"", "NULL", "null", " leading", "trailing ", "  ", "a\tb\nc\rd", "it's", `"quoted"`, `back\slash`, `\`, "100%", "_", "{a,b}", "a,b;c", "$1 ? :x @y", "\x01\x02\x1f\x7f", "日本語", "😀 four bytes", "e\u0301", "<&>", "--", "/*", "0", "1e5", "true"}, true},
		{"text of 64 KiB", longText, []dialect.Value{strings.Repeat("0123456789abcde\n", 4096), strings.Repeat("é", 32768)}, false},
		{"integers", integer, []dialect.Value{int64(0), int64(-1), int64(9223372036854775807), int64(-9223372036854775808), int64(9007199254740993)}, true},
		{"small integers", smallint, []dialect.Value{int64(-32768), int64(32767)}, true},
		{"decimals", decimal, []dialect.Value{"0.01", "-1234567890.12", "9999999999.99", "0.1"}, true},
		{"decimals of 30 digits", Type{Kind: dialect.Decimal, Precision: 30, Scale: 10}, []dialect.Value{"12345678901234567890.1234567891", "-99999999999999999999.9999999999"}, true},
		{"floats", float, []dialect.Value{"0.1", "-1.5", "3.141592653589793", "1e+100", "2.2250738585072014e-308", "0.30000000000000004"}, true},
		{"booleans", boolean, []dialect.Value{"true", "false"}, true},
		{"dates", date, []dialect.Value{"0001-01-01", "1582-10-15", "1900-02-28", "2024-02-29", "9999-12-31"}, true},
		{"timestamps", timestamp, []dialect.Value{"1970-01-02 00:00:00", "1999-12-31 23:59:59.999999", "2024-03-31 02:30:00.000001", "9999-12-31 23:59:59"}, true},
		{"timestamps with zone", momentTZ, []dialect.Value{"1970-01-02 00:00:00+00", "2024-10-27 00:30:00.123456+00"}, true},
		{"uuids", uuid, []dialect.Value{"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-4fff-bfff-ffffffffffff", "0188a5eb-1111-7222-8333-444455556666"}, true},
		{"bytes", Type{Kind: dialect.Bytes, Length: 256}, []dialect.Value{[]byte{}, every, []byte("it's \\x00"), []byte{0}}, true},
		{"json", jsonType, []dialect.Value{"null", `{"a": [1, null, "x\"y"]}`, "[]", `"text"`, "true"}, false},
	}
	for _, c := range cases {
		s.runSub(t, c.name, func(s *suite, t *testing.T) {
			if s.Type(c.typ) == "" {
				t.Skipf("EXCUSED on %s: it has no column type for this", s.Engine)
			}
			env := s.openEnv(t, Table{Name: "holder", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "v", Type: c.typ}}, Primary: []string{"id"}})
			holder := env.Name("holder")
			vals := append(append([]dialect.Value(nil), c.values...), nil)
			inWriteTx(t, env.DB, func(tx dialect.Tx) {
				for i, v := range vals {
					insertRow(t, tx, holder, []string{"id", "v"}, int64(i), v)
				}
			})
			sel := dialect.Select{Table: holder, Columns: []string{"id", "v"}, Order: []string{"id"}}
			first := selectRows(t, env.DB, sel)
			for i, v := range vals {
				if !sameValue(c.typ.Kind, v, first[i][1]) {
					t.Errorf("value %d was written as %.80q and read as %.80q", i, fmt.Sprint(v), fmt.Sprint(first[i][1]))
				}
			}
			b := dialect.BulkUpdate{Table: holder, Key: []string{"id"}, Set: []string{"v"}, Rows: first}
			tab := tableOf(t, env, "holder")
			inWriteTx(t, env.DB, func(tx dialect.Tx) {
				if n := countStored(t, tx, tab, b); n != int64(len(vals)) {
					t.Errorf("%d of %d values as read are equal to those stored", n, len(vals))
				}
				blank := dialect.BulkUpdate{Table: holder, Key: b.Key, Set: b.Set}
				for i := range first {
					blank.Rows = append(blank.Rows, dialect.Row{int64(i), nil})
				}
				if _, err := tx.BulkUpdate(contextFor(t), blank); err != nil {
					t.Fatalf("overwrite with NULL: %v", err)
				}
				if n := countStored(t, tx, tab, b); n != 1 {
					t.Errorf("%d values are equal after all became NULL, want 1", n)
				}
				if n, err := tx.BulkUpdate(contextFor(t), b); err != nil || n != int64(len(vals)) {
					t.Fatalf("wrote back %d values of %d: %v", n, len(vals), err)
				}
				if n := countStored(t, tx, tab, b); n != int64(len(vals)) {
					t.Errorf("%d of %d values written back are equal", n, len(vals))
				}
			})
			if d := cmp.Diff(first, selectRows(t, env.DB, sel)); d != "" {
				t.Errorf("values changed on their way back (-want +got):\n%.2000s", d)
			}
			if !c.found {
				return
			}
			inReadTx(t, env.DB, func(tx dialect.Tx) {
				for i, r := range first[:len(first)-1] {
					got := countRows(t, tx, holder, dialect.In{Columns: []string{"v"}, Keys: []dialect.Key{{r[1]}}})
					eq := countRows(t, tx, holder, dialect.Compare{Column: "v", Op: "=", Value: r[1]}, dialect.In{Columns: []string{"id"}, Keys: []dialect.Key{{int64(i)}}})
					both := countRows(t, tx, holder, dialect.In{Columns: []string{"id", "v"}, Keys: []dialect.Key{{int64(i), r[1]}}})
					// Padding and collations may make more than one of them equal.
					if got < 1 || eq != 1 || both != 1 {
						t.Errorf("value %d is found %d times by In, %d by Compare, %d by a composite In", i, got, eq, both)
					}
				}
			})
		})
	}
	s.runSub(t, "empty text is not null", func(s *suite, t *testing.T) {
		env := s.openEnv(t, parent)
		inWriteTx(t, env.DB, func(tx dialect.Tx) {
			insertRow(t, tx, env.Name("parent"), []string{"id", "name"}, int64(1), "")
			insertRow(t, tx, env.Name("parent"), []string{"id", "name"}, int64(2), nil)
			if n := countRows(t, tx, env.Name("parent"), dialect.IsNull{Column: "name"}); n != 1 {
				t.Errorf("%d NULLs, want 1", n)
			}
			if n := countRows(t, tx, env.Name("parent"), dialect.Compare{Column: "name", Op: "=", Value: ""}); n != 1 {
				t.Errorf("%d empty texts, want 1", n)
			}
		})
	})
	s.runSub(t, "json null is not null", func(s *suite, t *testing.T) {
		env := s.openEnv(t, Table{Name: "holder", Columns: []Column{{Name: "id", Type: integer, NotNull: true}, {Name: "v", Type: jsonType}}, Primary: []string{"id"}})
		inWriteTx(t, env.DB, func(tx dialect.Tx) {
			b := dialect.BulkUpdate{Table: env.Name("holder"), Key: []string{"id"}, Set: []string{"v"}, Rows: []dialect.Row{{int64(1), "null"}, {int64(2), nil}}}
			for _, r := range b.Rows {
				insertRow(t, tx, b.Table, []string{"id", "v"}, r...)
			}
			if _, err := tx.BulkUpdate(contextFor(t), b); err != nil {
				t.Fatal(err)
			}
			if n := countRows(t, tx, b.Table, dialect.IsNull{Column: "v"}); n != 1 {
				t.Errorf("%d NULLs, want 1", n)
			}
		})
	})
}

// sameValue compares a value with the stored one: the engine may normalise a JSON document, and
// remove or add zeros at a decimal's end.
func sameValue(k dialect.Kind, a, b dialect.Value) bool {
	if cmp.Equal(a, b) {
		return true
	}
	x, ok1 := a.(string)
	y, ok2 := b.(string)
	if !ok1 || !ok2 {
		return false
	}
	switch k {
	case dialect.JSON:
		clean := strings.NewReplacer(" ", "")
		return clean.Replace(x) == clean.Replace(y)
	case dialect.Decimal:
		return trimZeros(x) == trimZeros(y)
	}
	return false
}

func trimZeros(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
