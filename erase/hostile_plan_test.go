package erase_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// house is a database with one instance of everything in plans.
var house = []string{
	`CREATE TABLE home (home_id INTEGER PRIMARY KEY, street TEXT)`,
	`CREATE TABLE person (person_id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT, home_id INTEGER REFERENCES home, guide INTEGER REFERENCES person)`,
	`CREATE TABLE bill (bill_id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES person, paid DATE, text TEXT)`,
	`CREATE TABLE line (line_id INTEGER PRIMARY KEY, bill_id INTEGER NOT NULL REFERENCES bill ON DELETE CASCADE, text TEXT)`,
	`CREATE TABLE call (call_id INTEGER PRIMARY KEY, caller INTEGER NOT NULL REFERENCES person, callee INTEGER REFERENCES person ON DELETE SET NULL, text TEXT)`,
	`CREATE TABLE post (post_id INTEGER PRIMARY KEY, author INTEGER REFERENCES person, parent INTEGER REFERENCES post, text TEXT)`,
	`CREATE TABLE log (log_id INTEGER PRIMARY KEY, kind TEXT, entity INTEGER, text TEXT)`,
	`CREATE TABLE session (session_id INTEGER PRIMARY KEY, email TEXT REFERENCES person(email) ON UPDATE CASCADE ON DELETE CASCADE, seen DATE)`,
	`CREATE TABLE pin (pin_id INTEGER PRIMARY KEY, session_id INTEGER REFERENCES session)`,
	`CREATE TABLE vote (vote_id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES person)`,
	`INSERT INTO home VALUES (1, 'Elm'), (2, 'Oak'), (3, 'Ash')`,
	`INSERT INTO person VALUES (1, 'a@x.example', 'Ann', 1, NULL), (2, 'b@x.example', 'Ben', 2, 1), (3, 'c@x.example', 'Cat', 2, 1), (4, 'd@x.example', 'Dan', NULL, 3)`,
	`INSERT INTO bill VALUES (11, 1, '2012-01-01', 'tea'), (12, 1, '2025-12-01', 'ale'), (21, 2, '2025-12-01', 'gin'), (41, 4, '2011-01-01', 'rum')`,
	`INSERT INTO line VALUES (111, 11, 'one'), (121, 12, 'two'), (211, 21, 'three')`,
	`INSERT INTO call VALUES (1, 1, 2, 'hi'), (2, 2, 1, 'ho'), (3, 3, NULL, 'hum'), (4, 4, 1, 'hey')`,
	`INSERT INTO post VALUES (1, 1, NULL, 'p'), (2, 2, 1, 'q'), (3, 1, 2, 'r'), (4, 3, NULL, 's')`,
	`INSERT INTO log VALUES (1, 'person', 1, 'in'), (2, 'robot', 1, 'beep'), (3, 'person', 2, 'out')`,
	`INSERT INTO session VALUES (1, 'a@x.example', '2020-01-01'), (2, 'b@x.example', '2025-12-01'), (3, NULL, '2019-01-01')`,
	`INSERT INTO pin VALUES (1, 1), (2, 2), (3, NULL)`,
	`INSERT INTO vote VALUES (1, 1), (2, 2), (3, 2)`,
}

// housePolicies are policies for the house: one deletes people, one overwrites them.
func housePolicies() []string {
	const text = `version: 1
database: house
controller: House Ltd
subject: {table: person, identifiers: [email]}
tables:
  home: {erase: delete, columns: {home_id: none, street: {pii: address, overwrite: random}}}
  person:
    erase: ERASE
    via: {guide: detach}
    columns:
      person_id: none
      email: {pii: contact, overwrite: {fake: email}}
      name: {pii: name, overwrite: null}
      home_id: none
      guide: none
  bill:
    erase: delete
    hold: {because: VAT records, until: paid + 6y, keep: [paid]}
    columns: {bill_id: none, person_id: none, paid: none, text: {pii: free-text, overwrite: {fixed: x}}}
  line: {erase: delete, columns: {line_id: none, bill_id: none, text: {pii: free-text, overwrite: null}}}
  call:
    via: {caller: delete, callee: detach}
    columns: {call_id: none, caller: none, callee: none, text: {pii: free-text, overwrite: random}}
  post:
    erase: delete
    via: {parent: detach}
    columns: {post_id: none, author: none, parent: none, text: {pii: free-text, overwrite: null}}
  log: {erase: delete, columns: {log_id: none, kind: none, entity: none, text: {pii: free-text, overwrite: null}}}
  session: {erase: delete, everything: delete, columns: {session_id: none, email: {pii: contact}, seen: none}}
  pin: {via: {session_id: detach}, columns: {pin_id: none, session_id: none}}
  vote: {erase: keep, columns: {vote_id: none, person_id: none}}
links:
  - log(entity) -> person(person_id) where kind = 'person'
owns:
  - person(home_id) -> home
retention:
  - {table: session, by: seen, older_than: 90d, erase: delete}
backups: [{name: nightly, kept: 14d}]
`
	return []string{strings.Replace(text, "ERASE", "delete", 1), strings.Replace(text, "ERASE", "overwrite", 1)}
}

