//go:build unix

package anonymise

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

// cell is one strategy on one column of a real table, carried out in one way.
type cell struct {
	strategy string
	column   *dialect.Column
	class    Class
	client   bool
	old, now []dialect.Value // by row, the last row's is NULL where it may be
}

// TestEveryStrategyOnEveryKindOfEveryEngine overwrites rows with each strategy that binds, in the
// database and through the client where both are possible, and checks the rows afterwards.
func TestEveryStrategyOnEveryKindOfEveryEngine(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, db *live) {
		table, names, old := db.everyKind(t)
		for _, d := range Strategies() {
			if strings.HasPrefix(d.Name, "test-") || d.Name == "keep" {
				continue
			}
			t.Run(d.Name, func(t *testing.T) {
				var cells []*cell
				replacers := map[string]Replacer{}
				for j, name := range names[1:] {
					c := table.Column(name)
					way, r := db.way(t, d.Name, table, c)
					checkDocumented(t, db.engine, d.Name, c, way)
					if r == nil || strings.HasPrefix(name, "uq") && r.Class() == Lossy {
						continue // a plan has a hazard there
					}
					replacers[name] = r
					of := &cell{strategy: d.Name, column: c, class: r.Class(), client: way != inDatabase}
					for _, row := range old {
						of.old = append(of.old, row[j+1])
					}
					cells = append(cells, of)
					if !of.client && d.Name != "default" {
						too := *of
						too.client = true
						cells = append(cells, &too)
					}
				}
				for _, client := range []bool{false, true} {
					some := slices.DeleteFunc(slices.Clone(cells), func(c *cell) bool { return c.client != client })
					if len(some) == 0 {
						continue
					}
					if err := db.overwrite(t, table, some, replacers, names, old); err != nil {
						// Find the strategy at fault.
						some = slices.DeleteFunc(some, func(c *cell) bool {
							err := db.overwrite(t, table, []*cell{c}, replacers, names, old)
							if err != nil {
								t.Errorf("%s: %v", c, err)
							}
							return err != nil
						})
					}
					same := 0
					for _, c := range some {
						same += c.check(t)
					}
					if same > 0 {
						t.Logf("%s: %d values came out as they were", some[0].way(), same)
					}
				}
			})
		}
	})
}

// way returns how the engine carries the strategy out on the column. A refusal has to name its
// reason.
func (db *live) way(t *testing.T, name string, table *dialect.Table, c *dialect.Column) (string, Replacer) {
	t.Helper()
	unique := len(table.UniqueIndexes(c.Name)) > 0
	r, err := strategy(t, specFor(name, c)).Bind(Target{Column: c, Rows: rowsOfEachKind, Key: []string{"id"}, Unique: unique, Sole: unique})
	if err != nil {
		if !strings.Contains(err.Error(), c.Name) || len(err.Error()) < 30 {
			t.Errorf("%s on %s: the refusal says too little: %v", name, c.Name, err)
		}
		return refused, nil
	}
	if e, ok := r.Expr(); ok && db.Renders(e, c) {
		return inDatabase, r
	}
	return throughClient, r
}

