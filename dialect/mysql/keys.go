package mysql

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
)

// carrierColumn is the name of a JSON_TABLE column in a derived table. The statement's table is
// beside it, and a policy's condition names that table's columns without an alias.
func carrierColumn(i int) string { return fmt.Sprintf("expunge_%d", i) }

// likeColumn is the name of the key table's column that compares like the referenced column.
func likeColumn(i int) string { return fmt.Sprintf("expunge_like_%d", i) }

// referralsOf returns how each column of an In compares.
func (b *builder) referralsOf(t *dialect.Table, in dialect.In) []referral {
	out := make([]referral, len(in.Columns))
	for i, c := range b.columnsOf(t, in.Columns) {
		out[i] = referral{own: c}
	}
	if len(in.RefColumns) != len(in.Columns) {
		return out
	}
	to := b.tableOf(in.RefTable)
	for i, name := range in.RefColumns {
		out[i] = referralOf(out[i].own, to.Column(name))
	}
	return out
}

// keyTable renders the keys of an In as a derived table, one row for each distinct key, as one JSON
// parameter. It returns "" where no row can match.
//
// Keys are sorted, so that sessions that lock the same rows lock them in one order. DISTINCT is
// over the collations of the comparison: two keys equal there must not find a row twice.
func (b *builder) keyTable(t *dialect.Table, in dialect.In, by []referral) string {
	rows, most := b.encodeKeys(t, in.Keys, by)
	if len(rows) == 0 {
		return ""
	}
	slices.SortFunc(rows, compareRows)
	doc, err := json.Marshal(rows)
	if err != nil {
		b.Fail(unencodable(t.Name))
	}
	var selected, defined, kept []string
	for i, r := range by {
		how := carriedType(r.compared(), most[i])
		raw := fmt.Sprintf("j.c%d", i)
		defined = append(defined, fmt.Sprintf("c%d %s PATH '$[%d]'", i, how.kind, i))
		if r.like != nil {
			selected = append(selected, r.value(raw)+" AS "+likeColumn(i))
			how = carriedType(r.own, most[i])
		}
		if r.like == nil || r.prefilter {
			selected = append(selected, how.key(raw)+" AS "+carrierColumn(i))
			if how.kept != nil {
				kept = append(kept, how.kept(raw))
			}
		}
	}
	out := "(SELECT DISTINCT " + strings.Join(selected, ", ") + " FROM JSON_TABLE(" + b.addArg(string(doc)) +
		", '$[*]' COLUMNS (" + strings.Join(defined, ", ") + ")) AS j"
	if len(kept) > 0 {
		out += " WHERE " + strings.Join(kept, " AND ")
	}
	return out + ")"
}

// encodeKeys encodes the keys that may equal a row's, and measures the longest text of each column,
// in characters.
func (b *builder) encodeKeys(t *dialect.Table, keys []dialect.Key, by []referral) (rows [][]any, most []int) {
	rows, most = make([][]any, 0, len(keys)), make([]int, len(by))
next:
	for _, key := range keys {
		if !b.SameLength(t.Name, len(key), len(by)) {
			return nil, most
		}
		row := make([]any, len(by))
		for i, v := range key {
			j, ok := encodeValue(by[i].compared(), v)
			if !ok || j == nil {
				continue next // it equals nothing
			}
			row[i] = j
			if s, ok := j.(string); ok {
				most[i] = max(most[i], utf8.RuneCountInString(s))
			}
		}
		rows = append(rows, row)
	}
	return rows, most
}

// matchesKey is the condition between the key table of an In and a table.
func matchesKey(key, alias string, by []referral) string {
	var parts []string
	for i, r := range by {
		ref := alias + "." + quoteIdent(r.own.Name)
		if r.like == nil || r.prefilter {
			parts = append(parts, ref+" = "+key+"."+carrierColumn(i))
		}
		if r.like == nil {
			continue
		}
		parts = append(parts, r.column(ref)+" = "+key+"."+likeColumn(i))
		if c := r.representable(ref); c != "" {
			parts = append(parts, c)
		}
	}
	return strings.Join(parts, " AND ")
}

// keyEquals is the condition between a derived table with a table's key and that table.
func keyEquals(key, alias string, names []string) string {
	parts := make([]string, len(names))
	for i, n := range names {
		parts[i] = alias + "." + quoteIdent(n) + " = " + key + "." + carrierColumn(i)
	}
	return strings.Join(parts, " AND ")
}

// compareRows orders encoded keys: integers by value, all else bytewise.
func compareRows(a, b []any) int {
	for i := range a {
		if c := compareValues(a[i], b[i]); c != 0 {
			return c
		}
	}
	return 0
}

func compareValues(a, b any) int {
	switch x := a.(type) {
	case int64:
		switch y := b.(type) {
		case int64:
			return cmp.Compare(x, y)
		case uint64:
			return -1 // y is beyond int64
		}
	case uint64:
		switch y := b.(type) {
		case uint64:
			return cmp.Compare(x, y)
		case int64:
			return 1
		}
	case float64:
		if y, ok := b.(float64); ok {
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// isServed reports whether an index starts with one of the columns. Then the server finds rows by
// key, and doesn't compare each row with every key.
func isServed(t *dialect.Table, by []referral) bool {
	var names []string
	for _, r := range by {
		if r.like == nil || r.prefilter {
			names = append(names, r.own.Name)
		}
	}
	return slices.ContainsFunc(t.Indexes, func(ix *dialect.Index) bool {
		return (ix.Method == "btree" || ix.Method == "hash") && len(ix.Parts) > 0 && slices.Contains(names, ix.Parts[0].Column)
	})
}

func unencodable(n dialect.Name) error {
	e := dialect.NewError(dialect.DoesNotFit, "", "render a statement on", n, nil)
	e.Detail = "a value has no JSON form"
	return e
}
