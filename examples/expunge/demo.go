package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan/policy"
)

// demonstration is one demo: a story in stages, told by the library itself.
type demonstration struct {
	w       io.Writer // the story
	style   style
	bar     io.Writer // progress
	folder  string
	stage   int
	policy  *policy.Policy
	shop    *shopFile
	staging *shopFile
	key     *madeKey
	subject string // the customer's key
	rows    *commitments

	Told told
}

// told is the JSON of demo.
type told struct {
	Folder    string   `json:"folder"`
	Customers int      `json:"customers"`
	Rows      int64    `json:"rows"`
	Plan      string   `json:"plan"`   // the digest of the plan that erased the customer
	Erased    int64    `json:"erased"` // rows deleted, overwritten or detached
	Offline   string   `json:"offline"`
	Live      string   `json:"live"`
	Disclosed string   `json:"disclosed"`
	Tampered  string   `json:"tampered"`
	Broken    int64    `json:"brokenReferences"`
	Files     []string `json:"files"`
}

// shopFile is a shop in a SQLite file.
type shopFile struct {
	path string
	pool *sql.DB
	*sqlite.DB
}

// rowsPerCustomer is the approximate number of rows per customer of the sample shop.
const rowsPerCustomer = 24

func (a *app) demo() *cli.Command {
	return &cli.Command{
		Name: "demo", Usage: "erase a customer of a sample shop, from plan to proof",
		Flags: []cli.Flag{&cli.IntFlag{Name: "rows", Value: 100_000, Usage: "approximate number of `ROWS` in the shop"}},
		Action: a.verb(0, func(ctx context.Context, cmd *cli.Command) error {
			rows := cmd.Int("rows")
			if rows < 2_400 || rows > 100_000_000 {
				return badUsage("--rows is from 2400 to 100000000")
			}
			d := &demonstration{w: a.text, style: styleFor(a.stdout), bar: a.stderr}
			if cmd.Bool("json") {
				d.w, d.style = io.Discard, false
			}
			err := d.run(ctx, rows/rowsPerCustomer)
			if errors.Is(err, context.Canceled) {
				return fmt.Errorf("stopped; what is there so far is in %s", d.folder)
			}
			if err != nil || !cmd.Bool("json") {
				return err
			}
			return printJSON(a.stdout, d.Told)
		}),
	}
}

func (d *demonstration) run(ctx context.Context, customers int) (err error) {
	if d.folder, err = os.MkdirTemp("", "expunge-demo-"); err != nil {
		return err
	}
	d.Told.Folder, d.Told.Customers = d.folder, customers
	defer func() {
		for _, s := range []*shopFile{d.shop, d.staging} {
			if s != nil {
				err = errors.Join(err, s.pool.Close())
			}
		}
	}()
	for _, stage := range []func(context.Context) error{
		d.openShop, d.review, d.anonymise, d.forget, d.prove, d.tamper, d.hold, d.intact,
	} {
		if err := stage(ctx); err != nil {
			return err
		}
	}
	d.files()
	return nil
}

// heading begins a stage.
func (d *demonstration) heading(text string) {
	d.stage++
	fmt.Fprintf(d.w, "\n%s\n\n", d.style.bold(fmt.Sprintf("%d. %s", d.stage, text)))
}

func (d *demonstration) say(format string, args ...any) {
	fmt.Fprintln(d.w, wrapText(fmt.Sprintf(format, args...), "   "))
}

func (d *demonstration) openFile(name string) (*shopFile, error) {
	path := filepath.Join(d.folder, name)
	pool, err := sql.Open("sqlite", sqliteDSN(path, "rwc"))
	if err != nil {
		return nil, err
	}
	return &shopFile{path, pool, sqlite.New(pool)}, nil
}

func (d *demonstration) openShop(ctx context.Context) (err error) {
	fmt.Fprintln(d.w, d.style.bold("expunge: anonymise and erase personal data in SQL databases, with proof"))
	d.heading("A shop")
	if d.shop, err = d.openFile("shop.db"); err != nil {
		return err
	}
	began := time.Now()
	if err := (sample.Shop{Customers: d.Told.Customers}).Load(ctx, sample.SQLite, d.shop.pool); err != nil {
		return err
	}
	// The statistics give the progress bar the number of rows.
	if _, err := d.shop.pool.ExecContext(ctx, "ANALYZE"); err != nil {
		return err
	}
	d.say("%s made-up customers in %s, loaded in %s.", thousands(int64(d.Told.Customers)), d.shop.path, tookSince(began))
	return nil
}

func tookSince(since time.Time) string { return fmt.Sprintf("%.1f s", time.Since(since).Seconds()) }

func (d *demonstration) files() {
	d.heading("The files")
	d.say("%s, which you may delete:", d.folder)
	fmt.Fprintln(d.w)
	for _, f := range [][2]string{
		{"shop.db", "the shop without the customer"},
		{"staging.db", "the anonymised copy"},
		{"policy.yaml", "what the shop holds about people, and what must happen to it"},
		{"plan.json", "what was reviewed and run"},
		{"receipt.json", "the proof"},
		{"receipt.key", "with receipt.leaves, for disclosures: store them apart"},
		{"disclosure.json", "the proof for the customer that the receipt covers the row"},
		{"tampered.json", "the receipt that was refused"},
		{filepath.Base(d.key.PublicKey), "the key to verify receipts with"},
	} {
		fmt.Fprintf(d.w, "   %-16s  %s\n", f[0], f[1])
		d.Told.Files = append(d.Told.Files, filepath.Join(d.folder, f[0]))
	}
	fmt.Fprintln(d.w)
	d.say("Next: expunge verify receipt.json --pub %s --policy policy.yaml --subject %s --db sqlite:shop.db", filepath.Base(d.key.PublicKey), d.subject)
}
