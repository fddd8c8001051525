package dialecttest

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkInspect inspects a wide table, and many tables, each in two sizes: twice the columns or
// tables may take about twice the time.
func BenchmarkInspect(b *testing.B, f Factory) {
	inspecting := func(name string, tables, columns int) {
		b.Run(name, func(b *testing.B) {
			env := f.Open(b)
			for i := range tables {
				env.Exec(b, f.wideTable(fmt.Sprintf("wide%d", i), columns))
			}
			for b.Loop() {
				s, err := env.DB.Inspect(b.Context())
				if err != nil || len(s.Tables) < tables {
					b.Fatalf("%v", err)
				}
			}
		})
	}
	for _, columns := range []int{400, 800} {
		inspecting(fmt.Sprintf("columns=%d", columns), 1, columns)
	}
	for _, tables := range []int{250, 500} {
		inspecting(fmt.Sprintf("tables=%d", tables), tables, 30)
	}
}

// wideTable returns the statement that creates a table of columns with defaults.
func (f Factory) wideTable(name string, columns int) string {
	parts := []string{f.Quote("id") + " " + f.Type(integer) + " NOT NULL PRIMARY KEY"}
	for i := range columns - 1 {
		parts = append(parts, fmt.Sprintf("%s %s DEFAULT %d", f.Quote(fmt.Sprintf("c%d", i)), f.Type(integer), i))
	}
	return "CREATE TABLE " + f.Quote(name) + " (" + strings.Join(parts, ", ") + ")"
}
