package sqlite

import (
	"context"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// readIndexes reads indexes with their parts. A primary key without an index is the rowid.
func (in *inspection) readIndexes(ctx context.Context) error {
	var last *dialect.Index
	var text indexText
	err := in.eachRow(ctx, `SELECT l.name, i.name, i."unique", i.origin, coalesce(m.sql, ''), x.cid, coalesce(x.name, ''), x."desc", coalesce(x.coll, '')
		FROM pragma_table_list AS l, pragma_index_list(l.name, 'main') AS i, pragma_index_xinfo(i.name, 'main') AS x
		LEFT JOIN "main".sqlite_master AS m ON m.type = 'index' AND m.name = i.name
		WHERE x.key = 1 AND`+listed+`ORDER BY l.name, i.name, x.seqno`,
		func(scan func(...any) error) error {
			var table, name, origin, sql, column, collation string
			var unique, desc bool
			var cid int
			if err := scan(&table, &name, &unique, &origin, &sql, &cid, &column, &desc, &collation); err != nil {
				return err
			}
			t := in.tableOf(table)
			if len(t.Indexes) == 0 || last == nil || last.Name != name {
				text = parseIndex(sql)
				last = &dialect.Index{Name: name, Unique: unique, Primary: origin == "pk", Constraint: origin != "c", Method: "btree", Where: text.where}
				last.Mentions, last.Stays = mentionedColumns(t, text.where), whyNotSuspendable(last)
				t.Indexes = append(t.Indexes, last)
			}
			p := dialect.IndexPart{Column: column, Descending: desc}
			if cid < 0 {
				p.Column = ""
				if n := len(last.Parts); n < len(text.parts) {
					p.Expression = text.parts[n]
				}
				p.FoldsCase = foldsCase(p.Expression)
				last.Mentions = compactNames(append(last.Mentions, mentionedColumns(t, p.Expression)...))
			} else if c := t.Column(column); c != nil && collation != "" && collation != "BINARY" && !strings.EqualFold(collation, c.Collation) {
				p.Collation = collation
			} else if c != nil && collation == "BINARY" && c.Collation != "" && c.Collation != "BINARY" {
				p.Collation = collation
			}
			p.FoldsCase = p.FoldsCase || strings.EqualFold(p.Collation, "NOCASE")
			last.Parts = append(last.Parts, p)
			return nil
		})
	if err != nil {
		return err
	}
	for _, t := range in.schema.Tables {
		indexed := slices.ContainsFunc(t.Indexes, func(ix *dialect.Index) bool { return ix.Primary })
		if indexed || len(t.PrimaryKey) != 1 || t.Unerasable != "" {
			continue
		}
		c := t.Column(t.PrimaryKey[0])
		c.Identity, c.Nullable = true, false
		t.Indexes = append([]*dialect.Index{{Name: "rowid", Unique: true, Primary: true, Constraint: true, Method: "btree",
			Parts: []dialect.IndexPart{{Column: c.Name}}}}, t.Indexes...)
	}
	return nil
}

// mentionedColumns are the table's columns in a piece of SQL.
func mentionedColumns(t *dialect.Table, sql string) []string {
	var out []string
	for _, n := range parseNames(sql) {
		if c := spelledName(t, n); t.Column(c) != nil {
			out = append(out, c)
		}
	}
	return compactNames(out)
}

func compactNames(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

// foldsCase reports whether an expression ignores a text's case.
func foldsCase(expression string) bool {
	for _, t := range lexSQL(expression) {
		if t.is("LOWER", "UPPER", "NOCASE") {
			return true
		}
	}
	return false
}

func (in *inspection) readTriggers(ctx context.Context) error {
	return in.eachRow(ctx, `SELECT name, tbl_name, sql FROM "main".sqlite_master WHERE type = 'trigger' ORDER BY tbl_name, name`, func(scan func(...any) error) error {
		var name, table, sql string
		if err := scan(&name, &table, &sql); err != nil {
			return err
		}
		t, text := in.tableOf(table), parseTrigger(sql)
		if t == nil {
			return nil
		}
		trigger := &dialect.Trigger{Name: name, Timing: text.timing, OnInsert: text.onInsert, OnUpdate: text.onUpdate, OnDelete: text.onDelete}
		for i, w := range text.writes {
			if to := in.tableOf(w); to != nil {
				text.writes[i] = to.Name.Table
			} else {
				trigger.Opaque = "it writes to " + w + ", which is no table"
			}
		}
		for _, w := range compactNames(text.writes) {
			trigger.Writes = append(trigger.Writes, dialect.Name{Table: w})
		}
		t.Triggers = append(t.Triggers, trigger)
		return nil
	})
}

// readCopies finds the tables whose rows a virtual table copies: the source of a full-text index,
// and tables with triggers that write to it.
func (in *inspection) readCopies(context.Context) error {
	for name, virtual := range in.virtual {
		in.tableOf(name).CopiesOf = in.tablesOf(virtual.content, map[string]bool{})
	}
	for _, t := range in.schema.Tables {
		for _, tr := range t.Triggers {
			for _, w := range tr.Writes {
				if to := in.tableOf(w.Table); to != nil && to.Module != "" && !slices.Contains(to.CopiesOf, t.Name) {
					to.CopiesOf = append(to.CopiesOf, t.Name)
				}
			}
		}
	}
	for _, t := range in.schema.Tables {
		slices.SortFunc(t.CopiesOf, dialect.Name.Compare)
	}
	return nil
}

// tablesOf are the base tables of a table or view.
func (in *inspection) tablesOf(name string, seen map[string]bool) (out []dialect.Name) {
	key := strings.ToLower(name)
	if seen[key] {
		return nil
	}
	seen[key] = true
	if t := in.tables[key]; t != nil {
		return []dialect.Name{t.Name}
	}
	for _, v := range in.schema.Views {
		if strings.ToLower(v.Name.Table) != key {
			continue
		}
		for _, n := range v.Reads {
			out = append(out, in.tablesOf(n.Table, seen)...)
		}
	}
	return out
}

// readViews takes every table's and view's name in a view's text for one that it reads. It may list
// too many, never too few.
func (in *inspection) readViews(ctx context.Context) error {
	texts := map[string]string{}
	known := map[string]dialect.Name{}
	for key, t := range in.tables {
		known[key] = t.Name
	}
	err := in.eachRow(ctx, `SELECT name, sql FROM "main".sqlite_master WHERE type = 'view' ORDER BY name COLLATE BINARY`, func(scan func(...any) error) error {
		var name, sql string
		if err := scan(&name, &sql); err != nil {
			return err
		}
		v := &dialect.View{Name: dialect.Name{Table: name}}
		in.schema.Views = append(in.schema.Views, v)
		texts[name], known[strings.ToLower(name)] = sql, v.Name
		return nil
	})
	for _, v := range in.schema.Views {
		for _, n := range parseNames(texts[v.Name.Table]) {
			if read, ok := known[strings.ToLower(n)]; ok && read != v.Name && !slices.Contains(v.Reads, read) {
				v.Reads = append(v.Reads, read)
			}
		}
		slices.SortFunc(v.Reads, dialect.Name.Compare)
	}
	return err
}
