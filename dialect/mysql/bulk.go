package mysql

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
)

// BulkUpdate implements dialect.Writer: one statement, or a few where the rows
// are larger than max_allowed_packet.
func (t *tx) BulkUpdate(ctx context.Context, b dialect.BulkUpdate) (int64, error) {
	return t.bulk(ctx, b, func(p *packed) (int64, error) {
		count := func() (int64, error) {
			return t.count(ctx, b.Table, []dialect.Cond{dialect.In{Columns: b.Key, Keys: p.keys}}, dialect.Exclusive)
		}
		if len(b.Set) == 0 {
			return count()
		}
		var set []string
		for i, c := range p.set {
			set = append(set, target+"."+quote(c.Name)+" = "+valueOf(c, carrierColumn(len(p.key)+i)))
		}
		sql := "UPDATE " + p.from() + " SET " + strings.Join(append(set, untouched(p.table, b.Set)...), ", ")
		// The server tells how many rows have other values now. Where that isn't
		// all of them, those that had the values already are to be found.
		changed, err := t.affected(ctx, sql, []any{p.doc.String()}, "overwrite", b.Table)
		if err != nil || changed == int64(len(p.keys)) {
			return changed, err
		}
		return count()
	})
}

// CountEqual implements dialect.Reader.
func (t *tx) CountEqual(ctx context.Context, b dialect.BulkUpdate) (int64, error) {
	return t.bulk(ctx, b, func(p *packed) (int64, error) {
		where := []string{"TRUE"}
		for i, c := range p.set {
			where = append(where, t.equal(c, target+"."+quote(c.Name), "k."+carrierColumn(len(p.key)+i)))
		}
		sql := "SELECT COUNT(*) FROM " + p.from() + " WHERE " + strings.Join(where, " AND ")
		return t.number(ctx, sql, []any{p.doc.String()}, "compare", b.Table)
	})
}

// bulk packs rows into JSON documents, as few as the packet size allows, and
// adds up what do returns for each.
func (t *tx) bulk(ctx context.Context, b dialect.BulkUpdate, do func(*packed) (int64, error)) (int64, error) {
	table, err := t.table(ctx, b.Table)
	if err != nil {
		return 0, err
	}
	key, err := columns(table, b.Key)
	if err != nil {
		return 0, err
	}
	set, err := columns(table, b.Set)
	if err != nil {
		return 0, err
	}
	var packet int
	if err := t.conn.QueryRowContext(ctx, "SELECT @@max_allowed_packet").Scan(&packet); err != nil {
		return 0, t.fail(ctx, err, "overwrite", b.Table)
	}
	limit := packet * 2 / 5 // quotes and backslashes may be escaped once more
	var sum int64
	p := newPacked(table, key, set)
	flush := func() error {
		if len(p.keys) == 0 {
			return nil
		}
		p.doc.WriteByte(']')
		n, err := do(p)
		sum += n
		p = newPacked(table, key, set)
		return err
	}
	for i, row := range b.Rows {
		if len(row) != len(key)+len(set) {
			return 0, wrongLength(b.Table, len(row), len(key)+len(set))
		}
		encoded, ok, err := p.encode(row)
		if err != nil {
			return 0, err
		}
		if !ok {
			continue // no row has such a key
		}
		if len(encoded) > packet-statementSize {
			// The server would only close the connection.
			e := dialect.NewError(dialect.Fatal, "1153", "overwrite", b.Table, nil)
			e.Detail = advice[1153]
			return 0, e
		}
		if len(p.keys) > 0 && p.doc.Len()+len(encoded) > limit {
			if err := flush(); err != nil {
				return 0, err
			}
		}
		if len(p.keys) == 0 { // rows are much alike: room for those to come, unless this one is uncommonly long
			rest := len(b.Rows) - i
			p.doc.Grow(min(limit, usualSize, (len(encoded)+1)*rest*9/8+2))
			p.keys = make([]dialect.Key, 0, rest)
		}
		p.add(row, encoded)
	}
	return sum, flush()
}

// usualSize is more than a batch of usual rows takes.
const usualSize = 2 << 20

// statementSize is more than a statement has besides its rows.
const statementSize = 16 << 10

// packed is a JSON document of rows: key, then values.
type packed struct {
	table    *dialect.Table
	key, set []*dialect.Column
	keys     []dialect.Key
	doc      bytes.Buffer
	row      []byte // one row's JSON
	most     []int  // the longest text of each column, in characters
}

func newPacked(t *dialect.Table, key, set []*dialect.Column) *packed {
	return &packed{table: t, key: key, set: set, most: make([]int, len(key)+len(set))}
}

