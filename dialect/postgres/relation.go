package postgres

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// relation is a table, as statements need it.
type relation struct {
	name    dialect.Name
	only    bool // a plain table: excludes rows of inheritance children
	rules   bool // rules rewrite its updates
	columns map[string]*column
}

// column is a column, as statements need it.
type column struct {
	name string
	kind dialect.Kind
	// base is the type for a cast, without length and precision, and beneath all domains: a cast to
	// char(3), or to a domain with a check, could change or refuse a key.
	base  string
	money bool
	fixed bool
	// operators compare the type where pg_catalog's operators don't (citext).
	operators operators
	// below casts a domain to the type beneath it, for operators of a user's schema. That schema
	// may have operators for the domain, and these would precede the type's own.
	below string
	// incomparable types have no equality (json, xml), or only an inexact one (boxes of one area):
	// they compare as text.
	incomparable bool
	// elements says that an array parameter can have the type as its element type. Values of other
	// types (arrays, types with another delimiter, composite ones, expanded by unnest) are sent as
	// text and cast one by one.
	elements  bool
	leads     bool // it is the first column of an index, so that = ANY can use the index
	collation coll
	as        string // a cast and a COLLATE clause, where it compares by another column's rules
}

// coll is a column's collation: its full name, quoted, or "" where the type has none.
type coll struct {
	name  string
	folds bool // it treats different texts as equal
}

// by is the column as it compares with a value of the referenced column: that one's type and
// collation decide equality, as for a foreign key. A collation that folds nothing finds the same
// rows as any other such collation.
func (c *column) by(referred *column) *column {
	other := *c
	switch {
	case c.base == referred.base:
	case numbers[c.base] > 0 && numbers[referred.base] > 0: // an int4 can't be read from 1.00 or 3000000000
		other.base, other.kind = referred.base, referred.kind
		other.leads = c.leads && numbers[c.base] == numbers[referred.base]
	case c.kind == dialect.Text && referred.kind == dialect.Text && c.operators != referred.operators: // citext and text
		other.base, other.operators, other.as, other.leads = referred.base, referred.operators, "::"+referred.base, false
	}
	if c.collation != referred.collation && (c.collation.folds || referred.collation.folds) && referred.collation.name != "" {
		other.as += " COLLATE " + referred.collation.name
		other.leads = false
	}
	return &other
}

// numbers are the types of numbers that compare with each other; those of one family share indexes.
var numbers = map[string]int{
	`"pg_catalog"."int2"`: 1, `"pg_catalog"."int4"`: 1, `"pg_catalog"."int8"`: 1,
	`"pg_catalog"."float4"`: 2, `"pg_catalog"."float8"`: 2, `"pg_catalog"."numeric"`: 3,
}

// operators are the comparison operators of a type's default B-tree operator class, in the order of
// the class's strategies: < <= = >= >. The zero value means those of pg_catalog.
// https://www.postgresql.org/docs/current/xindex.html#XINDEX-STRATEGIES
type operators [5]string

var strategies = map[string]int{"<": 0, "<=": 1, "=": 2, ">=": 3, ">": 4}

// standard are pg_catalog's comparison operators, in the catalogue query's spelling.
var standard = operators{qualifiedOperator("<"), qualifiedOperator("<="), qualifiedOperator("="), qualifiedOperator(">="), qualifiedOperator(">")}

// qualifiedOperator renders an operator of pg_catalog. By a bare name the server would search the
// path, and prefer an operator that fits the operands better, of any user.
func qualifiedOperator(op string) string { return "OPERATOR(pg_catalog." + op + ")" }

// newColumn describes a column of that type, the one beneath all domains.
func newColumn(name string, ty typ, domain bool) *column {
	c := &column{
		name: name, kind: ty.kindOf(), base: quoteIdent(ty.schema) + "." + quoteIdent(ty.name),
		money: ty.is("money"), fixed: ty.is("bpchar"), elements: ty.elements,
		incomparable: !ty.sorts && !ty.polymorphicEquality(),
	}
	if ty.sorts && ty.operators != standard {
		c.operators = ty.operators
		if domain {
			c.below = "::" + c.base
		}
	}
	return c
}