// specFor returns a strategy with parameters that suit a column.
func specFor(name string, c *dialect.Column) string {
	switch {
	case name == "fixed" && c.Kind == dialect.JSON:
		return `{"fixed":"[1]"}`
	case name == "fixed" && c.Kind == dialect.XML:
		return `{"fixed":"<p>1</p>"}`
	case name == "fixed" && c.Kind == dialect.Bytes:
		return `{"fixed":"` + strings.Repeat("1", max(1, c.Length*b2i(c.Fixed))) + `"}`
	case name == "fixed" && c.Kind == dialect.Bits && c.Fixed:
		return `{"fixed":"` + strings.Repeat("1", c.Length) + `"}`
	case name == "fixed" && c.Kind == dialect.Decimal && c.Precision > 0 && c.Precision == c.Scale:
		return `{"fixed":"0.125"}`
	case name == "fixed" && c.Name == "mac":
		return `{"fixed":"02:00:00:00:00:01"}`
	case name == "fixed" && c.Name == "ip6", name == "fake" && c.Name == "ip6":
		return map[string]string{"fixed": `{"fixed":"fd00::1"}`, "fake": `{"fake":"ipv6-address"}`}[name]
	case name == "fake" && (c.Kind == dialect.Date || c.Kind == dialect.Timestamp || c.Kind == dialect.TimestampTZ):
		return `{"fake":"date"}`
	case name == "fake" && c.Name == "mac":
		return `{"fake":"mac-address"}`
	case name == "fake" && isYear(c):
		return `{"fake":{"number":{"min":1950,"max":2020}}}`
	case (name == "fixed" || name == "pick") && isYear(c):
		return map[string]string{"fixed": `{"fixed":2000}`, "pick": `{"pick":[2000]}`}[name]
	case name == "fake" && c.Kind == dialect.Decimal && c.Precision > 0 && c.Precision == c.Scale:
		return `{"fake":{"float64range":{"min":0.1,"max":0.9}}}`
	case name == "pick" && c.Kind != dialect.Enum && c.Kind != dialect.Set:
		fixed := specFor("fixed", c)
		return `{"pick":[` + fixed[len(`{"fixed":`):len(fixed)-1] + `]}`
	}
	return specOn(name, c.Kind)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// way names how the replacement is made.
func (c *cell) way() string {
	if c.client {
		return "through the client"
	}
	return "in the database"
}

func (c *cell) String() string { return c.column.Name + ", " + c.way() }

// overwrite carries out the cells' strategies, all of one way, in one statement, reads the new
// values, and rolls back.
func (db *live) overwrite(t *testing.T, table *dialect.Table, cells []*cell, replacers map[string]Replacer, names []string, old []dialect.Row) (failed error) {
	t.Helper()
	db.in(t, func(tx dialect.Tx) { failed = overwriteIn(t, db, tx, table, cells, replacers, names, old) })
	return failed
}

func overwriteIn(t *testing.T, db *live, tx dialect.Tx, table *dialect.Table, cells []*cell, replacers map[string]Replacer, names []string, old []dialect.Row) error {
	t.Helper()
	columns := []string{"id"}
	for _, c := range cells {
		columns = append(columns, c.column.Name)
	}
	if !cells[0].client {
		u := dialect.Update{Table: table.Name}
		for _, c := range cells {
			e, _ := replacers[c.column.Name].Expr()
			u.Set = append(u.Set, dialect.Assign{Column: c.column, Expr: e})
		}
		done, err := tx.Update(t.Context(), u)
		if err != nil || done.Rows != int64(len(old)) {
			return fmt.Errorf("%d rows: %w", done.Rows, err)
		}
	} else {
		s := source(t)
		bulk := dialect.BulkUpdate{Table: table.Name, Key: []string{"id"}, Set: columns[1:]}
		for i, row := range old {
			fresh := dialect.Row{row[0]}
			for _, c := range cells {
				v, err := replaceOn(replacers[c.column.Name], s, c.old[i], func(name string) dialect.Value { return row[slices.Index(names, name)] })
				if err != nil {
					t.Errorf("%s of row %d: %v", c.column.Name, i, err)
				}
				fresh = append(fresh, v)
			}
			bulk.Rows = append(bulk.Rows, fresh)
		}
		if n, err := tx.BulkUpdate(t.Context(), bulk); err != nil || n != int64(len(old)) {
			return fmt.Errorf("%d rows: %w", n, err)
		}
		if n, err := dialect.CountStored(t.Context(), tx, table, bulk, nil); err != nil || n.Same != int64(len(old)) {
			t.Errorf("%d of %d rows have the values that were written, %d can't be compared: %v", n.Same, len(old), n.Undecided, err)
		}
		for i, row := range db.read(t, tx, table, columns) {
			for j, c := range cells {
				if !stores(c.column, bulk.Rows[i][j+1], row[j+1]) {
					t.Errorf("%s, row %d: %q was made and %q is stored", c.column.Name, i, bulk.Rows[i][j+1], row[j+1])
				}
			}
		}
	}
	for _, row := range db.read(t, tx, table, columns) {
		for j, c := range cells {
			c.now = append(c.now, row[j+1])
		}
	}
	return nil
}

func replaceOn(r Replacer, s *Source, old dialect.Value, row func(string) dialect.Value) (dialect.Value, error) {
	if rr, ok := r.(RowReplacer); ok {
		return rr.ReplaceRow(s, old, row)
	}
	return r.Replace(s, old)
}

// stores reports whether a read value equals the written one. Documents and numbers may be spelled
// differently, a CHAR is padded.
func stores(c *dialect.Column, wrote, read dialect.Value) bool {
	a, aok := dialect.TextOf(wrote)
	b, bok := dialect.TextOf(read)
	if aok != bok || a == b {
		return aok == bok
	}
	switch {
	case c.Kind == dialect.JSON:
		var x, y any
		return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
	case c.Kind == dialect.Decimal || c.Kind == dialect.Float:
		x, y := numberOf(a), numberOf(b)
		return math.Abs(x-y) <= math.Abs(x)*1e-6 || c.Type == "money" && math.Abs(x-y) < 0.01
	case c.Kind == dialect.Time:
		return a+"+00" == b
	case c.Kind == dialect.Text && c.Fixed:
		return strings.TrimRight(a, " ") == strings.TrimRight(b, " ")
	case c.Kind == dialect.Inet:
		return a+"/32" == b
	case c.Kind == dialect.Interval || c.Kind == dialect.Array || c.Kind == dialect.Unknown:
		return strings.NewReplacer("s", "", `"`, "").Replace(a) == strings.NewReplacer("s", "", `"`, "").Replace(b)
	case isMoment(c.Kind) && c.Type == "smalldatetime":
		return a[:10] == b[:10]
	}
	return false
}

// check checks the new values, and returns how many are unchanged.
func (c *cell) check(t *testing.T) int {
	t.Helper()
	seen, were := map[string]bool{}, map[string]bool{}
	same, valued := 0, 0
	for i, now := range c.now {
		old := c.old[i]
		if old == nil {
			if now != nil && c.strategy != "default" {
				t.Errorf("%s: NULL became a value", c)
			}
			continue
		}
		valued++
		if err := c.formed(old, now); err != nil {
			t.Errorf("%s, row %d: %q became %q: %v", c, i, valueText(old), valueText(now), err)
		}
		if reflect.DeepEqual(old, now) && !c.stays(old) {
			same++
		}
		seen[valueText(now)], were[valueText(old)] = true, true
	}
	if same > c.maySame(valued) {
		t.Errorf("%s: %d of %d values are as they were", c, same, valued)
	}
	// Pitfall 21.
	if least := min(c.least(len(were)), len(were)); len(seen) < least {
		t.Errorf("%s, which is %s: %d different values of %d, want %d", c, c.class, len(seen), len(were), least)
	}
	return same
}

func valueText(v dialect.Value) string { s, _ := dialect.TextOf(v); return s }
