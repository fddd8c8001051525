package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/internal/testdb"
)

// backups is how a script backs its database up.
type backups struct {
	t      testing.TB
	server *testdb.Server // nil: the database is a file
}

// canBackUp reports whether the engine's backup tool works here. SQL Server takes backups on its
// own machine.
func canBackUp(engine string) bool { return engine != sample.SQLServer }

// backUp takes a backup of the database as its operator would, with the engine's own tool: backup
// NAME.
func backUp(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: backup name")
	}
	b, url := ts.Value(backups{}).(*backups), ts.Getenv("EXPUNGE_DB")
	var data []byte
	if b.server != nil {
		data = b.server.Dump(b.t, url)
	} else {
		var err error
		data, err = os.ReadFile(strings.TrimPrefix(url, "sqlite:"))
		ts.Check(err)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".backup"), data, 0o600))
}

// restore makes a new database from a backup, and the script continues with that one: restore NAME.
func restore(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: restore name")
	}
	b := ts.Value(backups{}).(*backups)
	data, err := os.ReadFile(ts.MkAbs(args[0] + ".backup"))
	ts.Check(err)
	if b.server != nil {
		ts.Setenv("EXPUNGE_DB", b.server.Restore(b.t, data).URL)
		return
	}
	dir, err := os.MkdirTemp(ts.Getenv("WORK"), "restored-")
	ts.Check(err)
	path := filepath.Join(dir, "shop.db")
	ts.Check(os.WriteFile(path, data, 0o600))
	ts.Setenv("EXPUNGE_DB", "sqlite:"+path)
}