// hostileHouse is a house with the plans of its policies, in their canonical form.
type hostileHouse struct {
	schema *dialect.Schema
	plans  [][]byte
}

func openHouse(t testing.TB, statements ...string) *target {
	t.Helper()
	db := openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "house.db"))
	db.exec(t, "PRAGMA synchronous = OFF", "PRAGMA journal_mode = MEMORY", "BEGIN")
	db.exec(t, statements...)
	db.exec(t, "COMMIT")
	return db
}

func newHostileHouse(t testing.TB) *hostileHouse {
	t.Helper()
	db := openHouse(t, house...)
	h := &hostileHouse{}
	var err error
	if h.schema, err = db.DB.Inspect(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, policy := range housePolicies() {
		for _, scope := range []plan.Scope{plan.ScopeSubjects, plan.ScopeEverything, plan.ScopeExpired} {
			data, err := db.plan(t, policy, scope).Encode()
			if err != nil {
				t.Fatal(err)
			}
			h.plans = append(h.plans, data)
		}
	}
	return h
}

// Any change to a plan file is refused, or the run matches its receipt: no row is deleted and no value
// changed without a count in a step.
func FuzzARunOfAPlanFileDoesWhatItsReceiptSays(f *testing.F) {
	h := newHostileHouse(f)
	dice := rand.New(rand.NewPCG(1, 2))
	for i := range 40 * len(h.plans) {
		program := make([]byte, 2+dice.IntN(14))
		for j := range program {
			program[j] = byte(dice.Uint32())
		}
		f.Add(byte(i), program)
	}
	f.Fuzz(func(t *testing.T, which byte, program []byte) {
		p := &plan.Plan{}
		if err := json.Unmarshal(h.plans[int(which)%len(h.plans)], p); err != nil {
			t.Fatal(err)
		}
		(&mutation{program: program}).apply(p)
		h.mend(p)
		data, err := p.Encode()
		if err != nil {
			return // no file says so
		}
		if p, err = plan.Decode(data); err != nil {
			if errors.Is(err, plan.ErrNotCanonical) || errors.Is(err, plan.ErrInvalid) || strings.Contains(err.Error(), "not a plan") || strings.Contains(err.Error(), "version") {
				return
			}
			t.Fatalf("an error that says nothing: %v", err)
		}
		h.carryOut(t, p)
	})
}

// mend makes a changed plan consistent again, as far as an attacker could.
func (h *hostileHouse) mend(p *plan.Plan) {
	p.Version, p.Engine = plan.Version, h.schema.Engine
	n := 0
	var covers []dialect.Name
	for i := range p.Roots {
		r := &p.Roots[i]
		if r.Older != nil && r.Older.Lookup != nil {
			covers = append(covers, r.Older.Lookup.Table)
		}
		for _, t := range r.Tables {
			covers = append(covers, t.Name)
			for _, ref := range slices.Concat(t.AnchoredBy, t.SharedBy) {
				covers = append(covers, ref.Table)
			}
		}
		for j := range r.Steps {
			n++
			s := &r.Steps[j]
			s.ID = "s" + strconv.Itoa(n)
			covers = append(covers, s.Table)
			for _, a := range s.Set {
				for _, c := range a.Joined {
					covers = append(covers, c.Table)
				}
			}
			s.Path = pathOf(p, r, j)
		}
	}
	slices.SortFunc(covers, dialect.Name.Compare)
	p.Covers = slices.Compact(covers)
	p.Schema = h.schema.Fingerprint(p.Covers)
}

// pathOf is the path to a step's table.
func pathOf(p *plan.Plan, r *plan.Root, step int) string {
	s := &r.Steps[step]
	var path func(n dialect.Name, depth int) string
	path = func(n dialect.Name, depth int) string {
		i := slices.IndexFunc(r.Tables, func(t plan.Table) bool { return t.Name == n })
		switch {
		case i < 0 || n == r.Table || len(r.Tables[i].Reach) == 0 || depth > 20:
			return n.Table
		case r.Tables[i].Reach[0].Forwards:
			w := r.Tables[i].Reach[0]
			return path(w.Table, depth+1) + "(" + strings.Join(w.Columns, ", ") + ") → " + n.Table
		}
		w := r.Tables[i].Reach[0]
		return path(w.RefTable, depth+1) + " ← " + n.Table + "(" + strings.Join(w.Columns, ", ") + ")"
	}
	switch {
	case s.Follow != nil && step > 0:
		return r.Steps[step-1].Path + " ← " + s.Table.Table + "(" + strings.Join(s.Follow.Columns, ", ") + ")"
	case p.Scope == plan.ScopeEverything:
		return s.Table.Table
	case s.Detach != nil:
		return path(s.Detach.RefTable, 0) + " ← " + s.Table.Table + "(" + strings.Join(s.Detach.Columns, ", ") + ")"
	}
	return path(s.Table, 0)
}

// carryOut runs the plan in a fresh house, and compares the changes with the receipt.
func (h *hostileHouse) carryOut(t *testing.T, p *plan.Plan) {
	db := openHouse(t, house...)
	before := db.houseRows(t)
	_, _ = p.String(), p.Mermaid()
	o := options(p, "hostile", "1")
	o.Attempts, o.Workers = 3, 1
	_, previewed := erase.Preview(t.Context(), db.DB, p, o)
	if changed := db.houseRows(t); !reflect.DeepEqual(before, changed) {
		t.Fatalf("Preview changed rows (%v)", previewed)
	}
	report, err := erase.Run(t.Context(), db.DB, p, o)
	after := db.houseRows(t)
	if report.Receipt == nil {
		if err == nil {
			t.Fatal("neither a receipt nor an error")
		}
		// A run failing before its first batch has changed nothing; one failing later says more when it
		// is continued.
		if errors.Is(err, plan.ErrInvalid) && !reflect.DeepEqual(before, after) {
			t.Fatal("rows were changed by an invalid plan")
		}
		if strings.Contains(err.Error(), "couldn't be signed") || strings.Contains(err.Error(), "isn't signed") || strings.Contains(err.Error(), "signing the receipt failed") {
			t.Fatalf("found out too late: %v", err)
		}
		return
	}
	st := opened(t, report.Receipt)
	show := func(problem string, args ...any) {
		t.Helper()
		data, _ := p.Encode()
		t.Fatalf("%s (error %v)\n%s", fmt.Sprintf(problem, args...), err, data)
	}
	deleted, touched := map[string]int64{}, map[string]bool{}
	for _, a := range st.Predicate.Actions {
		if a.Operation == receipt.Delete {
			deleted[a.Table] += a.Rows.Affected
		}
		for _, c := range a.Columns {
			if a.Rows.Affected > 0 {
				touched[a.Table+"."+c.Name] = true
			}
		}
	}
	for table, rows := range before {
		var gone int64
		for id, row := range rows {
			now, there := after[table][id]
			if !there {
				gone++
				continue
			}
			for column, value := range row {
				if now[column] != value && !touched[table+"."+column] {
					show("%s.%s changed, and the receipt doesn't say so", table, column)
				}
			}
		}
		if gone != deleted[table] {
			show("%d rows of %s went, and the receipt says %d", gone, table, deleted[table])
		}
	}
	if err != nil || p.Scope != plan.ScopeSubjects {
		return
	}
	first := p.Roots[0].Tables[0]
	if _, there := after["person"]["1"]; there && first.Erase == policy.EraseDelete && len(st.Predicate.Retained) == 0 {
		show("the subject stays, and the receipt says nothing of it")
	}
}

// houseRows reads all rows, by table, row and column.
func (d *target) houseRows(t testing.TB) map[string]map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]map[string]string{}
	for _, table := range []string{"home", "person", "bill", "line", "call", "post", "log", "session", "pin", "vote"} {
		out[table] = d.tableRows(t, table)
	}
	return out
}

