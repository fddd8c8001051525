package discover

import (
	"context"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// sample reads some rows of every table. A table without read permission ends the
// transaction; a new one continues with the next table.
func (d *database) sample(ctx context.Context, db dialect.DB, o Options) error {
	rest := d.tables
	for len(rest) > 0 {
		refused, err := sampleTables(ctx, db, rest, o)
		if err != nil {
			return err
		}
		rest = rest[refused:]
		if len(rest) > 0 {
			rest[0].unread = "the table may not be read"
			rest = rest[1:]
		}
	}
	return nil
}

// sampleTables samples the tables in one transaction, up to the first without read
// permission. It returns the number of sampled tables.
func sampleTables(ctx context.Context, db dialect.DB, tables []*table, o Options) (n int, err error) {
	tx, err := db.Begin(ctx, dialect.TxOptions{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	defer func() { // nothing was written, so an error of Rollback matters only without another one
		if e := tx.Rollback(ctx); err == nil {
			err = e
		}
	}()
	for i, t := range tables {
		err := t.sample(ctx, tx, o)
		switch {
		case err != nil && dialect.ClassOf(err) == dialect.PermissionDenied:
			return i, nil
		case err != nil:
			return 0, err
		}
	}
	return len(tables), nil
}

// longest limits the length of inspected values; documents are read whole.
const longest = 4 << 10

// sampler reads one table's rows and adds their values to the profiles of its columns.
type sampler struct {
	table   *table
	columns []*column
	names   []string // of columns, then the key's first column if missing among them
	order   []string // the key's first column; none without a key
	at      int      // its place in names
	seen    []seenValues
	read    int // bytes
	limit   Options
}

// sample reads the table's readable columns: the rows with the first and the last keys, and some
// ranges between them. The first rows alone may be an untypical import. Large values end it
// early.
func (t *table) sample(ctx context.Context, tx dialect.Reader, o Options) error {
	small, large := t.readable()
	if err := newSampler(t, small, o).spread(ctx, tx); err != nil {
		return err
	}
	rows := t.rows
	o.Rows = min(o.Rows, fewRows)
	err := newSampler(t, large, o).spread(ctx, tx)
	t.rows = max(rows, t.rows-rows)
	return err
}

// fewRows limits the sampled rows of columns with large values.
const fewRows = 20

// readable returns the columns with readable values. large are those of bytes without a low
// limit: a separate sample reads them, so they don't end the main one early.
func (t *table) readable() (small, large []*column) {
	for _, c := range t.columns {
		switch {
		case !isReadable(c.Column):
		case c.Kind == dialect.Bytes && (c.Length == 0 || c.Length > longest):
			large = append(large, c)
		default:
			small = append(small, c)
		}
	}
	return small, large
}

func newSampler(t *table, columns []*column, o Options) *sampler {
	s := &sampler{table: t, columns: columns, seen: make([]seenValues, len(columns)), limit: o}
	for _, c := range columns {
		s.names = append(s.names, c.Name)
	}
	if key := t.Key(); len(key) > 0 && len(columns) > 0 {
		s.order = key[:1]
		if s.at = slices.Index(s.names, key[0]); s.at < 0 {
			s.at = len(s.names)
			s.names = append(s.names, key[0])
		}
	}
	return s
}

// ranges is the number of ranges between the first rows and the last ones.
const ranges = 4

// spread reads half of the rows from the key's beginning and at least a quarter from its end.
// If the key is an integer, it reads the rest between them.
func (s *sampler) spread(ctx context.Context, tx dialect.Reader) error {
	if len(s.columns) == 0 {
		return nil
	}
	defer s.countDistinct()
	if len(s.order) == 0 {
		_, _, err := s.readRange(ctx, tx, dialect.Select{Limit: s.limit.Rows})
		return err
	}
	half, each := max(1, s.limit.Rows/2), s.limit.Rows/4/ranges
	n, low, err := s.readRange(ctx, tx, dialect.Select{Order: s.order, Limit: half})
	if err != nil || n < half || low == nil {
		return err
	}
	behind := dialect.After{Columns: s.order, Key: dialect.Key{low}}
	_, high, err := s.readRange(ctx, tx, dialect.Select{Order: s.order, Descending: true, Where: []dialect.Cond{behind}, Limit: max(1, s.limit.Rows-half-ranges*each)})
	if err != nil {
		return err
	}
	from, isNumber := low.(int64)
	to, same := high.(int64)
	if !isNumber || !same || to-from <= ranges || each == 0 {
		return nil
	}
	for i := range int64(ranges) {
		start, end := from+(to-1-from)/ranges*i, from+(to-1-from)/ranges*(i+1)
		where := []dialect.Cond{dialect.After{Columns: s.order, Key: dialect.Key{start}}, dialect.UpTo{Columns: s.order, Key: dialect.Key{end}}}
		if _, _, err := s.readRange(ctx, tx, dialect.Select{Order: s.order, Where: where, Limit: each}); err != nil {
			return err
		}
	}
	return nil
}

// readRange reads the rows of one statement. It returns their number and the last key.
func (s *sampler) readRange(ctx context.Context, tx dialect.Reader, q dialect.Select) (n int, last dialect.Value, err error) {
	q.Table, q.Columns = s.table.Name, s.names
	for row, err := range tx.Query(ctx, q) {
		if err != nil {
			return n, nil, err
		}
		n++
		s.addRow(row)
		if len(s.order) > 0 {
			last = row[s.at]
		}
		if s.read > s.limit.Bytes {
			break
		}
	}
	return n, last, nil
}

func (s *sampler) addRow(row dialect.Row) {
	s.table.rows++
	for i, c := range s.columns {
		text, ok := dialect.TextOf(row[i])
		if !ok {
			continue
		}
		s.read += len(text)
		if c.Kind == dialect.Bytes && !c.values.readsAsText(text) {
			continue
		}
		known := len(s.seen[i])
		for _, v := range c.elements(text) {
			if v = strings.TrimSpace(v); v != "" {
				c.values.add(c, v, &s.seen[i])
			}
		}
		if len(s.seen[i]) > known && len(text) <= 64 && c.mayRefer() {
			c.values.keys = append(c.values.keys, row[i])
		}
	}
}

// mayRefer reports whether the column's values may be compared with another table's. Discovery
// holds only such values in memory.
func (c *column) mayRefer() bool {
	m := c.named.meaning
	switch {
	case c.table.refersBy(c.Name) || c.Identity:
		return false
	case m == nil, m == surrogateKey, slices.Contains(identifying, m), c.table.keyNames[strings.ToLower(c.Name)]:
		return true
	}
	last := c.words[len(c.words)-1]
	return containsWord(typeWords, last) || containsWord(marks, last) || roles[last] || last == "by" || !c.named.surely() && personWord(last) > 0
}

// identifying are the meanings of identifiers other than a key.
var identifying = []*meaning{emailAddress, userName, personNumber, nationalNumber}

func (s *sampler) countDistinct() {
	for i, c := range s.columns {
		c.values.distinct = len(s.seen[i])
	}
}

// isReadable reports whether the sample reads a column of this kind.
func isReadable(c *dialect.Column) bool {
	return c.Unsupported == "" && !slices.Contains([]dialect.Kind{dialect.RowAddress, dialect.Unknown, dialect.Bits, dialect.Interval}, c.Kind)
}

// elements returns the elements of an array literal, split at commas, or the value
// itself for other kinds.
func (c *column) elements(text string) []string {
	if c.Kind != dialect.Array {
		return []string{text}
	}
	parts := strings.Split(strings.Trim(text, "{}[]"), ",")
	for i := range parts {
		parts[i] = strings.Trim(parts[i], `" `)
	}
	return parts
}
