package erase_test

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/testdb"
)

// The disk that the journal is on is full in the middle of a run. The run fails,
// and is continued when there is room again.
func TestChaosTheJournalsDiskIsFull(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		db := openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
		db.SQL.SetMaxOpenConns(1) // the limit is a connection's
		full(t, newMayhem(t, db, works["everything"]),
			func(d *target) {
				d.SQL.SetMaxOpenConns(1)
				d.exec(t, "PRAGMA max_page_count = 1")
			},
			func(d *target) { d.exec(t, "PRAGMA max_page_count = 4294967294") })
	})
	t.Run("postgres", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Log("only the superuser can make a small disk for it")
			return
		}
		t.Parallel()
		server := testdb.NewPostgres(t)
		db := openTarget(t, server.Database(t).URL)
		db.server = server
		tight := smallDisk(t)
		db.exec(t, "CREATE TABLESPACE tight LOCATION '"+tight+"'")
		full(t, newMayhem(t, db, works["everything"]),
			func(d *target) {
				d.exec(t, erase.JournalDDL(d.DB)...)
				d.exec(t, "ALTER TABLE expunge.batch SET TABLESPACE tight", "CREATE TABLE public.ballast (filler text) TABLESPACE tight")
				for {
					if _, err := d.SQL.Exec("INSERT INTO ballast SELECT repeat('x', 1000) FROM generate_series(1, 7)"); err != nil {
						break
					}
				}
			},
			func(d *target) { d.exec(t, "DROP TABLE ballast") })
	})
}

// full has a run go on while the disk is full, and continues it afterwards.
func full(t *testing.T, m *mayhem, fill, free func(*target)) {
	t.Helper()
	db := m.reset(t)
	fill(db)
	_, _, err := m.work.work(t.Context(), db, nil)
	if err == nil || dialect.ClassOf(err) != dialect.Fatal {
		t.Errorf("the run ended with %v", err)
	}
	free(db)
	m.ends(t, db)
}

// smallDisk mounts a file system of 1 MiB that the server's user may write to.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; strings.HasPrefix(d, os.TempDir()) && d != os.TempDir(); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chown(dir, uid, -1); err != nil {
		t.Fatal(err)
	}
	return dir
}