// comparing selects the facts for conditions about a type b. The first is the operators of its
// default B-tree operator class, which only a superuser can make. The second is whether an array
// parameter can have it as its element type.
const comparing = `
	(SELECT json_agg('OPERATOR(' || quote_ident(n.nspname) || '.' || p.oprname || ')' ORDER BY o.amopstrategy)
		FROM pg_catalog.pg_opclass l JOIN pg_catalog.pg_am m ON m.oid = l.opcmethod AND m.amname = 'btree'
		JOIN pg_catalog.pg_amop o ON o.amopfamily = l.opcfamily AND o.amoplefttype = l.opcintype AND o.amoprighttype = l.opcintype AND o.amoppurpose = 's'
		JOIN pg_catalog.pg_operator p ON p.oid = o.amopopr JOIN pg_catalog.pg_namespace n ON n.oid = p.oprnamespace
		WHERE l.opcdefault AND l.opcintype = b.oid),
	(b.typarray <> 0 AND b.typdelim = ',' AND b.typtype <> 'c')::int`

// readOperators reads the two columns of comparing.
func (t *typ) readOperators(row [][]byte) error {
	t.elements = numberOf(row[1]) == 1
	if row[0] == nil {
		return nil
	}
	var found []string
	if err := json.Unmarshal(row[0], &found); err != nil {
		return dialect.NewError(dialect.Fatal, "", "read the operators of a type", dialect.Name{}, err)
	}
	t.sorts = len(found) == copy(t.operators[:], found)
	return nil
}

// readRelation reads a table from the catalogue, with its domains resolved. Inspected tables are
// already in the cache.
func (t *tx) readRelation(ctx context.Context, n dialect.Name) (*relation, error) {
	if n.Schema == "" {
		schema, err := t.defaultSchema(ctx)
		if err != nil {
			return nil, err
		}
		n.Schema = schema
	}
	const q = `
SELECT c.relkind, a.attname, bn.nspname, b.typname, b.typtype, b.typcategory,
	EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indkey[0] = a.attnum AND i.indisvalid AND i.indpred IS NULL)::int,` + comparing + `,
	coalesce(quote_ident(ln.nspname) || '.' || quote_ident(l.collname), ''), coalesce(NOT l.collisdeterministic, false)::int,
	EXISTS (SELECT FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_type = '2')::int, (b.oid <> a.atttypid)::int
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped AND (a.attnum > 0 OR a.attname IN ('ctid', 'xmin'))
CROSS JOIN LATERAL (
	WITH RECURSIVE b(id, depth) AS (
		SELECT a.atttypid, 0 UNION ALL
		SELECT d.typbasetype, b.depth + 1 FROM b JOIN pg_catalog.pg_type d ON d.oid = b.id WHERE d.typtype = 'd')
	SELECT b.id FROM b ORDER BY b.depth DESC LIMIT 1) base
JOIN pg_catalog.pg_type b ON b.oid = base.id
JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace
WHERE s.nspname = $1::text AND c.relname = $2::text
	AND c.relkind IN ('r', 'p', 'f', 'v', 'm')`
	r := &relation{name: n, columns: map[string]*column{}}
	var broken error
	err := t.inCatalogue(ctx, func() error {
		return t.eachRow(ctx, statement{sql: q, args: [][]byte{[]byte(n.Schema), []byte(n.Table)}, table: n}, func(row [][]byte) {
			r.only, r.rules = textOf(row[0]) == "r", numberOf(row[11]) == 1
			ty := typ{schema: textOf(row[2]), name: textOf(row[3]), class: textOf(row[4]), category: textOf(row[5])}
			broken = errorOr(broken, ty.readOperators(row[7:]))
			c := newColumn(textOf(row[1]), ty, numberOf(row[12]) == 1)
			c.leads = numberOf(row[6]) == 1
			c.collation = coll{textOf(row[9]), numberOf(row[10]) == 1}
			r.columns[c.name] = c
		})
	})
	if err := errorOr(err, broken); err != nil {
		return nil, err
	}
	if len(r.columns) == 0 {
		e := dialect.NewError(dialect.Fatal, "42P01", "look up", n, nil)
		e.Detail = "no such table, or this role may not use its schema"
		return nil, e
	}
	return r, nil
}

