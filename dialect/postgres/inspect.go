package postgres

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// catalogue collects the results of Inspect's queries; rows refer to each other by OID.
type catalogue struct {
	tx         *tx
	schema     *dialect.Schema
	charset    string
	types      map[string]typ // by OID
	labels     map[string][]string
	collations map[string]collation
	tables     map[string]*dialect.Table // by OID; for a leaf partition its root
	relations  map[string]dialect.Name   // by OID, views too; for a partition its root
	related    map[dialect.Name]*relation
	typed      []typedColumn
	partition  map[string]bool // OIDs of partitions; their own columns and indexes are ignored
}

// own restricts a query to the user's schemas: n is the namespace's alias.
const own = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> '` + journalSchema + `'`

// Inspect reads the catalogue in a fixed number of queries, in one snapshot. Only pg_catalog is on
// the search path, so that the spelling of expressions and types doesn't depend on the session.
func (db *DB) Inspect(ctx context.Context) (*dialect.Schema, error) {
	s := &dialect.Schema{Engine: "postgres"}
	err := db.inReadTx(ctx, "inspect the catalogue", func(t *tx) error {
		c := &catalogue{
			tx: t, schema: s,
			types: map[string]typ{}, labels: map[string][]string{}, collations: map[string]collation{},
			tables: map[string]*dialect.Table{}, relations: map[string]dialect.Name{}, partition: map[string]bool{},
			related: map[dialect.Name]*relation{},
		}
		for _, step := range []func(context.Context) error{
			c.readServer, c.readTypes, c.readLabels, c.readCollations, c.readTables, c.readPartitions,
			c.readColumns, c.readIndexes, c.readConstraints, c.readDomainChecks, c.readViews, c.readTriggers, c.readRules, c.readPublications, c.readIdentities, c.readListings,
		} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		c.sortTables()
		db.cacheRelations(c.related)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (c *catalogue) eachRow(ctx context.Context, sql string, f func(row [][]byte)) error {
	return c.tx.eachRow(ctx, statement{sql: sql}, f)
}

func (c *catalogue) readServer(ctx context.Context) error {
	schema, err := c.tx.defaultSchema(ctx)
	if err != nil {
		return err
	}
	c.schema.Default = schema
	return c.eachRow(ctx, "SELECT current_setting('server_version'), current_setting('server_encoding')", func(row [][]byte) {
		c.schema.Version, c.charset = textOf(row[0]), textOf(row[1])
	})
}

func (c *catalogue) readTables(ctx context.Context) error {
	const q = `
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relrowsecurity::int, c.reltuples::int8, c.relpages, c.relispartition::int
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND ` + own
	return c.eachRow(ctx, q, func(row [][]byte) {
		oid, name, kind := textOf(row[0]), dialect.Name{Schema: textOf(row[1]), Table: textOf(row[2])}, textOf(row[3])
		c.relations[oid] = name
		if kind == "v" || kind == "m" {
			return
		}
		t := &dialect.Table{Name: name, RowSecurity: numberOf(row[4]) == 1, RowEstimate: numberOf(row[5])}
		if t.RowEstimate == 0 && numberOf(row[6]) == 0 {
			t.RowEstimate = -1 // never analysed, in version 13's form
		}
		switch kind {
		case "r":
			t.Address = "ctid"
		case "f":
			t.Unerasable = "a foreign table: erase its rows on the server that keeps them"
		}
		c.tables[oid] = t
		if c.partition[oid] = numberOf(row[7]) == 1; !c.partition[oid] {
			c.schema.Tables = append(c.schema.Tables, t)
		}
	})
}

// readPartitions assigns the leaves of partitioned tables to their roots. The other queries then
// add everything about a leaf to its root.
func (c *catalogue) readPartitions(ctx context.Context) error {
	const q = `
