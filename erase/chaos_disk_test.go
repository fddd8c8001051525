//go:build linux

package erase_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/internal/testdb"
)

// The disk of the journal's entries is full in the middle of a run. The run fails, and is continued
// when there is room again.
func TestChaosTheJournalsDiskIsFull(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		// Many batches of few rows: their entries need more room than the run frees in the same file by
		// deleting or shortening rows.
		m := &mayhem{work: works["everything"]}
		m.work.MaxRows = 3
		alone := func(t *testing.T, db *target) {
			db.SQL.SetMaxOpenConns(1) // pragmas belong to a connection
			db.exec(t, "PRAGMA synchronous = OFF")
		}
		db := openTarget(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
		alone(t, db)
		m.reset = db.resettable(t, func(d *target) { d.shop(t, sample.Shop{Customers: 30, Seed: 3}) })
		m.undisturbed(t, db)
		tight{
			says: "fatal [13]: the disk is full, or the database as large as it may be: make room, or raise max_page_count", spare: 100,
			shrink: func(t *testing.T, db *target) {
				alone(t, db)
				db.exec(t, erase.JournalDDL(db.DB)...)
				db.exec(t, fmt.Sprintf("PRAGMA max_page_count = %d", db.count(t, "PRAGMA page_count")+8))
			},
			grow: func(t *testing.T, db *target) { db.exec(t, "PRAGMA max_page_count = 4294967294") },
		}.stops(t, m)
	})
	const tableIsFull = "fatal [1114]: the table is full: make room on its disk, or raise the limit of its tablespace"
	for _, e := range []struct {
		name   string
		server func(t testing.TB, settings ...string) *testdb.Server
		set    []string
		tight  tight
		make   func(t *testing.T, db *target, disk string) // the journal, with the entries on the disk
	}{
		{"postgres", testdb.NewPostgres, nil, tight{says: "fatal [53100]: the disk is full: make room on that of the table's tablespace, and of the write-ahead log", spare: 1000}, inTablespace},
		{"mariadb", testdb.NewMariaDB, nil, tight{says: tableIsFull, spare: 6000}, inDataDirectory},
		{"mysql", testdb.NewMySQL, []string{"innodb_directories=../disk"}, tight{says: tableIsFull, spare: 6000}, inDataDirectory},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			server := e.server(t, e.set...)
			disk := server.NewDisk(t, 256<<10)
			e.tight.shrink = func(t *testing.T, db *target) { e.make(t, db, disk.Path) }
			e.tight.grow = func(t *testing.T, _ *target) { disk.Grow(t, 16<<20) }
			db := openTarget(t, server.Database(t).URL)
			db.server = server
			e.tight.stops(t, newMayhem(t, db, works["everything"]))
		})
	}
}

// entries is the journal's table with a row for each batch.
func (d *target) entries() string { return d.quote(d.DB.JournalTable("batch")) }

func inTablespace(t *testing.T, db *target, disk string) {
	db.exec(t, "CREATE TABLESPACE tight LOCATION '"+disk+"'")
	db.exec(t, erase.JournalDDL(db.DB)...)
	db.exec(t, "ALTER TABLE "+db.entries()+" SET TABLESPACE tight")
}

func inDataDirectory(t *testing.T, db *target, disk string) {
	for _, s := range erase.JournalDDL(db.DB) {
		if strings.Contains(s, " "+db.entries()+" ") {
			s += " DATA DIRECTORY = '" + disk + "'"
		}
		db.exec(t, s)
	}
}

// tight is a disk soon to be full.
type tight struct {
	says         string // the run's error, of the journal's table
	spare        int    // bytes of an entry that fit in no page when the run begins
	shrink, grow func(*testing.T, *target)
}

// stops lets the work continue until the disk is full, and continues it when there is room again.
func (d tight) stops(t *testing.T, m *mayhem) {
	t.Helper()
	db := m.reset(t)
	d.shrink(t, db)
	for seq := range 5000 { // too many for any of the disks
		if _, err := db.SQL.Exec(fmt.Sprintf("INSERT INTO %s (run, root, seq, part, epoch, roots, counts, padded, retries, began, committed) "+
			"VALUES ('ballast', 0, %d, 0, 0, 0, '%s', 0, 0, '', '')", db.entries(), seq, strings.Repeat("x", d.spare))); err != nil {
			break
		}
	}
	p, err := db.meant(t.Context(), m.plan)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.work.carryOut(t.Context(), db, p, nil)
	if err == nil {
		t.Fatal("the run has ended well")
	}
	for line := range strings.Lines(err.Error()) { // of each worker that met it
		if _, says, _ := strings.Cut(strings.TrimSpace(line), db.DB.JournalTable("batch").String()+": "); says != d.says {
			t.Errorf("the run failed with %q, want %q", line, d.says)
		}
	}
	all := m.passages.times["journaled"]
	if n := db.count(t, "SELECT count(*) FROM "+db.entries()+" WHERE run <> 'ballast'"); n == 0 || int64(n) >= all {
		t.Errorf("the run ended with %d entries of %d, want some", n, all)
	}
	d.grow(t, db)
	db.exec(t, "DELETE FROM "+db.entries()+" WHERE run = 'ballast'")
	m.ends(t, db)
}
