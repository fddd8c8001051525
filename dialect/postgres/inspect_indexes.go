package postgres

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"

	"github.com/expungedb/expunge/dialect"
)

// indexPart is a key part in the query's result.
type indexPart struct {
	Column     *string // nil: an expression
	SQL        string  // the part in the index's definition
	Collation  int64   // OID, 0 for none
	ColumnsOwn int64   // the column's collation
	Option     int     // bit 0: descending
}

func (c *catalogue) readIndexes(ctx context.Context) error {
	// indnullsnotdistinct is new in 15: as JSON it is absent before.
	const q = `
SELECT i.indrelid, x.relname, (i.indisunique AND i.indisvalid)::int, i.indisprimary::int, (NOT i.indimmediate)::int,
	coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::bool, false)::int, m.amname, pg_get_expr(i.indpred, i.indrelid),
	EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x'))::int,
	(SELECT json_agg(json_build_object('Column', a.attname, 'SQL', CASE WHEN p.attnum = 0 THEN pg_get_indexdef(i.indexrelid, p.nr::int, false) ELSE '' END,
		'Collation', i.indcollation[p.nr - 1]::int8, 'ColumnsOwn', coalesce(a.attcollation, 0)::int8, 'Option', i.indoption[p.nr - 1]) ORDER BY p.nr)
		FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS p(attnum, nr)
		LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.attnum
		WHERE p.nr <= i.indnkeyatts),
	CASE WHEN i.indexprs IS NULL AND i.indpred IS NULL THEN NULL ELSE
		(SELECT json_agg(DISTINCT a.attname) FROM pg_depend d JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
		WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid AND d.refclassid = 'pg_class'::regclass
			AND d.refobjid = i.indrelid AND d.refobjsubid > 0) END,
	` + stays + `, i.indisvalid::int
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
JOIN pg_class c ON c.oid = i.indrelid AND c.relkind IN ('r', 'p') AND NOT c.relispartition
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE ` + own
	var broken error
	err := c.eachRow(ctx, q, func(row [][]byte) {
		t := c.tables[textOf(row[0])]
		if t == nil {
			return
		}
		ix := &dialect.Index{
			Name: textOf(row[1]), Unique: numberOf(row[2]) == 1, Primary: numberOf(row[3]) == 1, Deferrable: numberOf(row[4]) == 1,
			NullsEqual: numberOf(row[5]) == 1, Method: textOf(row[6]), Where: textOf(row[7]), Constraint: numberOf(row[8]) == 1,
			Stays: textOf(row[11]),
		}
		var parts []indexPart
		broken = errorOr(broken, json.Unmarshal(row[9], &parts))
		if row[10] != nil {
			broken = errorOr(broken, json.Unmarshal(row[10], &ix.Mentions))
		}
		for _, p := range parts {
			ix.Parts = append(ix.Parts, c.indexPartOf(p))
		}
		if first := ix.Parts[0].Column; first != "" && ix.Where == "" && numberOf(row[12]) == 1 {
			c.related[t.Name].columns[first].leads = true
		}
		keys := ix.Columns()
		ix.Mentions = slices.DeleteFunc(ix.Mentions, func(n string) bool { return slices.Contains(keys, n) })
		slices.Sort(ix.Mentions)
		if len(ix.Mentions) == 0 {
			ix.Mentions = nil
		}
		if ix.Primary {
			t.PrimaryKey = keys
		}
		t.Indexes = append(t.Indexes, ix)
	})
	if err == nil && broken != nil {
		err = dialect.NewError(dialect.Fatal, "", "read the indexes of", dialect.Name{}, broken)
	}
	return err
}

// foldingCall matches an expression with a value independent of case.
var foldingCall = regexp.MustCompile(`^(lower|upper)\(`)

func (c *catalogue) indexPartOf(p indexPart) dialect.IndexPart {
	part := dialect.IndexPart{Expression: p.SQL, Descending: p.Option&1 != 0}
	if p.Column != nil {
		part.Column, part.Expression = *p.Column, ""
	}
	part.FoldsCase = foldingCall.MatchString(part.Expression)
	if p.Collation != 0 && p.Collation != p.ColumnsOwn {
		l := c.collations[itoa(p.Collation)]
		if part.Column != "" {
			part.Collation = l.name
		}
		if folds, _ := l.foldsOf(); folds {
			part.FoldsCase = true
		}
	}
	return part
}
