package erase_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// A world is a small database with any possible references, and a policy for it. Each table has a key,
// a personal column, and a column for holds on the row.
type world struct {
	tables []string // the first is the subjects'
	refs   []*worldRef
	policy *policy.Policy
	rows   map[string]map[int]*worldRow
	chosen []int // the subjects to erase
	limit  int   // rows of a batch, 0: any
}

type worldRef struct {
	from, column, to string
	null, link, owns bool
	indexed          bool
	held             bool // the link applies to rows with held = 1 only
	action           string
	via              policy.Erase // "": the table's decision
}

type worldRow struct {
	personal string
	held     bool
	to       map[string]int // column → key; absent: NULL
}

const subjects, personal, replaced = "person", "old", "new"

func drawWorld(t *rapid.T) *world {
	w := &world{rows: map[string]map[int]*worldRow{}, policy: &policy.Policy{
		Version: 1, Database: "world", Subject: policy.Subject{Table: subjects},
	}}
	chance := func(percent int, what string) bool { return rapid.IntRange(0, 99).Draw(t, what) < percent }
	w.tables = append(w.tables, subjects)
	for i := range rapid.IntRange(1, 4).Draw(t, "tables") {
		w.tables = append(w.tables, fmt.Sprintf("t%d", i+1))
	}
	for i := range rapid.IntRange(1, 8).Draw(t, "references") {
		r := &worldRef{
			from: rapid.SampledFrom(w.tables).Draw(t, "from"), column: fmt.Sprintf("c%d", i+1),
			to:   rapid.SampledFrom(w.tables).Draw(t, "to"),
			null: chance(60, "null"), link: chance(15, "link"), indexed: chance(40, "indexed"), action: "NO ACTION",
		}
		actions := []string{"NO ACTION", "NO ACTION", "NO ACTION", "CASCADE", "RESTRICT"}
		if r.null {
			actions = append(actions, "SET NULL")
		}
		r.action = rapid.SampledFrom(actions).Draw(t, "action")
		switch {
		case r.from == subjects && r.null:
			r.via = rapid.SampledFrom([]policy.Erase{policy.EraseDetach, policy.EraseKeep}).Draw(t, "via")
		case r.from == subjects:
			r.via = policy.EraseKeep
		case chance(30, "by itself"):
			choices := []policy.Erase{policy.EraseDelete, policy.EraseOverwrite, policy.EraseKeep}
			if r.null {
				choices = append(choices, policy.EraseDetach, policy.EraseDetach)
			}
			r.via = rapid.SampledFrom(choices).Draw(t, "via")
		}
		w.refs = append(w.refs, r)
	}
	// An owned row is referenced by its owner, and has no reference of its own to a subject.
	for _, r := range w.refs {
		if r.to != subjects && r.to != r.from && chance(25, "owns") {
			r.owns = true
		}
		r.held = r.link && !r.owns && chance(40, "conditional")
	}
	for _, name := range w.tables {
		rule := policy.Table{Name: name, Columns: []policy.Column{
			{Name: "id", PII: "none"}, {Name: "held", PII: "none"},
			{Name: "p", PII: "name", Overwrite: &anonymise.Spec{Name: "fixed", Params: replaced}},
		}}
		rule.Erase = rapid.SampledFrom([]policy.Erase{policy.EraseDelete, policy.EraseDelete, policy.EraseDelete, policy.EraseOverwrite, policy.EraseKeep}).Draw(t, "erase")
		if name == subjects && rule.Erase == policy.EraseKeep {
			rule.Erase = policy.EraseDelete
		}
		for _, r := range w.refs {
			if r.from != name {
				continue
			}
			rule.Columns = append(rule.Columns, policy.Column{Name: r.column, PII: "none"})
			if r.via != "" {
				rule.Via = append(rule.Via, policy.Via{Columns: []string{r.column}, Erase: r.via})
			}
			if r.link {
				l := policy.Link{Table: r.from, Columns: []string{r.column}, RefTable: r.to, RefColumns: []string{"id"}}
				if r.held {
					l.Where = "held = 1"
				}
				w.policy.Links = append(w.policy.Links, l)
			}
			if r.owns {
				w.policy.Owns = append(w.policy.Owns, policy.Owns{Table: r.from, Columns: []string{r.column}, RefTable: r.to})
			}
		}
		if chance(20, "everything") {
			rule.Everything = policy.EraseDelete
		}
		if chance(20, "hold") {
			rule.Hold = &policy.Hold{Because: "a reason", Where: "held = 1"}
			if chance(50, "partly") {
				rule.Hold.Keep = []string{"held"}
			}
		}
		w.policy.Tables = append(w.policy.Tables, rule)
	}
	w.drawRows(t, chance)
	return w
}

