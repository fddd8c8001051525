package dialect

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"math"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Stored is the number of written rows found with their new values.
type Stored struct {
	Same int64
	// Undecided rows exist, but CompareStored can't decide about one of their values.
	Undecided int64
}

// CountStored counts the stored rows with exactly b's values. It first reads the rows that meet
// where, perhaps a range that costs less than many keys. Then it reads the remaining rows by their
// keys; with where nil, all rows. It compares in Go.
func CountStored(ctx context.Context, r Reader, t *Table, b BulkUpdate, where []Cond) (Stored, error) {
	key, set := columnsOf(t, b.Key), columnsOf(t, b.Set)
	missing := make(map[string]int, len(b.Rows))
	for i, row := range b.Rows {
		missing[encodeStoredKey(key, row)] = i
	}
	var out Stored
	look := func(where []Cond) error {
		for row, err := range r.Query(ctx, Select{Table: b.Table, Columns: slices.Concat(b.Key, b.Set), Where: where}) {
			if err != nil {
				return err
			}
			encoded := encodeStoredKey(key, row)
			i, ours := missing[encoded]
			if !ours {
				continue
			}
			delete(missing, encoded) // once
			switch compareRow(set, b.Rows[i][len(key):], row[len(key):]) {
			case Same:
				out.Same++
			case Undecided:
				out.Undecided++
			}
		}
		return nil
	}
	if where != nil {
		if err := look(where); err != nil {
			return Stored{}, err
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	in := In{Columns: b.Key}
	for _, i := range slices.Sorted(maps.Values(missing)) {
		in.Keys = append(in.Keys, b.Rows[i][:len(key)])
	}
	if err := look([]Cond{in}); err != nil {
		return Stored{}, err
	}
	return out, nil
}

func columnsOf(t *Table, names []string) []*Column {
	out := make([]*Column, len(names))
	for i, name := range names {
		if out[i] = t.Column(name); out[i] == nil {
			out[i] = &Column{Name: name} // the row address
		}
	}
	return out
}

// encodeStoredKey encodes the key at a row's start. Values that the columns take for equal have one
// encoding, since a key may be overwritten.
func encodeStoredKey(columns []*Column, row Row) string {
	key := make(Key, len(columns))
	for i, c := range columns {
		key[i] = row[i]
		s, ok := TextOf(row[i])
		if !ok {
			continue
		}
		switch c.Kind {
		case Text:
			if c.Fixed {
				key[i] = strings.TrimRight(s, " ")
			}
		case UUID:
			key[i] = strings.ToLower(s)
		case Decimal, Float:
			if r, ok := parseRat(s); ok {
				key[i] = r.RatString()
			}
		}
	}
	return EncodeKey(key)
}

func compareRow(columns []*Column, sent, stored Row) Comparison {
	out := Same
	for i, c := range columns {
		switch CompareStored(c, sent[i], stored[i]) {
		case Different:
			return Different
		case Undecided:
			out = Undecided
		}
	}
	return out
}

// Comparison is the outcome of comparing two values.
type Comparison int

// The outcomes.
const (
	Different Comparison = iota
	Same
	// Undecided: the engine spells the kind in its own way, and the spellings differ.
	Undecided
)

// CompareStored compares an assigned value with the stored value of the column. It works in Go and
// knows no SQL, so that it shares nothing with the writing statement. Texts and bytes must be
// identical, except for the padding of a column of fixed length; numbers and moments must agree in
// the digits that the column keeps. NULL equals only NULL.
func CompareStored(c *Column, sent, stored Value) Comparison {
	a, set := TextOf(sent)
	b, read := TextOf(stored)
	switch {
	case set != read:
		return Different
	case a == b:
		return Same
	}
	same := false
	switch c.Kind {
	case Text, Enum:
		same = c.Fixed && strings.TrimRight(a, " ") == strings.TrimRight(b, " ")
	case Bytes:
		same = c.Fixed && strings.TrimRight(a, "\x00") == strings.TrimRight(b, "\x00")
	case Set:
		same = sameLabels(a, b)
	case Bool:
		same = boolean(a) == boolean(b)
	case Int, Decimal, Float:
		same = sameNumber(c, a, b)
	case Bits:
		same = strings.TrimLeft(a, "0") == strings.TrimLeft(b, "0")
	case UUID:
		same = strings.EqualFold(a, b)
	case Date, Time, Timestamp, TimestampTZ:
		// SQLite converts a value that looks like a number.
		same = sameMoment(c, a, b) || sameNumber(&Column{}, a, b)
	case JSON:
		same = sameJSON(a, b)
	case Inet:
		same = sameInet(a, b)
	default:
		return Undecided
	}
	if same {
		return Same
	}
	return Different
}

func sameLabels(a, b string) bool {
	x, y := strings.Split(a, ","), strings.Split(b, ",")
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(slices.Compact(x), slices.Compact(y))
}

// boolean is a truth value as a number's text: some engines store numbers.
func boolean(s string) string {
	switch s {
	case "true":
		return "1"
	case "false":
		return "0"
	}
	return s
}

func sameNumber(c *Column, a, b string) bool {
	sent, ok1 := parseRat(a)
	stored, ok2 := parseRat(b)
	if !ok1 || !ok2 {
		return false
	}
	if sent.Cmp(stored) == 0 {
		return true
	}
	if c.Kind == Decimal && c.Precision > 0 || c.Kind == Float && strings.Contains(c.Type, ",") { // float(10,2) rounds
		unit := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(c.Scale, 0))), nil))
		apart := new(big.Rat).Sub(sent, stored)
		if apart.Abs(apart.Add(apart, apart)).Cmp(unit) <= 0 { // at most half a unit
			return true
		}
	}
	x, _ := sent.Float64()
	y, _ := stored.Float64()
	if c.Kind == Float && c.Precision > 0 && c.Precision <= 32 {
		return float32(x) == float32(y)
	}
	return c.Kind != Int && x == y && floatText(b)
}

