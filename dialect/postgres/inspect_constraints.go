package postgres

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/expungedb/expunge/dialect"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// actions decodes confdeltype and confupdtype.
var actions = map[string]dialect.Action{
	"a": dialect.NoAction, "r": dialect.Restrict, "c": dialect.Cascade, "n": dialect.SetNull, "d": dialect.SetDefault,
}

// readConstraints reads foreign keys and checks. It adds those of a partition alone to its table:
// they apply to some of its rows. It omits the clones of the partitioned table's constraints
// (conparentid).
func (c *catalogue) readConstraints(ctx context.Context) error {
	// conenforced and conperiod are new in 18: as JSON they are absent before. A foreign key with
	// disabled triggers isn't enforced, and neither is one of a partition alone.
	const q = `
SELECT k.contype, k.conname, k.conrelid, k.confrelid, k.confdeltype, k.confupdtype, k.condeferrable::int,
	((k.contype = 'c' OR k.convalidated AND NOT c.relispartition) AND coalesce((to_jsonb(k) ->> 'conenforced')::bool, true)
		AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgconstraint = k.oid AND t.tgenabled NOT IN ('O', 'A')))::int,
	(SELECT json_agg(a.attname ORDER BY p.nr) FROM unnest(k.conkey) WITH ORDINALITY AS p(attnum, nr)
		JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.attnum),
	(SELECT json_agg(a.attname ORDER BY p.nr) FROM unnest(k.confkey) WITH ORDINALITY AS p(attnum, nr)
		JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = p.attnum),
	CASE WHEN k.contype = 'c' THEN pg_get_expr(k.conbin, k.conrelid) END, c.relispartition::int,
	coalesce((to_jsonb(k) ->> 'conperiod')::bool, false)::int, (k.conislocal AND k.coninhcount = 0)::int, n.nspname, c.relname
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype IN ('f', 'c') AND k.conparentid = 0 AND ` + own
	var broken error
	err := c.eachRow(ctx, q, func(row [][]byte) {
		t := c.tables[textOf(row[2])]
		if t == nil {
			return
		}
		if textOf(row[0]) == "c" {
			check := &dialect.Check{Name: textOf(row[1]), Condition: textOf(row[10])}
			if numberOf(row[11]) == 1 {
				check.Partition = &dialect.Name{Schema: textOf(row[14]), Table: textOf(row[15])}
			}
			// A partition also has its table's checks.
			if numberOf(row[7]) == 1 && (check.Partition == nil || numberOf(row[13]) == 1) {
				t.Checks = append(t.Checks, check)
			}
			return
		}
		fk := &dialect.ForeignKey{
			Name: textOf(row[1]), Table: t.Name, RefTable: c.relations[textOf(row[3])],
			OnDelete: actions[textOf(row[4])], OnUpdate: actions[textOf(row[5])],
			Deferrable: numberOf(row[6]) == 1, Enforced: numberOf(row[7]) == 1, Period: numberOf(row[12]) == 1,
		}
		broken = errorOr(broken, errorOr(json.Unmarshal(row[8], &fk.Columns), json.Unmarshal(row[9], &fk.RefColumns)))
		t.ForeignKeys = append(t.ForeignKeys, fk)
	})
	if err == nil && broken != nil {
		err = dialect.NewError(dialect.Fatal, "", "read the constraints of", dialect.Name{}, broken)
	}
	return err
}

// readDomainChecks reads the checks of domains. Each column gets those of its type, of the domains
// beneath that, and of an array's elements.
func (c *catalogue) readDomainChecks(ctx context.Context) error {
	checks := map[string][]dialect.Check{}
	const q = "SELECT contypid, conname, pg_get_expr(conbin, 0) FROM pg_constraint WHERE contypid <> 0 AND contype = 'c' ORDER BY conname COLLATE \"C\""
	err := c.eachRow(ctx, q, func(row [][]byte) {
		checks[textOf(row[0])] = append(checks[textOf(row[0])], dialect.Check{Name: textOf(row[1]), Condition: textOf(row[2])})
	})
	for _, used := range c.typed {
		oid, elements, as := used.typ, false, c.uncheckedArray(used.typ)
		for {
			for ; c.types[oid].class == "d"; oid = c.types[oid].base {
				for _, check := range checks[oid] {
					check.Column, check.Elements, check.As = used.column, elements, as
					used.table.Checks = append(used.table.Checks, &check)
				}
			}
			if c.types[oid].category != "A" || c.types[oid].element == "" || elements {
				break
			}
			oid, elements = c.types[oid].element, true
		}
	}
	return err
}

// belowDomains is the type beneath a domain, or the type itself.
func (c *catalogue) belowDomains(oid string) string {
	for c.types[oid].class == "d" {
		oid = c.types[oid].base
	}
	return oid
}

// uncheckedArray is an array type without domains, for an array of a domain; "" for any other type.
func (c *catalogue) uncheckedArray(oid string) string {
	element := c.types[c.belowDomains(oid)].element
	if c.types[element].class != "d" {
		return ""
	}
	t := c.types[c.belowDomains(element)]
	return quoteIdent(t.schema) + "." + quoteIdent(t.name) + "[]"
}

// typedColumn is a column with the OID of its type.
type typedColumn struct {
	table  *dialect.Table
	column string
	typ    string
}

// readViews reads views and their sources, by the dependencies of their rewrite rules.
func (c *catalogue) readViews(ctx context.Context) error {
	const q = `
SELECT c.oid, c.relkind, coalesce((SELECT json_agg(DISTINCT d.refobjid::text) FROM pg_rewrite w
	JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid
	WHERE w.ev_class = c.oid AND w.ev_type = '1'), '[]')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm') AND ` + own
	var broken error
	err := c.eachRow(ctx, q, func(row [][]byte) {
		v := &dialect.View{Name: c.relations[textOf(row[0])], Materialized: textOf(row[1]) == "m"}
		var reads []string
		broken = errorOr(broken, json.Unmarshal(row[2], &reads))
		for _, oid := range reads {
			if n, ok := c.relations[oid]; ok {
				v.Reads = append(v.Reads, n)
			}
		}
		v.Reads = distinctNames(v.Reads)
		c.schema.Views = append(c.schema.Views, v)
	})
	if err == nil && broken != nil {
		err = dialect.NewError(dialect.Fatal, "", "read the views of", dialect.Name{}, broken)
	}
	return err
}