// tableRows reads a table's rows, by row and column.
func (d *target) tableRows(t testing.TB, table string) map[string]map[string]string {
	t.Helper()
	rows, err := d.SQL.QueryContext(context.Background(), "SELECT rowid, * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for rows.Next() {
		values := make([]any, len(columns))
		at := make([]any, len(columns))
		for i := range values {
			at[i] = &values[i]
		}
		if err := rows.Scan(at...); err != nil {
			t.Fatal(err)
		}
		row := map[string]string{}
		for i, c := range columns[1:] {
			row[c] = fmt.Sprint(values[i+1])
		}
		out[fmt.Sprint(values[0])] = row
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// mutation changes a plan, directed by bytes.
type mutation struct {
	program []byte
	pool    map[reflect.Type][]reflect.Value // values of the plan, to put elsewhere
	places  []reflect.Value
}

func (m *mutation) next() int {
	if len(m.program) == 0 {
		return 0
	}
	b := m.program[0]
	m.program = m.program[1:]
	return int(b)
}

// apply makes changes until the program ends.
func (m *mutation) apply(p *plan.Plan) {
	for range 8 {
		if len(m.program) < 2 {
			return
		}
		m.pool, m.places = map[reflect.Type][]reflect.Value{}, nil
		m.walk(reflect.ValueOf(p).Elem())
		m.change(m.places[(m.next()<<8+m.next())%len(m.places)])
	}
}

// walk collects the changeable places of a value.
func (m *mutation) walk(v reflect.Value) {
	m.places = append(m.places, v)
	m.pool[v.Type()] = append(m.pool[v.Type()], v)
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			m.walk(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			m.walk(v.Index(i))
		}
	case reflect.Pointer:
		if !v.IsNil() {
			m.walk(v.Elem())
		}
	}
}

// change changes one place.
func (m *mutation) change(v reflect.Value) {
	like := func() reflect.Value {
		of := m.pool[v.Type()]
		return reflect.ValueOf(of[m.next()%len(of)].Interface())
	}
	switch how := m.next(); v.Kind() {
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int:
		v.SetInt(int64(how%5) - 1)
	case reflect.String:
		if odd := []string{"", "\x1b[2J", strings.Repeat("x", 70_000), "1) OR (1=1", "nothing", "delete", "keep", "detach"}; how%4 == 0 {
			v.SetString(odd[m.next()%len(odd)])
			return
		}
		v.Set(like())
	case reflect.Slice:
		n := v.Len()
		switch {
		case how%5 == 0 || n == 0:
			v.Set(like())
		case how%5 == 1: // one less
			i := m.next() % n
			v.Set(reflect.AppendSlice(reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, n), v.Slice(0, i)), v.Slice(i+1, n)))
		case how%5 == 2: // one twice
			v.Set(reflect.Append(v, v.Index(m.next()%n)))
		case how%5 == 3: // two swapped
			reflect.Swapper(v.Interface())(m.next()%n, m.next()%n)
		default:
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
	case reflect.Pointer:
		if how%2 == 0 {
			v.SetZero()
			return
		}
		if v.Set(like()); v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
	case reflect.Struct:
		if v.CanSet() {
			v.Set(like())
		}
	}
}

