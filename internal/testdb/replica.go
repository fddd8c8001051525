//go:build unix

package testdb

import (
	"context"
	"net/url"
	"path/filepath"
	"testing"
)

// NewStandby starts a streaming hot standby of a private PostgreSQL server. pg_wal_replay_pause()
// pauses its replay and pg_wal_replay_resume() resumes it.
func NewStandby(t testing.TB, primary *Server) *Server {
	t.Helper()
	s, err := newStandby(primary)
	if err != nil {
		t.Fatalf("testdb: a standby of %v: %v", primary, err)
	}
	t.Cleanup(func() {
		if err := s.Kill(); err != nil {
			t.Errorf("testdb: %v", err)
		}
	})
	return s
}

func newStandby(primary *Server) (*Server, error) {
	s, err := scratchIn(primary.in.root)
	if err != nil {
		return nil, err
	}
	dir, err := s.dir(primary.in)
	if err != nil {
		return nil, err
	}
	admin := primary.adminURL()
	data := filepath.Join(dir, "data")
	if err := primary.in.runProgram("pg_basebackup", "--pgdata="+data, "--host="+admin.Hostname(), "--port="+admin.Port(), "--username=postgres",
		"--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf", "--no-sync"); err != nil {
		return nil, err
	}
	// The standby of an idle primary reports rarely by default.
	return s.servePostgres(primary.in, data, []string{"wal_receiver_status_interval=1s"})
}

// NewReplicated starts a MariaDB server for this test alone, and a replica of it. The replica falls
// behind while a session locks its tables. STOP SLAVE SQL_THREAD stops its applier and START SLAVE
// SQL_THREAD starts it again.
func NewReplicated(t testing.TB) (primary, replica *Server) {
	t.Helper()
	primary = NewMariaDB(t, "log-bin=bin", "server-id=1")
	replica = NewMariaDB(t, "server-id=2")
	// Both begin as copies of one empty folder: all of the log is to be replayed.
	startReplica(t, replica,
		"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT="+primary.adminURL().Port()+", MASTER_USER='root', MASTER_USE_GTID=slave_pos",
		"START SLAVE")
	return primary, replica
}

// NewReplicatedMySQL is NewReplicated for MySQL, where the statement is STOP REPLICA SQL_THREAD.
func NewReplicatedMySQL(t testing.TB) (primary, replica *Server) {
	t.Helper()
	primary = NewMySQL(t, "log-bin=bin", "server-id=1", "gtid-mode=ON", "enforce-gtid-consistency=ON")
	replica = NewMySQL(t, "server-id=2", "gtid-mode=ON", "enforce-gtid-consistency=ON")
	startReplica(t, replica,
		"CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT="+primary.adminURL().Port()+", SOURCE_USER='root', SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1",
		"START REPLICA")
	return primary, replica
}

func startReplica(t testing.TB, replica *Server, statements ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	server := &mysqlServer{*replica.adminURL()}
	for _, s := range statements {
		if err := server.execute(ctx, s); err != nil {
			t.Fatalf("testdb: making %v a replica: %v", replica, err)
		}
	}
}

// At returns the URL of a database on this server; on a replica that of the copy of a database on
// its primary.
func (s *Server) At(db *Database) string {
	u := s.adminURL()
	u.Path = "/" + db.Name
	return u.String()
}

// adminURL is the URL of the server's administrator.
func (s *Server) adminURL() *url.URL {
	var u url.URL
	switch ops := s.ops.(type) {
	case *postgres:
		u = ops.admin
	case *mysqlServer:
		u = ops.admin
	}
	return &u
}
