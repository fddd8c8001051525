//go:build unix

package bench

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/plan"
)

var (
	rowsFlag    = flag.Int("rows", 1000, "rows of the customer table, and customers of the shop")
	onlyFlag    = flag.String("only", "", "measure only what `regexp` matches (overwrite/mariadb)")
	enginesFlag = flag.String("engines", "postgres,mariadb,mysql,sqlite", "measure on these engines only")
	outFlag     = flag.String("out", "", "write results.md and ratios.svg into this `folder`; defaults to a temporary one")
	profileFlag = flag.String("profile", "", "write a CPU profile of each of expunge's processes into this `folder`")
)

func TestMain(m *testing.M) {
	if os.Getenv(jobVariable) != "" {
		os.Exit(child())
	}
	os.Exit(m.Run())
}

// work is one row of the table: a task, its engines, and its measurement.
type work struct {
	name    string // for -only, with the engine: overwrite/postgres
	engines []string
	measure func(t *testing.T, e *engine, n int) []result
}

// works are all rows, in the order of the table.
var works = []work{
	{"overwrite", []string{"postgres"}, overwriting(randoms, 0.45)},
	{"pseudonyms", []string{"postgres"}, overwriting(pseudonyms, 0.60)},
	{"overwrite", []string{"mariadb"}, overwriting(randoms, 0.65)},
	{"overwrite", []string{"mysql"}, overwriting(randoms, 1.0)},
	{"overwrite", []string{"sqlite"}, overwriting(randoms, 1.3)},
	{"suspended", []string{"postgres"}, overwriting(randoms, 0.30, plan.SuspendsIndexes)},
	{"suspended", []string{"mariadb"}, overwriting(randoms, 0.10, plan.SuspendsIndexes, plan.SuspendsUniqueness)},
	{"suspended", []string{"mysql"}, overwriting(randoms, 0.70, plan.SuspendsIndexes, plan.SuspendsUniqueness)},
	{"delete", []string{"mariadb"}, deleting(archiver, 0.40)},
	{"delete", []string{"postgres", "mysql", "sqlite"}, deleting(oneDelete, 1.0)},
	{"subjects", []string{"postgres", "mariadb"}, erasing},
	{"tenfold", []string{"postgres"}, tenfold()},
	{"tenfold-suspended", []string{"postgres"}, tenfold(plan.SuspendsIndexes, plan.SuspendsUniqueness)},
	{"plan", []string{"postgres"}, planning},
	{"journal", []string{"postgres"}, journaling},
	{"log", []string{"sqlite"}, logging},
}

func TestBench(t *testing.T) {
	only, err := regexp.Compile(*onlyFlag)
	if err != nil {
		t.Fatal("-only: ", err)
	}
	out := *outFlag
	if out == "" {
		out = t.TempDir()
	}
	chosen := strings.Split(*enginesFlag, ",")
	report := newReport(*rowsFlag)
	for _, w := range works {
		for _, name := range w.engines {
			if !only.MatchString(w.name+"/"+name) || !slices.Contains(chosen, name) {
				continue
			}
			t.Run(w.name+"/"+name, func(t *testing.T) {
				e := engines[name]
				e.begin(t)
				report.add(w.measure(t, e, *rowsFlag)...)
				// After each row: an interrupted run keeps its measurements.
				if err := report.write(out); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
	if len(report.results) == 0 {
		t.Fatal("nothing was measured: -only and -engines leave nothing over")
	}
	t.Logf("%s\n%s", filepath.Join(out, resultsFile), report.markdown())
}