// floatText reports whether a number may be a floating-point number's shortest text: SQLite stores
// a decimal as such.
func floatText(s string) bool {
	mantissa, _, _ := strings.Cut(strings.ToLower(s), "e")
	return len(strings.Trim(strings.NewReplacer(".", "", "-", "", "+", "").Replace(mantissa), "0")) <= 17
}

// parseRat parses a number. It refuses an exponent larger than a float's: that would take
// gigabytes.
func parseRat(s string) (*big.Rat, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || strings.ContainsAny(s, "xXpP_/") {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

var momentLayouts = []string{
	"2006-01-02 15:04:05", "2006-01-02 15:04:05-07", "2006-01-02 15:04:05-07:00", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "2006-01-02",
	"15:04:05", "15:04:05-07", "15:04:05-07:00",
}

// sameMoment compares moments as exactly as the column's type keeps them.
func sameMoment(c *Column, a, b string) bool {
	x, ok1 := parseMoment(a)
	y, ok2 := parseMoment(b)
	if !ok1 || !ok2 {
		return false
	}
	unit := time.Second
	for range min(max(c.Precision, 0), 9) {
		unit /= 10
	}
	switch c.Type { // SQL Server's
	case "datetime":
		unit = max(unit, 4*time.Millisecond) // it counts in 300ths of a second
	case "smalldatetime":
		unit = time.Minute
	}
	return x.Sub(y).Abs() < unit
}

func parseMoment(s string) (time.Time, bool) {
	for _, layout := range momentLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func sameInet(a, b string) bool {
	if x, err := netip.ParsePrefix(networkOf(a)); err == nil {
		y, err := netip.ParsePrefix(networkOf(b))
		return err == nil && x == y
	}
	x, err1 := net.ParseMAC(a)
	y, err2 := net.ParseMAC(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}

// networkOf writes an address as the network of only this address.
func networkOf(s string) string {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(a, a.BitLen()).String()
	}
	return s
}

// sameJSON compares the contents of two JSON texts.
func sameJSON(a, b string) bool {
	x, ok1 := parseJSON(a)
	y, ok2 := parseJSON(b)
	return ok1 && ok2 && sameDocument(x, y)
}

func parseJSON(s string) (v any, ok bool) {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, false
	}
	return v, !d.More()
}

func sameDocument(a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for k, v := range x {
			if other, ok := y[k]; !ok || !sameDocument(v, other) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, sameDocument)
	case json.Number:
		y, ok := b.(json.Number)
		return ok && (x == y || sameNumber(&Column{}, x.String(), y.String()))
	}
	return a == b
}
