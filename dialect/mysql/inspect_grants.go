package mysql

import (
	"regexp"
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// findUnseen marks the tables whose triggers or references the user may not see completely.
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

// readGrants reads the user's grants. For a server without grants it returns one for everything.
func (in *inspection) readGrants() (grants, error) {
	out := grants{fold: in.server.folds, mariadb: in.server.mariadb}
	rows, err := sqlconn.QueryAll(in.ctx, in.q, "SHOW GRANTS")
	if err != nil {
		if isServers(err) {
			out.given = []grant{{privileges: []string{"ALL PRIVILEGES"}, schema: "*", table: "*"}}
			return out, nil
		}
		return out, err
	}
	for _, r := range rows {
		switch g, ok := parseGrant(r[0].String); {
		case ok && g.revoked:
			out.revoked = append(out.revoked, g)
		case ok:
			out.given = append(out.given, g)
		}
	}
	if rows, err = sqlconn.QueryAll(in.ctx, in.q, "SHOW GLOBAL VARIABLES LIKE 'partial_revokes'"); err != nil {
		return out, err
	}
	out.literal = len(rows) == 1 && rows[0][1].String == "ON"
	return out, nil
}

// onTables are the privileges of which any one makes the catalogue show a table.
var onTables = []string{"SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES", "TRIGGER", "INDEX", "CREATE", "ALTER", "DROP", "CREATE VIEW", "SHOW VIEW"}

// seesPart reports whether the catalogue may hide tables of the database: it shows only those the
// user has any privilege on. Privileges of a role aren't among the grants.
func (in *inspection) seesPart(grants grants) (bool, error) {
	if slices.ContainsFunc(onTables, func(p string) bool { return grants.allow(p, in.database, "") }) {
		return false, nil
	}
	return seesPart(in.ctx, in.q)
}

// findUnseenTriggers marks the tables whose triggers MySQL hides: without the privilege TRIGGER,
// the user doesn't see whether a table has any. MariaDB shows them, without their text.
// https://dev.mysql.com/doc/refman/8.4/en/information-schema-triggers-table.html
func (in *inspection) findUnseenTriggers(grants grants) {
	if in.server.mariadb {
		return
	}
	for _, t := range in.tables {
		schema := t.Name.Schema
		if schema == "" {
			schema = in.database
		}
		t.TriggersUnseen = !grants.allow("TRIGGER", schema, t.Name.Table)
	}
}

// findUnseenReferences marks the tables with a foreign key, or possibly one, from a table that the
// user may not see. InnoDB's own list has all foreign keys of the server, but only a user with
// PROCESS may read it.
func (in *inspection) findUnseenReferences(grants grants) error {
	rows, err := sqlconn.QueryAll(in.ctx, in.q, in.server.foreignKeys())
	switch {
	case err != nil && !isServers(err):
		return err
	case err == nil:
		for _, r := range rows {
			if t := in.findTable(r[2], r[3]); t != nil && in.findTable(r[0], r[1]) == nil {
				t.ReferencesUnseen = true
			}
		}
	case !grants.showAllReferences():
		for _, t := range in.tables {
			t.ReferencesUnseen = true
		}
	}
	return nil
}

// innodbNames are expressions for the two parts of a name in InnoDB's own list, database/table.
func (s *server) innodbNames(column string) (database, table string) {
	part := func(at string) string {
		sql := "SUBSTRING_INDEX(" + column + ", '/', " + at + ")"
		if s.mariadb { // its names are encoded as file names
			sql = "CONVERT(CONVERT(CAST(" + sql + " AS BINARY) USING filename) USING utf8mb4)"
		}
		return sql
	}
	return part("1"), part("-1")
}

// foreignKeys selects the foreign keys of InnoDB's own list: database and table of the referring
// side, then of the referenced one.
func (s *server) foreignKeys() string {
	fromDatabase, fromTable := s.innodbNames("FOR_NAME")
	toDatabase, toTable := s.innodbNames("REF_NAME")
	list := "INNODB_FOREIGN"
	if s.mariadb {
		list = "INNODB_SYS_FOREIGN"
	}
	return "SELECT " + strings.Join([]string{fromDatabase, fromTable, toDatabase, toTable}, ", ") + " FROM information_schema." + list
}

// foreignKeysTo selects those that refer to one of the tables. It compares names without case,
// since the list has them as the server stores them. So it may find too many.
func (s *server) foreignKeysTo(tables []dialect.Name) string {
	database, table := s.innodbNames("REF_NAME")
	names := make([]string, len(tables))
	for i, n := range tables {
		schema := "DATABASE()"
		if n.Schema != "" {
			schema = hexLiteral(n.Schema)
		}
		names[i] = "CONCAT(" + schema + ", '/', " + hexLiteral(n.Table) + ")"
	}
	return s.foreignKeys() + " WHERE CONVERT(CONCAT(" + database + ", '/', " + table + ") USING utf8mb4) COLLATE utf8mb4_general_ci IN (" + strings.Join(names, ", ") + ")"
}

// grants are the user's privileges, without those of a role.
type grants struct {
	given   []grant
	revoked []grant // on databases, from a grant on all of them (MySQL's partial_revokes)
	fold    bool    // compare names without case
	literal bool    // a database's name is no pattern, as with partial_revokes
	mariadb bool
}

// allow reports whether the user has a privilege on a table; an empty table means all tables of the
// database.
func (s *grants) allow(privilege, schema, table string) bool {
	revoked := slices.ContainsFunc(s.revoked, func(g grant) bool {
		return g.has(privilege) && g.coversTable(schema, table, s.fold, true)
	})
	return slices.ContainsFunc(s.given, func(g grant) bool {
		return g.has(privilege) && (table != "" || g.table == "*") && (g.schema != "*" || !revoked) && g.coversTable(schema, table, s.fold, s.literal)
	})
}

// showAllReferences reports whether the catalogue shows the foreign keys of all tables of the
// server. MariaDB's does so only for a user with more than SELECT.
func (s *grants) showAllReferences() bool {
	showing := []string{"INSERT", "UPDATE", "DELETE", "REFERENCES"}
	if !s.mariadb {
		showing = append(showing, "SELECT")
	}
	shown := func(without grant) bool { // by the other privileges on all databases
		return slices.ContainsFunc(showing, func(p string) bool {
			return !without.has(p) && slices.ContainsFunc(s.given, func(g grant) bool { return g.schema == "*" && g.has(p) })
		})
	}
	return shown(grant{}) && !slices.ContainsFunc(s.revoked, func(g grant) bool { return !shown(g) })
}

// grant is a set of privileges on tables, granted or revoked.
type grant struct {
	privileges []string
	schema     string // a pattern, * for all
	table      string // * for all
	revoked    bool
}

func (g grant) has(privilege string) bool {
	return slices.Contains(g.privileges, privilege) || slices.Contains(g.privileges, "ALL PRIVILEGES")
}

var grantOn = regexp.MustCompile("^(GRANT|REVOKE) (.+) ON (?:\\*|`((?:[^`]|``)*)`)\\.(?:\\*|`((?:[^`]|``)*)`) (?:TO|FROM) ")

// parseGrant parses a line of SHOW GRANTS; it ignores one about a role or a routine.
func parseGrant(line string) (grant, bool) {
	m := grantOn.FindStringSubmatch(line)
	if m == nil {
		return grant{}, false
	}
	g := grant{revoked: m[1] == "REVOKE", privileges: strings.Split(m[2], ", "), schema: strings.ReplaceAll(m[3], "``", "`"), table: strings.ReplaceAll(m[4], "``", "`")}
	if g.schema == "" {
		g.schema = "*"
	}
	if g.table == "" {
		g.table = "*"
	}
	return g, true
}

// coversTable reports whether the grant covers a table. In a grant on all tables of a database, the
// database's name is a pattern of LIKE, unless literal is set.
func (g grant) coversTable(schema, table string, fold, literal bool) bool {
	if fold {
		schema, table = strings.ToLower(schema), strings.ToLower(table)
		g.schema, g.table = strings.ToLower(g.schema), strings.ToLower(g.table)
	}
	switch {
	case g.schema == "*":
		return true
	case g.table != "*":
		return g.schema == schema && g.table == table
	case literal:
		return g.schema == schema
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
