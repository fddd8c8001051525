package discover

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/expungedb/expunge/internal/sample"
)

// chinook is the path of the Chinook database, outside the checkout.
var chinook = filepath.Join("..", "..", "..", "shared", "data", "chinook", "Chinook_Sqlite.sql")

func TestRecallAndPrecision(t *testing.T) {
	for _, c := range []struct {
		name      string
		open      func(t *testing.T) *sql.DB
		recall    float64
		precision float64
		decided   float64
	}{
		{"shop", func(t *testing.T) *sql.DB { return shop(t, sample.Shop{Customers: 100}) }, 1, 0.9, 0.9},
		{"chinook", func(t *testing.T) *sql.DB {
			if _, err := os.Stat(chinook); errors.Is(err, fs.ErrNotExist) {
				t.Skip("CHINOOK IS NOT THERE: recall over it is not measured; put its scripts into ../shared/data/chinook beside the checkout")
			}
			return script(t, chinook)
		}, 1, 0.9, 0.9},
		{"hospital", func(t *testing.T) *sql.DB { return script(t, "testdata/hospital.sql") }, 0.95, 0.9, 0.85},
		{"payroll", func(t *testing.T) *sql.DB { return script(t, "testdata/payroll.sql") }, 0.95, 0.9, 0.85},
		{"names", func(t *testing.T) *sql.DB { return script(t, "testdata/names.sql") }, 0.95, 0.9, 0.85},
		{"forum", func(t *testing.T) *sql.DB { return script(t, "testdata/forum.sql") }, 0.95, 0.9, 0.85},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := readExpected(t, filepath.Join("testdata", c.name+".txt"))
			d := draftOf(t, c.open(t), Options{})
			got := want.score(t, d)
			t.Logf("%s: recall %.3f, precision %.3f, right category %.3f, decided %.3f of %d columns",
				c.name, got.recall, got.precision, got.categories, got.decided, len(d.Findings))
			for title, list := range map[string][]string{"missed": got.missed, "invented": got.invented, "other category": got.other, "undecided": got.unsure} {
				for _, l := range list {
					t.Logf("%s: %s", title, l)
				}
			}
			if got.recall < c.recall {
				t.Errorf("recall is %.3f, and at least %.2f is promised", got.recall, c.recall)
			}
			if got.precision < c.precision {
				t.Errorf("precision is %.3f, and at least %.2f is promised", got.precision, c.precision)
			}
			if got.decided < c.decided {
				t.Errorf("only %.3f of the columns are decided, and %.2f is promised", got.decided, c.decided)
			}
			if len(got.silent) > 0 {
				t.Errorf("personal columns are proposed as none: %q", got.silent)
			}
		})
	}
}