func (w *world) drawRows(t *rapid.T, chance func(int, string) bool) {
	counts := map[string]int{}
	for _, name := range w.tables {
		counts[name] = rapid.IntRange(1, 5).Draw(t, "rows")
	}
	for _, name := range w.tables {
		w.rows[name] = map[int]*worldRow{}
		for id := 1; id <= counts[name]; id++ {
			row := &worldRow{personal: personal, held: chance(25, "held"), to: map[string]int{}}
			for _, r := range w.refs {
				if r.from == name && (!r.null || !chance(30, "no reference")) {
					row.to[r.column] = rapid.IntRange(1, counts[r.to]).Draw(t, "key")
				}
			}
			w.rows[name][id] = row
		}
	}
	for id := 1; id <= counts[subjects]; id++ {
		if id == 1 || chance(30, "chosen") {
			w.chosen = append(w.chosen, id)
		}
	}
	w.limit = rapid.SampledFrom([]int{0, 0, 3}).Draw(t, "limit")
}

// plan builds the world's plan. Unreachable tables get their reason.
func (w *world) plan(ctx context.Context, db dialect.DB, scope plan.Scope) (*plan.Plan, error) {
	p, err := plan.Build(ctx, db, w.policy, scope)
	var refused *policy.Error
	if !errors.As(err, &refused) {
		return p, err
	}
	for _, problem := range refused.Problems {
		if strings.Contains(problem.String(), "`unlinked:`") {
			w.rule(problem.Table[strings.LastIndex(problem.Table, ".")+1:]).Unlinked = "nobody's"
		}
	}
	return plan.Build(ctx, db, w.policy, scope)
}

// script is the world in SQL. On PostgreSQL foreign keys come after the rows, since these may refer to
// each other in a cycle.
func (w *world) script(engine string) string {
	var b, keys strings.Builder
	for _, name := range w.tables {
		fmt.Fprintf(&b, "CREATE TABLE %s (id INTEGER PRIMARY KEY, p TEXT NOT NULL, held INTEGER NOT NULL", name)
		for _, r := range w.refs {
			if r.from != name {
				continue
			}
			fmt.Fprintf(&b, ", %s INTEGER", r.column)
			if !r.null {
				b.WriteString(" NOT NULL")
			}
			switch {
			case r.link:
			case engine == sample.Postgres:
				fmt.Fprintf(&keys, "ALTER TABLE %s ADD FOREIGN KEY (%s) REFERENCES %s (id) ON DELETE %s;\n", name, r.column, r.to, r.action)
			default:
				fmt.Fprintf(&b, " REFERENCES %s (id) ON DELETE %s", r.to, r.action)
			}
		}
		b.WriteString(");\n")
	}
	for _, name := range w.tables {
		for _, id := range slices.Sorted(maps.Keys(w.rows[name])) {
			b.WriteString(w.rows[name][id].insert(name, id) + ";\n")
		}
	}
	for _, r := range w.refs {
		if r.indexed {
			keys.WriteString(r.createIndex() + ";\n")
		}
	}
	return b.String() + keys.String()
}

func (r *worldRef) createIndex() string {
	return fmt.Sprintf("CREATE INDEX i_%s ON %s (%[1]s)", r.column, r.from)
}

func (row *worldRow) insert(table string, id int) string {
	held := map[bool]int{true: 1}[row.held]
	columns, values := "id, p, held", fmt.Sprintf("%d, '%s', %d", id, row.personal, held)
	for _, c := range slices.Sorted(maps.Keys(row.to)) {
		columns += ", " + c
		values += fmt.Sprintf(", %d", row.to[c])
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, columns, values)
}

