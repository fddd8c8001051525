package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/render"
)

var _ dialect.Rekeyer = (*DB)(nil)

// Rekey changes all the tables in one statement. PostgreSQL runs the triggers of foreign keys,
// those of ON UPDATE RESTRICT and CASCADE too, at the end of the statement. They then find every
// reference intact.
// https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-MODIFYING
func (db *DB) Rekey(ctx context.Context, in dialect.Tx, updates []dialect.BulkUpdate) ([]int64, error) {
	t := in.(*tx)
	if len(updates) == 0 {
		return nil, nil
	}
	st, err := t.newBuilder(ctx).renderRekey(updates)
	if err != nil {
		return nil, err
	}
	var out []int64
	for row, err := range t.streamRows(ctx, "overwrite", st) {
		if err != nil {
			return nil, err
		}
		for _, n := range row {
			out = append(out, numberOf(n))
		}
	}
	return out, nil
}

// renderRekey renders one UPDATE for each table: a statement can't change a row twice, so that
// several updates of one table are joined by the row's address.
func (b *builder) renderRekey(updates []dialect.BulkUpdate) (statement, error) {
	var tables []dialect.Name
	for _, u := range updates {
		if !slices.Contains(tables, u.Table) {
			tables = append(tables, u.Table)
		}
	}
	counts := make([]string, len(updates))
	for n, name := range tables {
		b.WriteString([]string{"WITH ", ", "}[min(n, 1)])
		var mine []dialect.BulkUpdate
		for i, u := range updates {
			if u.Table == name {
				mine = append(mine, u)
				counts[i] = fmt.Sprintf("(SELECT pg_catalog.count(*) FROM u%d WHERE u%[1]d.h%d)", n+1, len(mine))
			}
		}
		b.rekeyTable(fmt.Sprintf("u%d", n+1), mine)
	}
	b.WriteString(" SELECT " + strings.Join(counts, ", "))
	return b.finishStatement(updates[len(updates)-1].Table)
}

// rekeyTable renders the UPDATE of one table. In its rows h1, h2, … say which updates found them.
func (b *builder) rekeyTable(as string, updates []dialect.BulkUpdate) {
	r := b.relationOf(updates[0].Table)
	var from strings.Builder
	var hits, columns []string
	part, at, picked := "", "", ""
	values := map[string]string{} // a column → the branches of its CASE
	for i, u := range updates {
		key, set, rows := b.renderBulk(r, u)
		if len(key) == 0 || len(set) == 0 {
			b.Unsupported(u.Table, "a bulk update needs a key and columns to set")
		}
		hit := fmt.Sprintf("h%d", i+1)
		hits = append(hits, hit)
		picked += ", " + hit + "s." + hit
		fmt.Fprintf(&from, "%s(SELECT t.tableoid AS part, t.ctid AS at, true AS %s", []string{"", " FULL JOIN "}[min(i, 1)], hit)
		for j, c := range set {
			value := fmt.Sprintf("%sv%d", hit, j+1)
			fmt.Fprintf(&from, ", v.v%d AS %s", len(key)+j+1, value)
			picked += ", " + hit + "s." + value
			if values[c.name] == "" {
				columns = append(columns, c.name)
			}
			values[c.name] += " WHEN s." + hit + " THEN " + c.castElement("s."+value)
		}
		fmt.Fprintf(&from, " FROM %s JOIN %s AS t ON %s) AS %s", rows, r.fromClause(), b.renderKeyEquals(key, "t", "v.v"), hit+"s")
		if i == 0 {
			part, at = hit+"s.part", hit+"s.at"
			continue
		}
		fmt.Fprintf(&from, " ON %s %s %ss.part AND %s %s %[3]ss.at", part, qualifiedOperator("="), hit, at, qualifiedOperator("="))
		part, at = "coalesce("+part+", "+hit+"s.part)", "coalesce("+at+", "+hit+"s.at)"
	}
	b.WriteString(as + " AS (UPDATE " + r.fromClause() + " AS t SET " + render.List(columns, func(name string) string {
		return quoteIdent(name) + " = CASE" + values[name] + " ELSE t." + quoteIdent(name) + " END"
	}))
	b.WriteString(" FROM (SELECT " + part + " AS part, " + at + " AS at" + picked + " FROM " + from.String() + ") AS s WHERE t.ctid " + qualifiedOperator("=") +
		" s.at AND t.tableoid " + qualifiedOperator("=") + " s.part RETURNING " +
		render.List(hits, func(h string) string { return "s." + h }) + ")")
}
