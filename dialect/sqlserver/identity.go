package sqlserver

import (
	"context"

	"github.com/expungedb/expunge/dialect"
)

// identityFacts are queries without a result for some users and editions.
var identityFacts = map[string]string{
	"database":       "SELECT DB_NAME()",
	"server":         "SELECT CAST(SERVERPROPERTY('ServerName') AS nvarchar(128))",
	"edition":        "SELECT CAST(SERVERPROPERTY('Edition') AS nvarchar(128))",
	"database_guid":  "SELECT CAST(database_guid AS nvarchar(36)) FROM sys.database_recovery_status WHERE database_id = DB_ID()",
	"recovery_fork":  "SELECT CAST(recovery_fork_guid AS nvarchar(36)) FROM sys.database_recovery_status WHERE database_id = DB_ID()",
	"database_id":    "SELECT CAST(DB_ID() AS nvarchar(20))",
	"created":        "SELECT CONVERT(nvarchar(33), create_date, 126) FROM sys.databases WHERE name = DB_NAME()",
	"group_database": "SELECT CAST(group_database_id AS nvarchar(36)) FROM sys.databases WHERE name = DB_NAME()",
	"recovery_model": "SELECT recovery_model_desc FROM sys.databases WHERE name = DB_NAME()",
}

// Identity returns the server's version, the database's name and GUID, and the settings for how
// long its log keeps rows.
func (d *DB) Identity(ctx context.Context) (dialect.Identity, error) {
	const doing = "identify the server"
	conn, s, err := d.openSession(ctx, doing, nil)
	if err != nil {
		return dialect.Identity{}, err
	}
	defer conn.Close()
	id := dialect.Identity{Engine: "sqlserver", Version: s.version, Facts: map[string]string{}}
	for name, q := range identityFacts {
		rows, err := queryAll(ctx, conn, q)
		if err != nil {
			err = engineError(ctx, err, doing, dialect.Name{})
			if c := dialect.ClassOf(err); c == dialect.Cancelled || c == dialect.LostConnection {
				return dialect.Identity{}, err
			}
			continue
		}
		if len(rows) == 1 && rows[0][0] != "" {
			id.Facts[name] = rows[0][0]
		}
	}
	id.Names, id.Marks = identityNames(id.Facts), identityMarks(id.Facts)
	return id, nil
}

func identityNames(facts map[string]string) []string {
	if server := facts["server"]; server != "" {
		return []string{facts["database"], facts["database"] + "@" + server}
	}
	return []string{facts["database"]}
}

// identityMarks identify the database in its availability group, else on its server. A restored or
// attached database has another date of creation.
func identityMarks(facts map[string]string) []string {
	switch {
	case facts["group_database"] != "":
		return []string{facts["group_database"]}
	case facts["server"] == "" || facts["database_id"] == "" || facts["created"] == "":
		return nil
	}
	return []string{facts["server"] + "/" + facts["database_id"] + "/" + facts["created"]}
}