SELECT i.inhrelid, i.inhparent, c.relkind FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition AND c.relkind IN ('r', 'p', 'f')
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ` + own
	parents, leaves := map[string]string{}, map[string]string{}
	err := c.eachRow(ctx, q, func(row [][]byte) {
		parents[textOf(row[0])] = textOf(row[1])
		if kind := textOf(row[2]); kind != "p" {
			leaves[textOf(row[0])] = kind
		}
	})
	if err != nil {
		return err
	}
	root := func(oid string) string {
		for parents[oid] != "" {
			oid = parents[oid]
		}
		return oid
	}
	sums := map[*dialect.Table]int64{}
	for oid := range leaves {
		t, leaf := c.tables[root(oid)], c.tables[oid]
		if t == nil || leaf == nil {
			continue // the parent's schema isn't inspected
		}
		t.Partitions = append(t.Partitions, leaf.Name)
		sums[t] += max(leaf.RowEstimate, 0)
		if leaf.Unerasable != "" {
			t.Unerasable = "its partition " + leaf.Name.String() + " is " + leaf.Unerasable
		}
	}
	for t, n := range sums { // a parent has an estimate only where it was analysed by name
		t.RowEstimate = max(t.RowEstimate, n)
		if n == 0 && t.RowEstimate <= 0 {
			t.RowEstimate = -1
		}
	}
	for oid := range parents {
		if t := c.tables[root(oid)]; t != nil {
			c.tables[oid], c.relations[oid] = t, t.Name
		}
	}
	return nil
}

func (c *catalogue) readPublications(ctx context.Context) error {
	at := map[string]int{}
	err := c.eachRow(ctx, "SELECT pubname, puballtables::int FROM pg_publication ORDER BY pubname COLLATE \"C\"", func(row [][]byte) {
		at[textOf(row[0])] = len(c.schema.Publications)
		c.schema.Publications = append(c.schema.Publications, dialect.Publication{Name: textOf(row[0])})
	})
	if err != nil {
		return err
	}
	const q = `
SELECT DISTINCT t.pubname, c.oid FROM pg_publication_tables t
JOIN pg_publication p ON p.pubname = t.pubname AND NOT p.puballtables
JOIN pg_namespace n ON n.nspname = t.schemaname JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename`
	err = c.eachRow(ctx, q, func(row [][]byte) {
		p := &c.schema.Publications[at[textOf(row[0])]]
		if t := c.tables[textOf(row[1])]; t != nil {
			p.Tables = append(p.Tables, t.Name)
		}
	})
	// No tables means all of them, so a publication without any is omitted.
	all := map[string]bool{}
	if err == nil {
		err = c.eachRow(ctx, "SELECT pubname FROM pg_publication WHERE puballtables", func(row [][]byte) { all[textOf(row[0])] = true })
	}
	c.schema.Publications = slices.DeleteFunc(c.schema.Publications, func(p dialect.Publication) bool {
		return len(p.Tables) == 0 && !all[p.Name]
	})
	return err
}

// sortTables makes the order independent of the server's, for the fingerprint.
func (c *catalogue) sortTables() {
	byName := dialect.Name.Compare
	s := c.schema
	slices.SortFunc(s.Tables, func(a, b *dialect.Table) int { return byName(a.Name, b.Name) })
	slices.SortFunc(s.Views, func(a, b *dialect.View) int { return byName(a.Name, b.Name) })
	for _, t := range s.Tables {
		slices.SortFunc(t.Partitions, byName)
		slices.SortFunc(t.Indexes, func(a, b *dialect.Index) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(t.ForeignKeys, func(a, b *dialect.ForeignKey) int { return strings.Compare(a.Name, b.Name) })
		slices.SortFunc(t.Checks, func(a, b *dialect.Check) int {
			return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Column, b.Column))
		})
		slices.SortFunc(t.Triggers, func(a, b *dialect.Trigger) int { return strings.Compare(a.Name, b.Name) })
	}
	for i := range s.Publications {
		p := &s.Publications[i]
		slices.SortFunc(p.Tables, byName)
		p.Tables = slices.Compact(p.Tables)
	}
}
