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
	"github.com/expungedb/expunge/dialect/internal/render"
)

// BulkUpdate implements dialect.Writer: one statement, or a few where the rows are larger than
// max_allowed_packet. The rows are sent as JSON documents.
func (t *tx) BulkUpdate(ctx context.Context, u dialect.BulkUpdate) (int64, error) {
	table, err := t.readTable(ctx, u.Table)
	if err != nil {
		return 0, err
	}
	b := t.newBuilder(ctx)
	key, set := b.columnsOf(table, u.Key), b.columnsOf(table, u.Set)
	if b.Err != nil {
		return 0, b.Err
	}
	var packet int
	if err := t.conn.QueryRowContext(ctx, "SELECT @@max_allowed_packet").Scan(&packet); err != nil {
		return 0, t.txError(ctx, err, "overwrite", u.Table)
	}
	var sum int64
	err = eachDocument(table, key, set, u.Rows, packet, func(d *document) error {
		n, err := t.updateFrom(ctx, u, d)
		sum += n
		return err
	})
	return sum, err
}

// eachDocument packs rows into documents small enough for a packet, and calls f for each. It skips
// rows with a key that no row of the table can have.
func eachDocument(table *dialect.Table, key, set []*dialect.Column, rows []dialect.Row, packet int, f func(*document) error) error {
	limit := packet * 2 / 5 // quotes and backslashes may be escaped a second time
	d := newDocument(table, key, set)
	flush := func() error {
		if len(d.keys) == 0 {
			return nil
		}
		d.json.WriteByte(']')
		err := f(d)
		d = newDocument(table, key, set)
		return err
	}
	var encoded encodedRow
	for i, row := range rows {
		if len(row) != len(key)+len(set) {
			return wrongLength(table.Name, len(row), len(key)+len(set))
		}
		exists, err := d.encodeRow(row, &encoded)
		if err != nil {
			return err
		}
		if !exists {
			continue
		}
		if len(encoded.json) > packet-statementSize {
			// The server would only close the connection.
			e := dialect.NewError(dialect.Fatal, "1153", "overwrite", table.Name, nil)
			e.Detail = advice[1153]
			return e
		}
		if len(d.keys) > 0 && d.json.Len()+len(encoded.json) > limit {
			if err := flush(); err != nil {
				return err
			}
		}
		if len(d.keys) == 0 { // rows have similar sizes: allocate for the rest, unless this one is unusually long
			rest := len(rows) - i
			d.json.Grow(min(limit, usualSize, (len(encoded.json)+1)*rest*9/8+2))
			d.keys = make([]dialect.Key, 0, rest)
		}
		d.addRow(row, &encoded)
	}
	return flush()
}

func wrongLength(n dialect.Name, got, want int) error {
	e := dialect.NewError(dialect.Fatal, "", "overwrite", n, nil)
	e.Detail = fmt.Sprintf("a row has %d values for %d columns", got, want)
	return e
}

// updateFrom overwrites the rows of one document.
func (t *tx) updateFrom(ctx context.Context, b dialect.BulkUpdate, d *document) (int64, error) {
	count := func() (int64, error) {
		return t.countRows(ctx, b.Table, []dialect.Cond{dialect.In{Columns: b.Key, Keys: d.keys}}, dialect.Exclusive)
	}
	if len(b.Set) == 0 {
		return count()
	}
	var set []string
	for i, c := range d.set {
		set = append(set, target+"."+quoteIdent(c.Name)+" = "+valueOf(c, carrierColumn(len(d.key)+i)))
	}
	sql := "UPDATE " + d.renderFrom() + " SET " + strings.Join(append(set, untouchedColumns(d.table, b.Set)...), ", ")
	// The server counts rows with changed values. Where these are fewer than all, some rows may
	// have had the values already: count the rows by their keys.
	changed, err := t.execAffected(ctx, sql, []any{d.json.String()}, "overwrite", b.Table)
	if err != nil || changed == int64(len(d.keys)) {
		return changed, err
	}
	return count()
}

// usualSize is enough for a batch of usual rows.
const usualSize = 2 << 20

// statementSize is the maximum size of a statement without its rows.
const statementSize = 16 << 10

// document is a JSON document of rows: key, then values.
type document struct {
	table    *dialect.Table
	key, set []*dialect.Column
	keys     []dialect.Key
	json     bytes.Buffer
	longest  []int // the longest text of each column among the document's rows, in characters
}