// addRelation adds an inspected column to its table's relation.
func (c *catalogue) addRelation(t *dialect.Table, name, oid string) {
	r := c.related[t.Name]
	if r == nil {
		r = &relation{name: t.Name, only: t.Address == "ctid", columns: map[string]*column{}}
		for name, is := range map[string]string{"ctid": "tid", "xmin": "xid"} {
			r.columns[name] = newColumn(name, typ{schema: "pg_catalog", name: is, class: "b", category: "U", operators: standard, elements: true, sorts: is == "tid"}, false)
		}
		c.related[t.Name] = r
	}
	ty := c.types[oid]
	domain := ty.class == "d"
	for ty.class == "d" {
		ty = c.types[ty.base]
	}
	r.columns[name] = newColumn(name, ty, domain)
}

// fromClause renders the table for a FROM clause.
func (r *relation) fromClause() string {
	if r.only {
		return "ONLY " + quoteTable(r.name)
	}
	return quoteTable(r.name)
}

// columnOf returns a column of the relation.
func (r *relation) columnOf(name string) (*column, error) {
	if c := r.columns[name]; c != nil {
		return c, nil
	}
	e := dialect.NewError(dialect.Fatal, "42703", "look up a column of", r.name, nil)
	e.Object, e.Detail = name, "no such column"
	return nil, e
}

// qualifiedName renders the column of the row of that alias.
func (c *column) qualifiedName(alias string) string { return alias + "." + quoteIdent(c.name) }

// read renders the column for a select: money without its currency and thousands separators, which
// depend on the server's locale.
func (c *column) read(alias string) string {
	if c.money {
		return c.qualifiedName(alias) + "::pg_catalog.numeric"
	}
	return c.qualifiedName(alias)
}

// elementType is the type of the column's values in an array parameter.
func (c *column) elementType() string {
	switch {
	case c.money:
		return "pg_catalog.numeric"
	case c.elements:
		return c.base
	}
	return "pg_catalog.text"
}

// castElement casts an element of such an array to the column's type.
func (c *column) castElement(element string) string {
	if c.elementType() == c.base {
		return element
	}
	return element + "::" + c.base
}

// comparand renders the column for a comparison, and compared the element.
func (c *column) comparand(alias string) string {
	if c.incomparable {
		return c.qualifiedName(alias) + asText
	}
	return c.qualifiedName(alias) + c.below + c.as
}

func (c *column) compared(element string) string {
	if c.incomparable {
		return c.castElement(element) + asText
	}
	return c.castElement(element)
}

// op renders a comparison operator of the column's type.
func (c *column) op(op string) string {
	if i, ok := strategies[op]; ok && c.operators != (operators{}) {
		return c.operators[i]
	}
	return qualifiedOperator(op)
}

// asText casts to text. Only an owner of the type could have made another cast between the two.
const asText = "::pg_catalog.text"

// qualifiedType adds the schema to a type in the form of format_type with only pg_catalog on the
// search path: it names other schemas, and omits pg_catalog. The server never looks up the
// grammar's own words. https://www.postgresql.org/docs/current/sql-keywords-appendix.html
func qualifiedType(typ string) string {
	word := typ
	if end := strings.IndexAny(typ, "([ "); end > 0 {
		word = typ[:end]
	}
	switch {
	case strings.Contains(typ, "."):
		return typ
	case slices.Contains([]string{"bigint", "bit", "boolean", "character", "double", "integer", "interval", "numeric", "real", "smallint", "time", "timestamp"}, word):
		return typ
	}
	return "pg_catalog." + typ
}
