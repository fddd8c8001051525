//go:build unix

package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// planTables is the number of tables in a wide schema, a tenth of it for few rows; planKeys is the
// number of foreign keys in each.
const (
	planTables = 1000
	planKeys   = 3
)

// planning reads the catalogue of a wide schema and builds a plan over it.
func planning(t *testing.T, e *engine, n int) []result {
	tables := planTables
	if n <= durableFrom {
		tables /= 10
	}
	db := e.fresh(func(db *database) { db.exec(wide(tables)...) })
	rules, err := policy.Parse(strings.NewReader(widePolicy(tables)))
	if err != nil {
		t.Fatal(err)
	}
	r := result{Work: fmt.Sprintf("plan over %d tables and %d foreign keys", tables, tables*planKeys), Engine: e.String(),
		GoalText: "≤ 1 s, catalogue ≤ 3 s"}
	read := &readOnce{DB: db.DB}
	catalogue := timed(func() { _, err = read.Inspect(t.Context()) })
	if err != nil {
		t.Fatal(err)
	}
	var p *plan.Plan
	r.Expunge = timed(func() { p, err = plan.Build(t.Context(), read, rules, plan.ScopeSubjects) })
	if err != nil {
		t.Fatal(err)
	}
	keys := 0
	for _, table := range read.schema.Tables {
		keys += len(table.ForeignKeys)
	}
	if len(p.Roots[0].Tables) != tables || keys != tables*planKeys {
		t.Errorf("the plan has %d tables and the catalogue %d foreign keys", len(p.Roots[0].Tables), keys)
	}
	r.Note = fmt.Sprintf("catalogue read in %.2f s", catalogue.Seconds())
	r.meets(r.Expunge <= time.Second && catalogue <= 3*time.Second)
	r.Intact = "nothing is written"
	return []result{r}
}

// readOnce is a database whose catalogue is read once.
type readOnce struct {
	dialect.DB
	schema *dialect.Schema
}

func (r *readOnce) Inspect(ctx context.Context) (*dialect.Schema, error) {
	var err error
	if r.schema == nil {
		r.schema, err = r.DB.Inspect(ctx)
	}
	return r.schema, err
}

// wide returns statements that create the tables, many at a time. Each table refers to three
// others; the subject's refers to three that refer to it, in cycles.
func wide(tables int) []string {
	var made, keys []string
	for i := range tables {
		columns, constraints := []string{"id BIGINT PRIMARY KEY", "body VARCHAR(80)"}, []string{}
		for k := range planKeys {
			columns = append(columns, fmt.Sprintf("to%d BIGINT", k))
			constraints = append(constraints, fmt.Sprintf("ADD CONSTRAINT fk%04d_%d FOREIGN KEY (to%d) REFERENCES t%04d (id)", i, k, k, wideTarget(i, k)))
		}
		made = append(made, fmt.Sprintf("CREATE TABLE t%04d (%s)", i, strings.Join(columns, ", ")))
		keys = append(keys, fmt.Sprintf("ALTER TABLE t%04d %s", i, strings.Join(constraints, ", ")))
		for k := range planKeys {
			keys = append(keys, fmt.Sprintf("CREATE INDEX ix%04d_%d ON t%04d (to%d)", i, k, i, k))
		}
	}
	var out []string
	for some := range slices.Chunk(append(made, keys...), 250) {
		out = append(out, strings.Join(some, "; "))
	}
	return out
}

// wideTarget is the target of table i's kth reference.
func wideTarget(i, k int) int {
	if i == 0 {
		return 1 + k
	}
	return []int{i / 2, i / 3, i * 7 / 10}[k]
}

// widePolicy deletes a subject's rows from all of them.
func widePolicy(tables int) string {
	var b strings.Builder
	b.WriteString("version: 1\ndatabase: wide\nsubject: {table: t0000, key: id}\ntables:\n")
	for i := range tables {
		via := ""
		if i == 0 {
			via = "    via: {to0: detach, to1: detach, to2: detach}\n" // a row that refers to a subject's row may be another's
		}
		fmt.Fprintf(&b, "  t%04d:\n    erase: delete\n%s    columns: {id: none, to0: none, to1: none, to2: none, body: {pii: free-text, overwrite: random}}\n", i, via)
	}
	return b.String()
}
