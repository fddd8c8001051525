package mysql

import (
	"context"
	"maps"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/dialect/internal/sqlconn"
)

// identityVariables are a receipt's facts about the server: its identity, and the contents of its
// binary log. A server shows only those it has.
const identityVariables = `SHOW GLOBAL VARIABLES WHERE Variable_name IN (
	'server_uuid', 'server_uid', 'server_id', 'hostname', 'group_replication_group_name', 'gtid_mode', 'gtid_domain_id', 'gtid_current_pos',
	'log_bin', 'binlog_format', 'binlog_row_image', 'innodb_immediate_scrub_data_uncompressed')`

// Identity implements dialect.DB.
func (d *DB) Identity(ctx context.Context) (dialect.Identity, error) {
	const doing = "read the server's identity"
	s, err := d.openSession(ctx, doing)
	if err != nil {
		return dialect.Identity{}, err
	}
	id := dialect.Identity{Engine: s.server.engine(), Version: s.server.version, Facts: map[string]string{}}
	rows, err := sqlconn.QueryAll(ctx, s.conn, identityVariables)
	s.closeSession(err == nil)
	if err != nil {
		return dialect.Identity{}, engineError(ctx, err, doing, dialect.Name{})
	}
	for _, r := range rows {
		id.Facts[r[0].String] = r[1].String
	}
	maps.DeleteFunc(id.Facts, func(_, v string) bool { return v == "" })
	if s.database != "" {
		id.Names = identityNames(s.database, id.Facts)
		id.Marks = identityMarks(s.database, id.Facts)
	}
	return id, nil
}

func identityNames(database string, facts map[string]string) []string {
	if host := facts["hostname"]; host != "" {
		return []string{database, database + "@" + host}
	}
	return []string{database}
}

// identityMarks identify the database on its server, or in its group of replicating servers.
// MariaDB derives server_uid from the machine's network address and port: when the address changes,
// the host name may remain.
func identityMarks(database string, facts map[string]string) (out []string) {
	servers := []string{"group_replication_group_name"}
	if facts[servers[0]] == "" {
		servers = []string{"server_uuid"}
		if facts["server_uid"] != "" {
			servers = []string{"server_uid", "hostname"}
		}
	}
	for _, s := range servers {
		if id := facts[s]; id != "" {
			out = append(out, id+"/"+database)
		}
	}
	return out
}
