package mysql

import (
	"regexp"
	"slices"
	"strings"
)

// findUnseen marks the tables of which the user may not see everything.
func (in *inspection) findUnseen() error {
	grants, err := in.readGrants()
	if err != nil {
		return err
	}
	if in.partial, err = in.seesPart(grants); err != nil {
		return err
	}
	in.findUnseenTriggers(grants)
	return in.findUnseenReferences(grants)
}

// readGrants reads what the user may do. A server without grants has one that is of everything.
func (in *inspection) readGrants() ([]grant, error) {
	rows, err := queryAll(in.ctx, in.q, "SHOW GRANTS")
	if err != nil {
		if isServers(err) {
			return []grant{{privileges: []string{"ALL PRIVILEGES"}, schema: "*", table: "*"}}, nil
		}
		return nil, err
	}
	var grants []grant
	for _, r := range rows {
		if g, ok := parseGrant(r[0].String); ok {
			grants = append(grants, g)
		}
	}
	return grants, nil
}

// onTables are the privileges of which any one has the catalogue show a table.
var onTables = []string{"SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES", "TRIGGER", "INDEX", "CREATE", "ALTER", "DROP", "CREATE VIEW", "SHOW VIEW"}

// seesPart reports whether the catalogue may hide tables of the database: it shows those that
// the user has any privilege on. Privileges that come with a role aren't among the grants.
func (in *inspection) seesPart(grants []grant) (bool, error) {
	for _, g := range grants {
		if g.table == "*" && g.coversTable(in.database, "", in.server.folds) && slices.ContainsFunc(onTables, g.has) {
			return false, nil
		}
	}
	return seesPart(in.ctx, in.q)
}

// findUnseenTriggers marks the tables whose triggers MySQL doesn't show: it takes the
// privilege TRIGGER to see that a table has any. MariaDB shows them, without their text.
// https://dev.mysql.com/doc/refman/8.4/en/information-schema-triggers-table.html
func (in *inspection) findUnseenTriggers(grants []grant) {
	if in.server.mariadb {
		return
	}
	for _, t := range in.tables {
		schema := t.Name.Schema
		if schema == "" {
			schema = in.database
		}
		t.TriggersUnseen = !slices.ContainsFunc(grants, func(g grant) bool {
			return g.has("TRIGGER") && g.coversTable(schema, t.Name.Table, in.server.folds)
		})
	}
}

// findUnseenReferences marks the tables that a foreign key of a table which the user may not
// see refers to, or may refer to. InnoDB's own list has all foreign keys of the server, and is shown
// who has PROCESS.
func (in *inspection) findUnseenReferences(grants []grant) error {
	rows, err := queryAll(in.ctx, in.q, in.server.foreignKeys())
	switch {
	case err != nil && !isServers(err):
		return err
	case err == nil:
		for _, r := range rows {
			if t := in.findTable(r[2], r[3]); t != nil && in.findTable(r[0], r[1]) == nil {
				t.ReferencesUnseen = true
			}
		}
	case !slices.ContainsFunc(grants, func(g grant) bool { return g.schema == "*" && g.showsReferences(in.server.mariadb) }):
		for _, t := range in.tables {
			t.ReferencesUnseen = true
		}
	}
	return nil
}

// foreignKeys selects the foreign keys of InnoDB's own list: the database and the table that
// refers, and those referred to.
func (s *server) foreignKeys() string {
	if !s.mariadb {
		return "SELECT SUBSTRING_INDEX(FOR_NAME, '/', 1), SUBSTRING_INDEX(FOR_NAME, '/', -1), SUBSTRING_INDEX(REF_NAME, '/', 1), SUBSTRING_INDEX(REF_NAME, '/', -1) FROM information_schema.INNODB_FOREIGN"
	}
	named := func(column, part string) string { // as files are
		return "CONVERT(CONVERT(CAST(SUBSTRING_INDEX(" + column + ", '/', " + part + ") AS BINARY) USING filename) USING utf8mb4)"
	}
	return "SELECT " + strings.Join([]string{named("FOR_NAME", "1"), named("FOR_NAME", "-1"), named("REF_NAME", "1"), named("REF_NAME", "-1")}, ", ") +
		" FROM information_schema.INNODB_SYS_FOREIGN"
}

// grant is what the user may do with which tables.
type grant struct {
	privileges []string
	schema     string // a pattern, * for all
	table      string // * for all
}

func (g grant) has(privilege string) bool {
	return slices.Contains(g.privileges, privilege) || slices.Contains(g.privileges, "ALL PRIVILEGES")
}

// showsReferences reports whether the grant has the catalogue show the foreign keys of its
// tables. MariaDB's does so for who may do more than read.
func (g grant) showsReferences(mariadb bool) bool {
	for _, p := range []string{"INSERT", "UPDATE", "DELETE", "REFERENCES"} {
		if g.has(p) {
			return true
		}
	}
	return !mariadb && g.has("SELECT")
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

// coversTable reports whether the grant is about a table. A database's name is a
// pattern of LIKE where the grant is for all of its tables.
func (g grant) coversTable(schema, table string, fold bool) bool {
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
