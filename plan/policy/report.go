package policy

import (
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// GitHub is the problems as workflow commands, one a line. GitHub Actions shows them beside the
// lines of the file.
func (e *Error) GitHub(file string) string {
	var b strings.Builder
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	message := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	for _, p := range e.Problems {
		at := "file=" + property.Replace(filepath.ToSlash(file))
		if p.Pos != (Pos{}) {
			at += fmt.Sprintf(",line=%d,col=%d", p.Pos.Line, p.Pos.Column)
		}
		fmt.Fprintf(&b, "::error %s,title=policy::%s\n", at, message.Replace(p.withoutPlace()))
	}
	return b.String()
}

// withoutPlace is the problem with the lines to paste.
func (p Problem) withoutPlace() string {
	p.Pos = Pos{}
	if p.Lines == "" {
		return p.String()
	}
	return p.String() + "\n" + strings.TrimRight(p.Lines, "\n")
}

// The written parts of SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/).
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		URI     string      `json:"informationUri"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		Physical struct {
			Artifact struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
			Region *sarifRegion `json:"region,omitempty"`
		} `json:"physicalLocation"`
	}
	sarifRegion struct {
		Line   int `json:"startLine"`
		Column int `json:"startColumn"`
	}
)

// SARIF is the problems as a log in the form SARIF 2.1.0, for code scanning. A nil *Error is a log without results.
func (e *Error) SARIF(file, toolVersion string) ([]byte, error) {
	const rule = "policy"
	run := sarifRun{ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	run.Tool.Driver = sarifDriver{
		Name: "expunge", Version: toolVersion, URI: "https://github.com/expungedb/expunge",
		Rules: []sarifRule{{rule, sarifText{"A policy decides about every table and column, and names only existing ones"}}},
	}
	if e != nil {
		for _, p := range e.Problems {
			result := sarifResult{RuleID: rule, Level: "error", Message: sarifText{p.withoutPlace()}}
			var at sarifLocation
			at.Physical.Artifact.URI = (&url.URL{Path: filepath.ToSlash(file)}).String()
			if p.Pos != (Pos{}) {
				at.Physical.Region = &sarifRegion{p.Pos.Line, p.Pos.Column}
			}
			result.Locations = []sarifLocation{at}
			run.Results = append(run.Results, result)
		}
	}
	out, err := json.MarshalIndent(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(out, '\n'), nil
}
