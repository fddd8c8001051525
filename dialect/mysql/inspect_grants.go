package mysql

import (
	"regexp"
	"slices"
	"strings"
)

// findUnseen marks the tables whose triggers MySQL doesn't show: it takes the
// privilege TRIGGER to see that a table has any.
// https://dev.mysql.com/doc/refman/8.4/en/information-schema-triggers-table.html
func (in *inspection) findUnseen() error {
	if in.server.mariadb {
		return nil // which shows them, without their text
	}
	rows, err := collect(in.ctx, in.q, "SHOW GRANTS")
	if err != nil {
		if isServers(err) {
			return nil // a server without grants
		}
		return err
	}
	var grants []grant
	for _, r := range rows {
		if g, ok := parseGrant(r[0].String); ok && (slices.Contains(g.privileges, "TRIGGER") || slices.Contains(g.privileges, "ALL PRIVILEGES")) {
			grants = append(grants, g)
		}
	}
	for _, t := range in.tables {
		schema := t.Name.Schema
		if schema == "" {
			schema = in.database
		}
		t.TriggersUnseen = !slices.ContainsFunc(grants, func(g grant) bool { return g.covers(schema, t.Name.Table, in.server.folds) })
	}
	return nil
}

// grant is what the user may do with which tables.
type grant struct {
	privileges []string
	schema     string // a pattern, * for all
	table      string // * for all
}

var grantOn = regexp.MustCompile("^GRANT (.+) ON (?:\\*|`((?:[^`]|``)*)`)\\.(?:\\*|`((?:[^`]|``)*)`) TO ")

// parseGrant reads a line of SHOW GRANTS, unless it is about a role or a routine.
func parseGrant(line string) (grant, bool) {
	m := grantOn.FindStringSubmatch(line)
	if m == nil {
		return grant{}, false
	}
	g := grant{privileges: strings.Split(m[1], ", "), schema: strings.ReplaceAll(m[2], "``", "`"), table: strings.ReplaceAll(m[3], "``", "`")}
	if g.schema == "" {
		g.schema = "*"
	}
	if g.table == "" {
		g.table = "*"
	}
	return g, true
}

// covers reports whether the grant is about a table. A database's name is a
// pattern of LIKE where the grant is for all of its tables.
func (g grant) covers(schema, table string, fold bool) bool {
	if fold {
		schema, table = strings.ToLower(schema), strings.ToLower(table)
		g.schema, g.table = strings.ToLower(g.schema), strings.ToLower(g.table)
	}
	switch {
	case g.schema == "*":
		return true
	case g.table != "*":
		return g.schema == schema && g.table == table
	}
	var pattern strings.Builder
	escaped := false
	for _, r := range g.schema {
		switch {
		case escaped:
			pattern.WriteString(regexp.QuoteMeta(string(r)))
			escaped = false
		case r == '\\':
			escaped = true
		case r == '%':
			pattern.WriteString(".*")
		case r == '_':
			pattern.WriteString(".")
		default:
			pattern.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	ok, err := regexp.MatchString("(?s)^"+pattern.String()+"$", schema)
	return ok && err == nil
}