// encodedRow is one row's JSON, not yet part of a document. The lengths of its texts count for the
// document it is added to.
type encodedRow struct {
	json    []byte
	lengths []int // of each column's text, in characters
}

func newDocument(t *dialect.Table, key, set []*dialect.Column) *document {
	return &document{table: t, key: key, set: set, longest: make([]int, len(key)+len(set))}
}

// encodeRow encodes one row into out, and replaces its content. exists is false where no row can
// have its key.
func (d *document) encodeRow(row dialect.Row, out *encodedRow) (exists bool, err error) {
	text := out.json[:0]
	text = append(text, '[')
	out.lengths = append(out.lengths[:0], make([]int, len(row))...)
	for i, v := range row {
		c := d.columnOf(i)
		j, fits := encodeValue(c, v)
		if i < len(d.key) && (!fits || j == nil) {
			return false, nil
		}
		if !fits {
			e := dialect.NewError(dialect.DoesNotFit, "", "overwrite", d.table.Name, nil)
			e.Object = c.Name
			return false, e
		}
		if i > 0 {
			text = append(text, ',')
		}
		switch j := j.(type) {
		case int64:
			text = strconv.AppendInt(text, j, 10)
			continue
		case string:
			out.lengths[i] = utf8.RuneCountInString(j)
			if render.IsPlainJSON(j) {
				text = append(append(append(text, '"'), j...), '"')
				continue
			}
		}
		doc, err := json.Marshal(j)
		if err != nil {
			return false, unencodable(d.table.Name)
		}
		text = append(text, doc...)
	}
	text = append(text, ']')
	out.json = text
	return true, nil
}

func (d *document) columnOf(i int) *dialect.Column {
	if i < len(d.key) {
		return d.key[i]
	}
	return d.set[i-len(d.key)]
}

func (d *document) addRow(row dialect.Row, encoded *encodedRow) {
	if d.json.Len() == 0 {
		d.json.WriteByte('[')
	} else {
		d.json.WriteByte(',')
	}
	d.json.Write(encoded.json)
	d.keys = append(d.keys, row[:len(d.key)])
	for i, n := range encoded.lengths {
		d.longest[i] = max(d.longest[i], n)
	}
}

// renderFrom joins the rows, as the table k, with the table's rows of the same keys.
func (d *document) renderFrom() string {
	var selected, defined, kept, names []string
	for i := range d.longest {
		c := d.columnOf(i)
		raw := fmt.Sprintf("j.c%d", i)
		// Without ERROR ON ERROR, a value that doesn't fit becomes NULL. MariaDB truncates it with
		// or without the clause, so the type allows the longest text.
		kind, expr, otherwise := valueKind(c, d.longest[i]), raw, " ERROR ON ERROR"
		if i < len(d.key) {
			how := carriedType(c, d.longest[i])
			kind, expr, otherwise = how.kind, how.key(raw), ""
			if how.kept != nil {
				kept = append(kept, how.kept(raw))
			}
			names = append(names, c.Name)
		}
		defined = append(defined, fmt.Sprintf("c%d %s PATH '$[%d]'%s", i, kind, i, otherwise))
		selected = append(selected, expr+" AS "+carrierColumn(i))
	}
	where := ""
	if len(kept) > 0 {
		where = " WHERE " + strings.Join(kept, " AND ")
	}
	return "(SELECT " + strings.Join(selected, ", ") + " FROM JSON_TABLE(?, '$[*]' COLUMNS (" + strings.Join(defined, ", ") +
		")) AS j" + where + ") AS k STRAIGHT_JOIN " + quoteTable(d.table.Name) + " AS " + target + " ON " + keyEquals("k", target, names)
}

// valueKind is the JSON_TABLE type for a value to assign. JSON_TABLE truncates a value that it
// can't convert, or makes it NULL. So only integers and doubles, checked before, have their own
// type. All others are sent as text, and the assignment converts them strictly.
func valueKind(c *dialect.Column, most int) string {
	switch c.Kind {
	case dialect.Int, dialect.Bool, dialect.Bits, dialect.Float:
		return carriedType(c, most).kind
	}
	return carriedType(&dialect.Column{Kind: dialect.JSON}, most).kind
}

// valueOf is the expression to assign.
func valueOf(c *dialect.Column, raw string) string {
	if k := storedKind(c); k == dialect.Bytes || k == dialect.Unknown {
		return "FROM_BASE64(k." + raw + ")"
	}
	return "k." + raw
}