// Each of these was once carried out, or crashed the process.
func TestAPlanThatBuildDoesNotMakeIsRefused(t *testing.T) {
	h := newHostileHouse(t)
	root := func(p *plan.Plan) *plan.Root { return &p.Roots[0] }
	step := func(p *plan.Plan, op plan.Op, table string) *plan.Step {
		r := root(p)
		i := slices.IndexFunc(r.Steps, func(s plan.Step) bool { return s.Op == op && s.Table.Table == table })
		return &r.Steps[i]
	}
	without := func(p *plan.Plan, op plan.Op, table string) {
		r := root(p)
		r.Steps = slices.DeleteFunc(r.Steps, func(s plan.Step) bool { return s.Op == op && s.Table.Table == table })
	}
	table := func(p *plan.Plan, name string) *plan.Table {
		r := root(p)
		return &r.Tables[slices.IndexFunc(r.Tables, func(t plan.Table) bool { return t.Name.Table == name })]
	}
	tests := []struct {
		name   string
		which  int  // of the house's plans
		as     bool // the file is unchanged: IDs, digests and paths aren't mended
		change func(p *plan.Plan)
		want   string
		late   bool // only the schema tells
	}{
		{name: "a step's ID twice", as: true, change: func(p *plan.Plan) { root(p).Steps[1].ID = root(p).Steps[0].ID }, want: "steps[1].id"},
		{name: "a root twice", change: func(p *plan.Plan) { p.Roots = append(p.Roots, p.Roots[0]) }, want: "roots[1]: listed twice"},
		{name: "a table twice", which: 1, change: func(p *plan.Plan) { p.Roots = append(p.Roots, p.Roots[0]) }, want: "listed twice"},
		{name: "no policy's digest", as: true, change: func(p *plan.Plan) { p.Policy = "" }, want: "policy: not a SHA-256"},
		{name: "no schema's digest", as: true, change: func(p *plan.Plan) { p.Schema = "" }, want: "schema: not a SHA-256"},
		{name: "no step for the subject's row", change: func(p *plan.Plan) { without(p, plan.Delete, "person") }, want: "no step deletes its rows"},
		{name: "no root", change: func(p *plan.Plan) { p.Roots = nil }, want: "roots: none"},
		{name: "an unknown erase", change: func(p *plan.Plan) { root(p).Tables[0].Erase = "forget" }, want: "tables[0].erase"},
		{name: "an unknown decision of a way", change: func(p *plan.Plan) { table(p, "bill").Reach[0].Erase = "forget" }, want: "reach[0].erase"},
		{name: "an unknown operation", change: func(p *plan.Plan) { step(p, plan.Delete, "person").Op = "forget" }, want: ".op: not"},
		{name: "an unknown scope", change: func(p *plan.Plan) { p.Scope = "some" }, want: "scope: not"},
		{name: "a text without end", as: true, change: func(p *plan.Plan) { p.Controller = strings.Repeat("x", 1<<20) }, want: "controller"},
		{name: "an escape sequence in a path", as: true, change: func(p *plan.Plan) { root(p).Steps[0].Path += "\x1b[2J" }, want: "path: has control characters"},
		{name: "another path", as: true, change: func(p *plan.Plan) { root(p).Steps[0].Path = "vote" }, want: "path: not the path to the table"},
		{name: "an escape sequence in a reason", as: true, change: func(p *plan.Plan) { p.Hazards[0].Reason += "\x1b]0;x\a" }, want: "reason: has control characters"},
		{name: "a text that runs the other way", as: true, change: func(p *plan.Plan) { table(p, "bill").Hold.Because = "\u202edlot" }, want: "hold.because: has control characters"},
		{name: "a subject without a key", as: true, change: func(p *plan.Plan) { p.Subject.Key = nil }, want: "subject.key"},
		{name: "a key that the table lacks", change: func(p *plan.Plan) {
			p.Subject.Key, root(p).Tables[0].Key = []string{"number"}, []string{"number"}
			table(p, "log").Reach[0].ScanOnce = false
		}, want: "has no column number", late: true},
		{name: "a key that isn't one", change: func(p *plan.Plan) { table(p, "bill").Key = []string{"paid"} }, want: "unique NOT NULL key", late: true},
		{name: "a way from nowhere", change: func(p *plan.Plan) { table(p, "line").Reach[0].RefTable = dialect.Name{Table: "vote2"} }, want: "not from a table before"},
		{name: "a way by fewer columns", change: func(p *plan.Plan) { table(p, "line").Reach[0].RefColumns = nil }, want: "refColumns"},
		{name: "a way by another column", change: func(p *plan.Plan) { table(p, "line").Reach[0].Columns = []string{"line_id"} }, want: "foreign key not found", late: true},
		{name: "a hold by a column that is no date", change: func(p *plan.Plan) { table(p, "bill").Hold.Until.Column = "bill_id" }, want: "is not a date", late: true},
		{name: "a hold by a column that the table lacks", change: func(p *plan.Plan) { table(p, "bill").Hold.Until.Column = "due" }, want: "has no column due", late: true},
		{name: "a condition that takes every row", change: func(p *plan.Plan) { table(p, "log").Reach[0].Where = "kind = 'person') or (1 = 1" }, want: "the condition"},
		{name: "an unknown strategy", which: 3, change: func(p *plan.Plan) { step(p, plan.Overwrite, "person").Set[0].Strategy.Name = "leave" }, want: "strategy: unknown"},
		{name: "a value that is only said to be replaced", which: 3, change: func(p *plan.Plan) { step(p, plan.Overwrite, "person").Set[1].Strategy.Name = "keep" }, want: "strategy: unknown"},
		{name: "another technique", which: 3, change: func(p *plan.Plan) { step(p, plan.Overwrite, "person").Set[0].Technique = "magic" }, want: "technique"},
		{name: "a table that is left to the database's cascade", change: func(p *plan.Plan) {
			without(p, plan.Delete, "line")
			r := root(p)
			r.Tables = slices.DeleteFunc(r.Tables, func(t plan.Table) bool { return t.Name.Table == "line" })
		}, want: "has no decision for its rows", late: true},
		{name: "children after their parents", change: func(p *plan.Plan) {
			r := root(p)
			i := slices.IndexFunc(r.Steps, func(s plan.Step) bool { return s.Op == plan.Delete && s.Table.Table == "line" })
			j := slices.IndexFunc(r.Steps, func(s plan.Step) bool { return s.Op == plan.Delete && s.Table.Table == "bill" })
			r.Steps[i], r.Steps[j] = r.Steps[j], r.Steps[i]
		}, want: "are deleted after it", late: true},
		{name: "everything without its hazards", which: 1, as: true, change: func(p *plan.Plan) { p.Hazards = nil }, want: "OVERWRITES_EVERYTHING of table"},
		{name: "a hazard that the schema tells of", change: func(p *plan.Plan) {
			p.Hazards = slices.DeleteFunc(p.Hazards, func(h plan.Hazard) bool { return h.Name == plan.UnindexedLink })
		}, want: "UNINDEXED_LINK", late: true},
		{name: "fewer tables than it touches", as: true, change: func(p *plan.Plan) { p.Covers = p.Covers[1:] }, want: "covers"},
		{name: "a detach of what can't be NULL", change: func(p *plan.Plan) { step(p, plan.Detach, "call").Detach.Columns = []string{"caller"} }, want: "detach"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := plan.Decode(h.plans[test.which])
			if err != nil {
				t.Fatal(err)
			}
			test.change(p)
			if !test.as {
				h.mend(p)
			}
			data, err := p.Encode()
			if err != nil {
				t.Fatal(err)
			}
			_, err = plan.Decode(data)
			if !test.late {
				if !errors.Is(err, plan.ErrInvalid) || !strings.Contains(err.Error(), test.want) {
					t.Errorf("Decode's error %v, want one about %q", err, test.want)
				}
			} else if err != nil {
				t.Errorf("Decode's error %v", err)
			}
			db := openHouse(t, house...)
			o := options(p, "hostile", "1")
			_, run := erase.Run(t.Context(), db.DB, p, o)
			_, preview := erase.Preview(t.Context(), db.DB, p, o)
			_, rehearse := erase.Rehearse(t.Context(), db.DB, p, withSample(o, 1))
			_, samples := erase.Samples(t.Context(), db.DB, p, withSample(o, 1))
			for what, err := range map[string]error{"Run": run, "Preview": preview, "Rehearse": rehearse, "Samples": samples} {
				if !errors.Is(err, plan.ErrInvalid) || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%s: error %v, want one about %q", what, err, test.want)
				}
			}
			if db.journaled(t) {
				t.Error("a journal was made")
			}
		})
	}
}