// encode makes one row's JSON, which is valid until the next call. ok is false
// where no row can have its key.
func (p *packed) encode(row dialect.Row) (encoded []byte, ok bool, err error) {
	out := p.row[:0]
	out = append(out, '[')
	for i, v := range row {
		c := p.column(i)
		j, fits := encode(c, v)
		if i < len(p.key) && (!fits || j == nil) {
			return nil, false, nil
		}
		if !fits {
			e := dialect.NewError(dialect.DoesNotFit, "", "overwrite", p.table.Name, nil)
			e.Object = c.Name
			return nil, false, e
		}
		if i > 0 {
			out = append(out, ',')
		}
		switch j := j.(type) {
		case int64:
			out = strconv.AppendInt(out, j, 10)
			continue
		case string:
			p.most[i] = max(p.most[i], utf8.RuneCountInString(j))
			if plain(j) {
				out = append(append(append(out, '"'), j...), '"')
				continue
			}
		}
		doc, err := json.Marshal(j)
		if err != nil {
			return nil, false, unencodable(p.table.Name)
		}
		out = append(out, doc...)
	}
	out = append(out, ']')
	p.row = out
	return out, true, nil
}

// plain reports whether a text is written in JSON as it is: most are, which
// saves the encoder's detours.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func (p *packed) column(i int) *dialect.Column {
	if i < len(p.key) {
		return p.key[i]
	}
	return p.set[i-len(p.key)]
}

func (p *packed) add(row dialect.Row, encoded []byte) {
	if p.doc.Len() == 0 {
		p.doc.WriteByte('[')
	} else {
		p.doc.WriteByte(',')
	}
	p.doc.Write(encoded)
	p.keys = append(p.keys, row[:len(p.key)])
}

// from joins the rows, as the table k, with those of the table that have their keys.
func (p *packed) from() string {
	var selected, defined, kept, names []string
	for i := range p.most {
		c := p.column(i)
		raw := fmt.Sprintf("j.c%d", i)
		kind, expr := valueKind(c, p.most[i]), raw
		if i < len(p.key) {
			how := carry(c, p.most[i])
			kind, expr = how.kind, how.key(raw)
			if how.kept != nil {
				kept = append(kept, how.kept(raw))
			}
			names = append(names, c.Name)
		}
		defined = append(defined, fmt.Sprintf("c%d %s PATH '$[%d]'", i, kind, i))
		selected = append(selected, expr+" AS "+carrierColumn(i))
	}
	where := ""
	if len(kept) > 0 {
		where = " WHERE " + strings.Join(kept, " AND ")
	}
	return "(SELECT " + strings.Join(selected, ", ") + " FROM JSON_TABLE(?, '$[*]' COLUMNS (" + strings.Join(defined, ", ") +
		")) AS j" + where + ") AS k STRAIGHT_JOIN " + quoteTable(p.table.Name) + " AS " + target + " ON " + joined("k", target, names)
}

// valueKind is how a value travels that will be assigned. JSON_TABLE turns
// what it can't convert into NULL or cuts it off; so all but integers and doubles, which
// were checked before, travel as text, and the assignment converts it, strictly.
func valueKind(c *dialect.Column, most int) string {
	switch c.Kind {
	case dialect.Int, dialect.Bool, dialect.Bits, dialect.Float:
		return carry(c, most).kind
	}
	return carry(&dialect.Column{Kind: dialect.JSON}, most).kind
}

// valueOf is the expression to assign.
func valueOf(c *dialect.Column, raw string) string {
	if k := stored(c); k == dialect.Bytes || k == dialect.Unknown {
		return "FROM_BASE64(k." + raw + ")"
	}
	return "k." + raw
}

// equal compares a column with a value as the server would have stored it:
// text bytewise, whatever the collation, and rounded where the column rounds.
func (t *tx) equal(c *dialect.Column, ref, raw string) string {
	switch stored(c) {
	case dialect.Int, dialect.Bool:
	case dialect.Float:
		if strings.Contains(c.Type, ",") { // float(10,2) rounds
			ref, raw = fmt.Sprintf("ROUND(%s, %d)", ref, c.Scale), fmt.Sprintf("ROUND(%s, %d)", raw, c.Scale)
		}
	case dialect.Bits:
		ref += " + 0"
	case dialect.Decimal:
		raw = fmt.Sprintf("CAST(%s AS DECIMAL(%d, %d))", raw, c.Precision, c.Scale)
	case dialect.Date:
		raw = "CAST(" + raw + " AS DATE)"
	case dialect.Time:
		raw = fmt.Sprintf("CAST(%s AS TIME(%d))", raw, c.Precision)
	case dialect.Timestamp, dialect.TimestampTZ:
		raw = fmt.Sprintf("CAST(%s AS DATETIME(%d))", raw, c.Precision)
	case dialect.UUID, dialect.Inet:
		raw = "CAST(" + raw + " AS " + c.Type + ")"
	case dialect.Bytes, dialect.Unknown:
		raw, ref = "FROM_BASE64("+raw+")", "CAST("+ref+" AS BINARY)"
		if c.Fixed {
			raw = fmt.Sprintf("CAST(%s AS BINARY(%d))", raw, c.Length)
		}
	case dialect.JSON:
		if !t.server.mariadb {
			return ref + " <=> CAST(" + raw + " AS JSON)"
		}
		fallthrough
	default:
		if c.Fixed {
			raw = "TRIM(TRAILING ' ' FROM " + raw + ")"
		}
		ref, raw = "CAST(CONVERT("+ref+" USING utf8mb4) AS BINARY)", "CAST("+raw+" AS BINARY)"
	}
	return ref + " <=> " + raw
}
