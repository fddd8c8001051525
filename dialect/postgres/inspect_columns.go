package postgres

import (
	"context"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// readTypes reads the columns' types, and the types beneath them.
func (c *catalogue) readTypes(ctx context.Context) error {
	const q = `
WITH RECURSIVE used(id) AS (
	SELECT a.atttypid FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f')
	JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attnum > 0 AND NOT a.attisdropped AND ` + own + `
	UNION
	SELECT below.id FROM used JOIN pg_type t ON t.oid = used.id CROSS JOIN LATERAL (VALUES (t.typbasetype), (t.typelem)) AS below(id) WHERE below.id <> 0)
SELECT b.oid, s.nspname, b.typname, b.typtype, b.typcategory, b.typbasetype, b.typtypmod, b.typelem, b.typnotnull::int, b.typdefault,` + comparing + `
FROM used JOIN pg_type b ON b.oid = used.id JOIN pg_namespace s ON s.oid = b.typnamespace`
	var broken error
	err := c.eachRow(ctx, q, func(row [][]byte) {
		t := typ{
			schema: textOf(row[1]), name: textOf(row[2]), class: textOf(row[3]), category: textOf(row[4]),
			base: textOf(row[5]), modifier: numberOf(row[6]), element: textOf(row[7]), notNull: numberOf(row[8]) == 1,
		}
		t.def = optionalText(row[9])
		broken = errorOr(broken, t.readOperators(row[10:]))
		c.types[textOf(row[0])] = t
	})
	return errorOr(err, broken)
}

func optionalText(b []byte) *string {
	if b == nil {
		return nil
	}
	s := string(b)
	return &s
}

func (c *catalogue) readLabels(ctx context.Context) error {
	return c.eachRow(ctx, "SELECT enumtypid, enumlabel FROM pg_enum ORDER BY enumtypid, enumsortorder", func(row [][]byte) {
		c.labels[textOf(row[0])] = append(c.labels[textOf(row[0])], textOf(row[1]))
	})
}

// collation is a row of pg_collation.
type collation struct {
	name          string
	full          string // quoted
	deterministic bool
	locale        string // ICU's
}

func (c *catalogue) readCollations(ctx context.Context) error {
	// The locale's column has had three names; JSON makes one query enough for all. Of hundreds of
	// collations the query reads only those of columns; pg_attribute has an index's columns too.
	const q = `
SELECT l.oid, CASE WHEN n.nspname = 'pg_catalog' THEN l.collname ELSE n.nspname || '.' || l.collname END, l.collisdeterministic::int,
	quote_ident(n.nspname) || '.' || quote_ident(l.collname), coalesce(to_jsonb(l) ->> 'colllocale', to_jsonb(l) ->> 'colliculocale', to_jsonb(l) ->> 'collcollate', '')
FROM pg_collation l JOIN pg_namespace n ON n.oid = l.collnamespace
WHERE l.oid IN (SELECT attcollation FROM pg_attribute)`
	return c.eachRow(ctx, q, func(row [][]byte) {
		c.collations[textOf(row[0])] = collation{name: textOf(row[1]), deterministic: numberOf(row[2]) == 1, full: textOf(row[3]), locale: textOf(row[4])}
	})
}

// foldsOf returns what a collation ignores. Only nondeterministic ones ignore anything. The
// strength in the ICU locale decides, as BCP 47 extension or in ICU's older spelling:
// https://www.postgresql.org/docs/current/collation.html#ICU-COLLATION-SETTINGS.
func (l collation) foldsOf() (letterCase, accents bool) {
	if l.deterministic {
		return false, false
	}
	locale := strings.ToLower(l.locale)
	has := func(settings ...string) bool {
		for _, s := range settings {
			if strings.Contains(locale, s) {
				return true
			}
		}
		return false
	}
	caseLevel := has("kc-true", "-kc-", "colcaselevel=yes") || strings.HasSuffix(locale, "-kc")
	switch {
	case has("ks-level1", "colstrength=primary"):
		return !caseLevel, true
	case has("ks-level2", "colstrength=secondary"):
		return true, false
	}
	return false, false
}

func (c *catalogue) readColumns(ctx context.Context) error {
	// A default names no column. The expression of a generated column does, and isn't read. With
	// the table as argument, the server would read all its columns for each default.
	const q = `
SELECT a.attrelid, a.attname, a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod), a.attnotnull::int,
	CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, 0) END, a.attgenerated, a.attidentity, a.attcollation
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND ` + own + `
ORDER BY a.attrelid, a.attnum`
	return c.eachRow(ctx, q, func(row [][]byte) {
		t := c.tables[textOf(row[0])]
		if t == nil {
			return
		}
		col := &dialect.Column{Name: textOf(row[1]), Type: textOf(row[4]), Nullable: numberOf(row[5]) == 0, Default: optionalText(row[6])}
		c.describeColumn(col, textOf(row[2]), numberOf(row[3]))
		c.addRelation(t, col.Name, textOf(row[2]))
		c.typed = append(c.typed, typedColumn{t, col.Name, textOf(row[2])})
		if l, ok := c.collations[textOf(row[9])]; ok {
			c.related[t.Name].columns[col.Name].collation = coll{l.full, !l.deterministic}
			col.Collation, col.Charset = l.name, c.charset
			col.LengthInBytes = col.LengthInBytes || col.Length > 0 && c.charset == anyBytes
			folds, accents := l.foldsOf()
			col.FoldsCase, col.FoldsAccents = col.FoldsCase || folds, accents
		}
		if textOf(row[7]) != "" { // s stored, v virtual
			col.Generated, col.Default = true, nil
		}
		switch textOf(row[8]) {
		case "a":
			col.Identity, col.ReadOnly = true, true
		case "d":
			col.Identity = true
		}
		t.Columns = append(t.Columns, col)
	})
}

// describeColumn sets a column's fields from its type, and from a domain what the column doesn't
// define itself.
func (c *catalogue) describeColumn(col *dialect.Column, oid string, modifier int64) {
	t := c.types[oid]
	for t.class == "d" {
		if t.notNull {
			col.Nullable = false
		}
		if col.Default == nil && t.def != nil {
			col.Default = t.def
		}
		if modifier < 0 {
			modifier = t.modifier
		}
		oid = t.base
		t = c.types[oid]
	}
	col.Kind, col.Labels = t.kindOf(), c.labels[oid]
	if t.schema == "pg_catalog" {
		t.setSize(col, modifier)
	}
	if t.name == "citext" {
		col.FoldsCase = true
	}
	if col.Kind == dialect.Array {
		col.Element = &dialect.Column{Type: strings.TrimSuffix(col.Type, "[]")}
		c.describeColumn(col.Element, t.element, modifier)
		col.Element.Default, col.Element.Nullable = nil, false
	}
}