// A signer that can't sign is noticed before any row is deleted.
func TestARunThatCouldNotBeSignedIsNotBegun(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, deletes, plan.ScopeSubjects)
		o := options(p, "mute", "1")
		o.Signers = []receipt.Signer{muteSigner{o.Signers[0]}}
		if report, err := erase.Run(t.Context(), db.DB, p, o); report.Receipt != nil || err == nil || !strings.Contains(err.Error(), "not started") {
			t.Errorf("receipt %t, error %v", report.Receipt != nil, err)
		}
		o = options(p, "extended", "1")
		o.Request = &receipt.Request{Extension: &receipt.Extension{}}
		if report, err := erase.Run(t.Context(), db.DB, p, o); report.Receipt != nil || err == nil || !strings.Contains(err.Error(), "request.extension") {
			t.Errorf("an extension without a reason: receipt %t, error %v", report.Receipt != nil, err)
		}
		if n := db.count(t, "SELECT count(*) FROM member"); n != 4 {
			t.Errorf("%d members are left", n)
		}
		if db.journaled(t) {
			t.Error("a journal was made")
		}
	})
}

// muteSigner is an unreachable key.
type muteSigner struct{ receipt.Signer }

func (muteSigner) Sign(context.Context, []byte) ([]byte, error) {
	return nil, errors.New("the key can't be reached")
}

// A plan file has one form, one JSON value: a repetition is refused, too.
func TestAPlanFileHasABound(t *testing.T) {
	if _, err := plan.Decode(bytes.Repeat([]byte{' '}, plan.MaxSize+1)); !errors.Is(err, plan.ErrInvalid) {
		t.Errorf("error %v", err)
	}
}