// after reads the current rows.
func (w *world) after(t interface{ Fatal(...any) }, db *sql.DB) map[string]map[int]*worldRow {
	out := map[string]map[int]*worldRow{}
	for _, name := range w.tables {
		out[name] = map[int]*worldRow{}
		columns := []string{"id", "p", "held"}
		for _, r := range w.refs {
			if r.from == name {
				columns = append(columns, r.column)
			}
		}
		rows, err := db.Query("SELECT " + strings.Join(columns, ", ") + " FROM " + name)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id int
			row := &worldRow{to: map[string]int{}}
			keys := make([]sql.NullInt64, len(columns)-3)
			into := []any{&id, &row.personal, &row.held}
			for i := range keys {
				into = append(into, &keys[i])
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			for i, k := range keys {
				if k.Valid {
					row.to[columns[i+3]] = int(k.Int64)
				}
			}
			out[name][id] = row
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil { //nolint:sqlclosecheck // a defer would keep all tables open at once
			t.Fatal(err)
		}
	}
	return out
}

func (w *world) rule(table string) *policy.Table {
	i := slices.IndexFunc(w.policy.Tables, func(t policy.Table) bool { return t.Name == table })
	return &w.policy.Tables[i]
}

// decision is the policy's for a row reached by r.
func (w *world) decision(r *worldRef) policy.Erase { return cmp.Or(r.via, w.rule(r.from).Erase) }

// place names a row.
type place struct {
	table string
	id    int
}

// fate is the outcome of a row by a plain reading of the policy.
type fate struct {
	erase policy.Erase
	held  bool
	owned bool
}

// target is the key of the row referenced by r, if any.
func (r *worldRef) target(row *worldRow) (int, bool) {
	id, ok := row.to[r.column]
	return id, ok && (!r.held || row.held)
}

// own reports whether a hold of its own table covers the row.
func (w *world) own(p place) bool { return w.rule(p.table).Hold != nil && w.rows[p.table][p.id].held }

// closure reads the policy plainly. Rows referring to a row of the closure belong to it, and so do the
// rows that its rows own; other subjects never do.
func (w *world) closure() map[place]*fate {
	rank := map[policy.Erase]int{policy.EraseDelete: 3, policy.EraseOverwrite: 2, policy.EraseKeep: 1}
	out := map[place]*fate{}
	reach := func(p place, e policy.Erase, held, owned bool) bool {
		held = held || w.own(p)
		f := out[p]
		if f == nil {
			out[p] = &fate{e, held, owned}
			return true
		}
		changed := rank[e] > rank[f.erase] || held && !f.held
		if rank[e] > rank[f.erase] {
			f.erase = e
		}
		f.held = f.held || held
		return changed
	}
	for _, id := range w.chosen {
		reach(place{subjects, id}, w.rule(subjects).Erase, false, false)
	}
	for again := true; again; {
		again = false
		for p, f := range maps.Clone(out) {
			for _, r := range w.refs {
				if r.owns && r.from == p.table {
					id, ok := r.target(w.rows[p.table][p.id])
					h := w.rule(p.table).Hold
					held := f.held && (!w.own(p) || h.Keep == nil || slices.Contains(h.Keep, r.column))
					again = ok && reach(place{r.to, id}, w.rule(r.to).Erase, held, true) || again
				}
				if r.to != p.table || r.from == subjects || f.owned || w.decision(r) == policy.EraseDetach {
					continue
				}
				for id, row := range w.rows[r.from] {
					if k, ok := r.target(row); ok && k == p.id {
						again = reach(place{r.from, id}, w.decision(r), f.held, false) || again
					}
				}
			}
		}
	}
	return out
}

// TestPropertyEveryPlanKeepsItsPromises erases subjects of random small databases under any policy that
// Build accepts, and checks each row afterwards.
func TestPropertyEveryPlanKeepsItsPromises(t *testing.T) {
	built, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		all++
		db, err := sql.Open("sqlite", "file::memory:?_pragma=foreign_keys(0)")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		db.SetMaxOpenConns(1)
		if _, err := db.Exec(w.script(sample.SQLite) + "PRAGMA foreign_keys = 1"); err != nil {
			t.Fatal(err)
		}
		p, err := w.plan(context.Background(), sqlite.New(db), plan.ScopeSubjects)
		var refused *policy.Error
		if errors.As(err, &refused) && w.giveReasons(refused) {
			p, err = plan.Build(context.Background(), sqlite.New(db), w.policy, plan.ScopeSubjects)
		}
		if errors.As(err, &refused) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		built++
		var keys []string
		for _, id := range w.chosen {
			keys = append(keys, fmt.Sprint(id))
		}
		_, err = erase.Run(context.Background(), sqlite.New(db), p, erase.Options{
			RunID: "world", Subjects: erase.SubjectKeys(keys...), Signers: signers(), Allow: allowAll(p), MaxRows: w.limit, Now: clock, Attempts: 3,
		})
		if err != nil {
			t.Fatalf("%v\nsubjects %v\n%s\n%s", err, w.chosen, p, w.script(sample.SQLite))
		}
		broken := w.broken(w.after(t, db))
		var n int
		if err := db.QueryRow("SELECT count(*) FROM pragma_foreign_key_check").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			broken = append(broken, fmt.Sprintf("%d rows refer to nothing", n))
		}
		if broken != nil {
			t.Fatalf("%s\nsubjects %v, at most %d rows a batch\n%s\n%s", strings.Join(broken, "\n"), w.chosen, w.limit, p, w.script(sample.SQLite))
		}
	})
	if built*4 < all {
		t.Errorf("only %d of %d policies were taken: the property says too little", built, all)
	}
}

// giveReasons gives a reason for each unreachable table, and reports whether there was one.
func (w *world) giveReasons(refused *policy.Error) bool {
	given := false
	for _, problem := range refused.Problems {
		for i := range w.policy.Tables {
			if t := &w.policy.Tables[i]; t.Name == problem.Table && strings.Contains(problem.Reason, "`unlinked:` under tables."+t.Name) {
				t.Unlinked, given = "nothing leads to it", true
			}
		}
	}
	return given
}

