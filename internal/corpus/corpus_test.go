//go:build unix

package corpus

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/internal/sample"
)

// application is one schema on one engine.
type application struct {
	name, engine string
	heldOut      bool
	pkg          string   // the Debian package; "" for the sample shop
	files        []string // in the package: the definitions of its tables
	reached      figures  // the test fails if a draft does worse
}

// figures are the measures of a draft.
type figures struct {
	subject                                    bool
	links, proposals, owners, personal, claims float64
	undecided                                  float64 // highest share of columns
	silent                                     int     // highest count
	extra                                      int     // highest count of edits beyond the undecided columns and decisions
}

// goal is the target for every application.
var goal = figures{subject: true, links: 0.95, proposals: 0.95, owners: 1, personal: 0.97, claims: 0.90, undecided: 0.04}

var applications = []application{
	{name: "shop", engine: "sqlite", reached: figures{true, 1, 1, 1, 1, 1, 0, 0, 0}},
	{name: "roundcube", engine: "sqlite", pkg: "roundcube-core", files: []string{"usr/share/dbconfig-common/data/roundcube/install/sqlite3"}, reached: figures{true, 1, 1, 1, 1, 1, 0.011, 0, 0}},
	{name: "roundcube", engine: "postgres", pkg: "roundcube-core", files: []string{"usr/share/dbconfig-common/data/roundcube/install/pgsql"}, reached: figures{true, 1, 1, 1, 1, 1, 0.011, 0, 0}},
	{name: "request-tracker5", engine: "sqlite", pkg: "request-tracker5", files: []string{"usr/share/request-tracker5/etc/schema.SQLite"}, reached: figures{true, 1, 1, 1, 1, 1, 0.012, 0, 0}},
	{name: "request-tracker5", engine: "postgres", pkg: "request-tracker5", files: []string{"usr/share/request-tracker5/etc/schema.Pg"}, reached: figures{true, 1, 1, 1, 1, 1, 0.029, 0, 0}},
	{name: "cacti", engine: "mariadb", pkg: "cacti", files: []string{"usr/share/cacti/conf_templates/cacti.sql"}, reached: figures{true, 1, 1, 1, 1, 1, 0.018, 0, 0}},
	{name: "tt-rss", engine: "postgres", heldOut: true, pkg: "tt-rss", files: []string{"usr/share/tt-rss/schema/ttrss_schema_pgsql.sql"}, reached: figures{true, 1, 1, 1, 0.92, 0.92, 0.023, 0, 0}},
	{name: "mediawiki", engine: "sqlite", heldOut: true, pkg: "mediawiki", files: []string{"usr/share/mediawiki/maintenance/sqlite/tables-generated.sql"}, reached: figures{true, 1, 0.94, 1, 0.88, 0.78, 0.039, 2, 0}},
	{name: "mediawiki", engine: "postgres", heldOut: true, pkg: "mediawiki",
		files: []string{"usr/share/mediawiki/maintenance/postgres/tables-generated.sql", "usr/share/mediawiki/maintenance/postgres/tables.sql"}, reached: figures{true, 1, 0.94, 1, 0.88, 0.88, 0.036, 2, 0}},
	{name: "mediawiki", engine: "mariadb", heldOut: true, pkg: "mediawiki", files: []string{"usr/share/mediawiki/maintenance/tables-generated.sql"}, reached: figures{true, 1, 0.94, 1, 0.88, 0.78, 0.036, 2, 0}},
	{name: "zabbix", engine: "postgres", heldOut: true, pkg: "zabbix-server-pgsql", files: []string{"usr/share/zabbix-server-pgsql/schema.sql.gz"}, reached: figures{true, 1, 0.6, 1, 1, 0.88, 0.038, 0, 0}},
	{name: "zabbix", engine: "mariadb", heldOut: true, pkg: "zabbix-server-mysql", files: []string{"usr/share/zabbix-server-mysql/schema.sql.gz"}, reached: figures{true, 1, 0.6, 1, 1, 0.88, 0.038, 0, 0}},
}

func (a *application) String() string { return a.name + "/" + a.engine }

// open creates the application's database and its rows.
func (a *application) open(t *testing.T, w *truth) dialect.DB {
	t.Helper()
	if a.pkg != "" {
		return engines[a.engine].make(t, definitions(t, unpacked(t, a.pkg), a.files), w)
	}
	db, pool := engines[a.engine].open(t)
	if err := (sample.Shop{Customers: 100}).Load(t.Context(), a.engine, pool); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestCorpus(t *testing.T) {
	scores := map[string]*score{}
	for _, a := range applications {
		t.Run(a.String(), func(t *testing.T) {
			w := readTruth(t, a.name)
			s := measure(t, a.open(t, w), w)
			scores[a.String()] = s
			if !a.heldOut || os.Getenv("EXPUNGE_CORPUS_SHOW") != "" {
				slices.Sort(s.mistakes)
				for _, m := range s.mistakes {
					t.Log(m)
				}
			}
			a.compare(t, s)
		})
	}
	t.Log("\n" + table(scores))
}

// compare fails the test for each figure worse than the recorded one.
func (a *application) compare(t *testing.T, s *score) {
	t.Helper()
	if a.reached.subject && !s.subject {
		t.Errorf("the subject is wrong")
	}
	for name, f := range map[string][2]float64{
		"links found": {s.links.value(), a.reached.links}, "links proposed that are real": {s.proposals.value(), a.reached.proposals}, "owners": {s.owners.value(), a.reached.owners},
		"personal columns": {s.personal.value(), a.reached.personal}, "columns called personal that are": {s.claims.value(), a.reached.claims},
		"decided columns": {1 - float64(s.undecided)/float64(s.columns), 1 - a.reached.undecided},
	} {
		if f[0] < f[1]-0.0005 {
			t.Errorf("%s: %.3f, and %.3f was reached", name, f[0], f[1])
		}
	}
	if !s.builds {
		t.Errorf("the plans don't build once what is undecided is decided")
	}
	if s.silent > a.reached.silent {
		t.Errorf("%d personal columns are called none, and there were %d", s.silent, a.reached.silent)
	}
	if extra := s.edits - s.undecided - s.open; extra > a.reached.extra {
		t.Errorf("%d edits beside the undecided columns, and there were %d", extra, a.reached.extra)
	}
}

// table formats the scores as a table, with the goal in its last line.
func table(scores map[string]*score) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "schema\thalf\tcolumns\tsubject\tlinks found\tlinks real\towners\tpersonal found\tpersonal real\tsilent\tundecided\tedits\tbuilds\tlines")
	for _, a := range applications {
		s, half := scores[a.String()], "tuned"
		if s == nil {
			continue
		}
		if a.heldOut {
			half = "held out"
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%v\t%s\t%s\t%s\t%s\t%s\t%d\t%d (%.1f%%)\t%d\t%v\t%d\n", &a, half, s.columns, s.subject, s.links, s.proposals, s.owners, s.personal, s.claims,
			s.silent, s.undecided, 100*float64(s.undecided)/float64(s.columns), s.edits, s.builds, s.lines)
	}
	fmt.Fprintf(w, "goal\t\t\ttrue\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t0\t%.0f%%\t= undecided\ttrue\t\n", goal.links, goal.proposals, goal.owners, goal.personal, goal.claims, 100*goal.undecided)
	w.Flush()
	return b.String()
}

func (s share) String() string { return fmt.Sprintf("%.2f (%d/%d)", s.value(), s.part, s.whole) }
