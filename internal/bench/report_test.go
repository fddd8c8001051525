//go:build unix

package bench

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// result is one row of the table.
type result struct {
	Work, Engine string
	Rows         int // the number of rows in the work

	Expunge     time.Duration
	Against     time.Duration // 0: nothing to compare with
	AgainstName string

	Goal     float64 // the target ratio, 0: GoalText is the goal in words
	GoalText string
	met      string

	PerSecond float64
	Peak      int64 // bytes
	Left      int64
	Intact    string
	Note      string
}

// take records the outcome of expunge's process.
func (r *result) take(o outcome) {
	r.Expunge, r.Peak, r.Left = o.Took, o.Peak, o.Left
	r.PerSecond = float64(o.Rows) / o.Took.Seconds()
	r.Note = cmp.Or(r.Note, o.Way)
	if o.Rebuilding > 0 {
		r.Note += fmt.Sprintf(", %.1f s for the indexes", o.Rebuilding.Seconds())
	}
}

// Ratio is expunge's time in units of the alternative's, 0 without an alternative.
func (r *result) Ratio() float64 {
	if r.Against == 0 || r.Expunge == 0 {
		return 0
	}
	return r.Expunge.Seconds() / r.Against.Seconds()
}

// meets records whether a goal in words is met.
func (r *result) meets(ok bool) { r.met = map[bool]string{true: "yes", false: "no"}[ok] }

// verdict says whether the goal is met.
func (r *result) verdict() string {
	switch {
	case r.met != "":
		return r.met
	case r.Ratio() == 0:
		return "–"
	case r.Ratio() <= r.Goal:
		return "yes"
	}
	return fmt.Sprintf("no, %.0f %% over", 100*(r.Ratio()/r.Goal-1))
}

// report collects the results of one run.
type report struct {
	rows    int
	began   time.Time
	results []result
}

func newReport(rows int) *report { return &report{rows: rows, began: time.Now()} }

func (r *report) add(results ...result) { r.results = append(r.results, results...) }

// The files of a report.
const (
	resultsFile = "results.md"
	plotFile    = "ratios.svg"
)

// write writes the files.
func (r *report) write(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, resultsFile), []byte(r.markdown()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, plotFile), []byte(r.plot()), 0o644)
}

// telling is the number of rows from which ratios are about the work.
const telling = 100_000

// markdown renders the table.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmark\n\n%d rows, %s, %s/%s, %d processors, %s. Absolute times move with the machine: the ratio is the result.\n\n",
		r.rows, r.began.UTC().Format("2006-01-02 15:04Z"), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	if r.rows < telling {
		fmt.Fprintf(&b, "With fewer than %d rows the ratios tell what a run costs to begin, and nothing about its pace.\n\n", telling)
	}
	line := func(cells ...string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line("work", "engine", "expunge s", "against", "s", "ratio", "goal", "met", "rows/s", "peak RSS MiB", "rows left", "intact afterwards", "note")
	line("---", "---", "--:", "---", "--:", "--:", "---", "---", "--:", "--:", "--:", "---", "---")
	for i := range r.results {
		x := &r.results[i]
		line(x.Work, x.Engine, decimals(x.Expunge.Seconds(), 3), cmp.Or(x.AgainstName, "–"), decimals(x.Against.Seconds(), 3), decimals(x.Ratio(), 2),
			x.goal(), x.verdict(), decimals(x.PerSecond, 0), decimals(mebibytes(x.Peak), 0), fmt.Sprint(x.Left), cmp.Or(x.Intact, "–"), x.Note)
	}
	fmt.Fprintf(&b, "\n![ratios](%s)\n", plotFile)
	return b.String()
}

func (r *result) goal() string {
	if r.GoalText != "" {
		return r.GoalText
	}
	return fmt.Sprintf("≤ %.2f", r.Goal)
}

// decimals renders a number, a dash for 0.
func decimals(f float64, n int) string {
	if f == 0 {
		return "–"
	}
	return fmt.Sprintf("%.*f", n, f)
}