// broken lists the promises broken by the rows after a run.
func (w *world) broken(after map[string]map[int]*worldRow) []string {
	return w.brokenAmong(after, func(*fate) bool { return true })
}

// brokenAmong is broken for rows of that fate only; it is nil for rows of no subject.
func (w *world) brokenAmong(after map[string]map[int]*worldRow, these func(*fate) bool) []string {
	var out []string
	closure := w.closure()
	for _, table := range w.tables {
		for id := range after[table] {
			if w.rows[table][id] == nil {
				out = append(out, fmt.Sprintf("%s %d: nobody has inserted it", table, id))
			}
		}
		for id := range w.rows[table] {
			if p := (place{table, id}); these(closure[p]) {
				out = append(out, w.brokenRow(p, closure, after)...)
			}
		}
	}
	slices.Sort(out)
	return out
}

// brokenRow lists the promises broken by one row.
func (w *world) brokenRow(p place, closure map[place]*fate, after map[string]map[int]*worldRow) (out []string) {
	before, now, f := w.rows[p.table][p.id], after[p.table][p.id], closure[p]
	say := func(format string, args ...any) {
		out = append(out, fmt.Sprintf("%s %d: ", p.table, p.id)+fmt.Sprintf(format, args...))
	}
	if now == nil {
		if f == nil || f.erase != policy.EraseDelete || w.own(p) || f.held && w.limit == 0 {
			say("was deleted, and should not be: %+v", f)
		}
		return out
	}
	w.references(p, before, now, closure, after, say)
	shared := f != nil && f.owned && w.sharedBy(p, closure)
	switch {
	case f == nil, f.erase == policy.EraseKeep, shared, w.own(p) && w.rule(p.table).Hold.Keep == nil:
		if now.personal != before.personal {
			say("was overwritten, and should not be: %+v", f)
		}
	case f.owned && w.limit > 0 && now.personal == personal:
		// Its owners may be in several batches, and each of these counts it as the others'.
	case w.own(p), f.erase == policy.EraseOverwrite:
		if now.personal != replaced {
			say("was not overwritten: %+v", f)
		}
	case f.held && w.limit > 0: // by a reference from a row that may be in another batch
	case f.held:
		if now.personal != personal {
			say("was overwritten under another row's hold")
		}
	default:
		if now.personal != replaced {
			say("stayed, and was not overwritten: %+v", f)
		}
		if w.limit == 0 && !w.wanted(p, after) {
			say("stayed, and nothing refers to it: %+v", f)
		}
	}
	return out
}

// references checks the result for a row's references.
func (w *world) references(p place, before, now *worldRow, closure map[place]*fate, after map[string]map[int]*worldRow, say func(string, ...any)) {
	for _, r := range w.refs {
		if r.from != p.table {
			continue
		}
		was, had := before.to[r.column]
		is, has := now.to[r.column]
		_, counts := r.target(before)
		to := place{r.to, was}
		switch {
		case had && !has && !counts:
			say("%s was set NULL, and its condition doesn't hold", r.column)
		case had && !has:
			gone := after[r.to][was] == nil
			decided := w.decision(r) == policy.EraseDetach && closure[to] != nil
			f := closure[p]
			switch {
			case !decided && (!gone || f == nil):
				say("%s was set NULL without a reason", r.column)
			case !decided && f.held && w.own(p) && w.rule(p.table).Hold.Keep == nil:
				say("%s was set NULL under a hold", r.column)
			}
		case had != has || was != is:
			say("%s was changed", r.column)
		case has && counts && closure[p] != nil && after[r.to][is] == nil:
			say("%s refers to nothing", r.column)
		}
	}
}

// sharedBy reports whether a row outside of the closure refers to the row, or to its owner.
func (w *world) sharedBy(p place, closure map[place]*fate) bool {
	seen := map[place]bool{}
	var shared func(p place) bool
	shared = func(p place) bool {
		if seen[p] {
			return false
		}
		seen[p] = true
		for _, r := range w.refs {
			if r.to != p.table {
				continue
			}
			for id, row := range w.rows[r.from] {
				if k, ok := r.target(row); !ok || k != p.id {
					continue
				}
				f := closure[place{r.from, id}]
				if f == nil || f.owned && r.owns && shared(place{r.from, id}) {
					return true
				}
			}
		}
		return false
	}
	return shared(p)
}

// wanted reports whether an existing row, or a subject's in an earlier batch, refers to the row.
func (w *world) wanted(p place, after map[string]map[int]*worldRow) bool {
	for _, r := range w.refs {
		if r.to != p.table {
			continue
		}
		for id, row := range w.rows[r.from] {
			if k, ok := r.target(row); ok && k == p.id && (after[r.from][id] != nil || r.from == subjects) {
				return true
			}
		}
	}
	return false
}
