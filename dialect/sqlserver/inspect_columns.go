package sqlserver

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

func (c *catalogue) readColumns(ctx context.Context) error {
	where := ""
	if c.srv.major >= 14 || c.srv.azure || c.srv.babelfish {
		where = "WHERE c.graph_type IS NULL" // internal columns of graph tables
	}
	q := `
SELECT c.object_id, c.column_id, CAST(c.name AS nvarchar(128)), CASE WHEN ty.is_assembly_type = 1 THEN ty.name ELSE COALESCE(bt.name, ty.name) END,
	c.max_length, c.precision, c.scale, COALESCE(c.collation_name, ''), COALESCE(CAST(COLLATIONPROPERTY(c.collation_name, 'CodePage') AS int), 0),
	CAST(c.is_nullable AS int), CAST(c.is_identity AS int), CAST(c.is_computed AS int), CAST(c.is_column_set AS int), c.generated_always_type,
	COALESCE(c.encryption_type, 0), CASE WHEN d.object_id IS NULL THEN 0 ELSE 1 END, COALESCE(d.definition, '')
FROM sys.tables t
JOIN sys.columns c ON c.object_id = t.object_id
JOIN sys.types ty ON ty.user_type_id = c.user_type_id
LEFT JOIN sys.types bt ON bt.user_type_id = c.system_type_id
LEFT JOIN sys.default_constraints d ON d.parent_object_id = c.object_id AND d.parent_column_id = c.column_id
` + where + `
ORDER BY c.object_id, c.column_id`
	return c.eachRow(ctx, q, func(row []string) {
		t := c.tables[row[0]]
		if t == nil {
			return
		}
		ty := sqlType{name: row[3], maxLength: wholeNumber(row[4]), precision: wholeNumber(row[5]), scale: wholeNumber(row[6]), collation: row[7], codePage: wholeNumber(row[8])}
		col := ty.asColumn(row[2])
		col.Nullable = row[9] == "1"
		if col.Identity = row[10] == "1"; col.Identity {
			col.ReadOnly = true // the server refuses to update it, error 8102
		}
		// A column set is a view in XML of the sparse columns. The table also has these columns
		// themselves.
		col.Generated = row[11] == "1" || row[12] == "1" || row[13] != "0"
		if row[14] != "0" {
			col.Unsupported = "Always Encrypted: the server can neither compare nor compute its values"
		}
		if row[15] == "1" {
			def := row[16]
			col.Default = &def
		}
		c.ids[row[0]][row[1]] = col.Name
		t.Columns = append(t.Columns, col)
	})
}

func (c *catalogue) readIndexes(ctx context.Context) error {
	computed := map[string]map[string]string{} // definitions, by table and column
	err := c.eachRow(ctx, "SELECT object_id, name, definition FROM sys.computed_columns", func(row []string) {
		if computed[row[0]] == nil {
			computed[row[0]] = map[string]string{}
		}
		computed[row[0]][strings.ToLower(row[1])] = row[2]
	})
	if err != nil {
		return err
	}
	needs := "0"
	if !c.srv.babelfish {
		needs = "CASE WHEN " + needed + " THEN 1 ELSE 0 END"
	}
	// No join: Babelfish would join these views for minutes.
	q := `
SELECT i.object_id, i.index_id, CAST(i.name AS nvarchar(128)), CAST(i.is_unique AS int), CAST(i.is_primary_key AS int), CAST(i.is_unique_constraint AS int),
	LOWER(i.type_desc), COALESCE(i.filter_definition, ''), ` + needs + `
FROM sys.indexes i
WHERE i.type > 0 AND i.is_disabled = 0 AND i.is_hypothetical = 0`
	indexes := map[string]*dialect.Index{}
	err = c.eachRow(ctx, q, func(row []string) {
		t := c.tables[row[0]]
		if t == nil {
			return
		}
		ix := &dialect.Index{Name: c.indexName(t, row[2]), Unique: row[3] == "1", Primary: row[4] == "1", Method: row[6], Where: row[7]}
		ix.Constraint, ix.NullsEqual = ix.Primary || row[5] == "1", ix.Unique
		ix.Mentions, ix.Stays = c.mentionedColumns(t, ix.Where), c.whyNotSuspendable(ix, row[8] == "1")
		indexes[row[0]+" "+row[1]] = ix
		t.Indexes = append(t.Indexes, ix)
	})
	if err != nil {
		return err
	}
	const parts = `
SELECT k.object_id, k.index_id, k.column_id, CAST(k.is_descending_key AS int), k.key_ordinal
FROM sys.index_columns k
ORDER BY k.object_id, k.index_id, k.key_ordinal, k.index_column_id`
	return c.eachRow(ctx, parts, func(row []string) {
		t, ix := c.tables[row[0]], indexes[row[0]+" "+row[1]]
		if t == nil || ix == nil {
			return
		}
		// A column without a place in the key is included, or the table is partitioned by it; but a
		// columnstore index's columns have no place.
		if row[4] == "0" && !strings.HasSuffix(ix.Method, "columnstore") {
			return
		}
		name := c.ids[row[0]][row[2]]
		ix.Parts = append(ix.Parts, dialect.IndexPart{Column: name, Descending: row[3] == "1"})
		if definition := computed[row[0]][strings.ToLower(name)]; definition != "" {
			for _, n := range c.mentionedColumns(t, definition) {
				if !slices.Contains(ix.Mentions, n) {
					ix.Mentions = append(ix.Mentions, n)
				}
			}
		}
		if ix.Primary {
			t.PrimaryKey = append(t.PrimaryKey, name)
		}
	})
}

// indexName removes Babelfish's suffix from an index's name. To make the name unique in the schema,
// Babelfish appends the table's name and a hash of 32 digits.
func (c *catalogue) indexName(t *dialect.Table, name string) string {
	if n := len(name) - 32; c.srv.babelfish && n > 0 && hashed.MatchString(name[n:]) {
		bare := name[:n]
		if table := strings.ToLower(t.Name.Table); strings.HasSuffix(strings.ToLower(bare), table) {
			return bare[:len(bare)-len(table)]
		}
	}
	return name
}

var hashed = regexp.MustCompile("^[0-9a-f]{32}$")

var bracketed = regexp.MustCompile(`\[((?:[^\]]|\]\])+)\]`)

// mentionedColumns finds the columns in an expression, which the catalogue writes in brackets.
// Babelfish writes them in other forms, so any column's name in the text counts there.
func (c *catalogue) mentionedColumns(t *dialect.Table, expression string) []string {
	var out []string
	if expression == "" {
		return nil
	}
	for _, m := range bracketed.FindAllStringSubmatch(expression, -1) {
		name := strings.ReplaceAll(m[1], "]]", "]")
		if t.Column(name) != nil && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if !c.srv.babelfish {
		return out
	}
	for _, col := range t.Columns {
		if !slices.Contains(out, col.Name) && strings.Contains(strings.ToLower(expression), strings.ToLower(col.Name)) {
			out = append(out, col.Name)
		}
	}
	return out
}
