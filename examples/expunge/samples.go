package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
)

// sampled is the JSON of preview --samples for a column.
type sampled struct {
	Table    string         `json:"table"`
	Column   string         `json:"column"`
	Strategy anonymise.Spec `json:"strategy"`
	// Values are replacements; bytes are in base64.
	Values   []dialect.Value `json:"values"`
	Withheld int             `json:"withheld,omitempty"`
}

func sampledOf(p *plan.Plan, s erase.Sample) sampled {
	return sampled{p.TableName(s.Step.Table), s.Column, s.Strategy, append([]dialect.Value{}, s.Values...), s.Withheld}
}

// printSamples prints replacements, one a line.
func printSamples(w io.Writer, p *plan.Plan, samples []erase.Sample) {
	if len(samples) == 0 {
		return
	}
	g := &grid{head: []string{"column", "strategy", "replacements"}}
	for _, s := range samples {
		column, strategy := p.TableName(s.Step.Table)+"."+s.Column, clipText(s.Written(), 48)
		for _, line := range sampleLines(s) {
			g.add(column, strategy, clipText(line, 80))
			column, strategy = "", ""
		}
	}
	g.print(w, "")
}

// sampleLines are the values; one line if they are all the same.
func sampleLines(s erase.Sample) []string {
	var lines []string
	for _, v := range s.Values {
		lines = append(lines, shownValue(v))
	}
	if all := slices.Compact(slices.Clone(lines)); len(all) == 1 && len(lines) > 1 {
		lines = []string{all[0] + "  (each time)"}
	}
	if s.Withheld > 0 {
		lines = append(lines, fmt.Sprintf("(not shown: %s with something of the old value)", count(int64(s.Withheld), "replacement")))
	}
	if len(lines) == 0 {
		lines = []string{"(no row had a value to replace)"}
	}
	return lines
}

// shownValue is a value in one line.
func shownValue(v dialect.Value) string {
	if v == nil {
		return "NULL"
	}
	if b, ok := v.([]byte); ok {
		return fmt.Sprintf("0x%x", b)
	}
	text, _ := dialect.TextOf(v)
	if text == "" {
		return `""`
	}
	return strings.Join(strings.Fields(text), " ")
}
