package erase_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// told is the whole text of samples.
func told(samples []erase.Sample) []byte {
	var b []byte
	for _, s := range samples {
		b = fmt.Appendf(b, "%s.%s %s %+v %d\n", s.Step.Table, s.Column, s.Written(), s.Strategy, s.Withheld)
		for _, v := range s.Values {
			text, _ := dialect.TextOf(v)
			b = append(append(b, text...), '\n')
		}
	}
	return b
}

func TestSamplesHoldNoCanaryInAnyScope(t *testing.T) {
	shop := sample.Shop{Customers: 12, Seed: 5, Canaries: true}
	canaries := scanner{}
	for c := range shop.Planted() {
		canaries.add(c.Table+"."+c.Column+" "+c.Mark, c.Mark)
	}
	onEach(t, func(t *testing.T, db *target) {
		policy := db.shop(t, shop)
		for _, scope := range []plan.Scope{plan.ScopeSubjects, plan.ScopeEverything, plan.ScopeExpired} {
			p, err := db.build(t.Context(), policy, scope)
			if err != nil {
				t.Fatal(err)
			}
			var samples []erase.Sample
			db.unchanged(t, func() {
				if samples, err = erase.Samples(t.Context(), db.DB, p, withSample(options(p, "r"), 3)); err != nil {
					t.Fatal(err)
				}
			})
			columns := map[string]bool{}
			for _, st := range slices.Concat(steps(p, plan.Overwrite)...) {
				for _, a := range st.Set {
					columns[st.Table.String()+"."+a.Column] = true
				}
			}
			for _, s := range samples {
				delete(columns, s.Step.Table.String()+"."+s.Column)
				if len(s.Values) == 0 && s.Withheld == 0 && db.count(t, "SELECT count("+db.quote(dialect.Name{Table: s.Column})+") FROM "+db.quote(s.Step.Table)) > 0 {
					t.Errorf("%s: %s.%s has no sample", scope, s.Step.Table, s.Column)
				}
				if len(s.Values) > 3 {
					t.Errorf("%s: %d samples", scope, len(s.Values))
				}
			}
			if len(columns) > 0 {
				t.Errorf("%s: no samples of %v", scope, columns)
			}
			canaries.clean(t, map[string][]byte{"the samples of scope " + string(scope): append(told(samples), "."...)})
		}
	})
}

// steps are a plan's steps of one kind, by root.
func steps(p *plan.Plan, op plan.Op) [][]plan.Step {
	var out [][]plan.Step
	for _, r := range p.Roots {
		out = append(out, slices.DeleteFunc(slices.Clone(r.Steps), func(s plan.Step) bool { return s.Op != op }))
	}
	return out
}

// A part of a value kept by a strategy is still an old value.
func TestSamplesHoldNoPartOfAnOldValue(t *testing.T) {
	const policy = `
version: 1
database: notes
tables:
  note:
    columns:
      id: none
      scrubbed: {pii: free-text, overwrite: {scrub: {patterns: [email]}}}
      masked: {pii: free-text, overwrite: {mask: {match: "[0-9]+"}}}
      cut: {pii: free-text, overwrite: {generalise: {prefix: 4, fill: x}}}
      doc: {pii: free-text, overwrite: {json: {paths: {phone: random}, others: keep}}}
      clean: {pii: free-text, overwrite: {json: {paths: {name: {fake: name}}, others: drop}}}
      name: {pii: name, overwrite: {pseudonym: email}}
      city: {pii: address, overwrite: {fake: city, when: "id > 2"}}
      fixed: {pii: other, overwrite: {fixed: gone}}
      gone: {pii: other, overwrite: null}
      never: {pii: other, overwrite: random}
`
	canaries := scanner{}
	for i := range 4 {
		canaries.add(fmt.Sprint(i), fmt.Sprintf("zqcanary%d", i))
	}
	onEach(t, func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE note (id INTEGER NOT NULL PRIMARY KEY, scrubbed VARCHAR(90), masked VARCHAR(90), cut VARCHAR(90), doc VARCHAR(90), clean VARCHAR(90), name VARCHAR(90), city VARCHAR(90), fixed VARCHAR(90), gone VARCHAR(90), never VARCHAR(90))")
		for i := range 4 {
			c := fmt.Sprintf("zqcanary%d", i)
			db.exec(t, fmt.Sprintf(`INSERT INTO note VALUES (%d, 'ask %[2]s at a@b.example', 'flat 12 of %[2]s', '%[2]s', '{"phone":"%[2]s","who":"%[2]s"}', '{"name":"%[2]s","x":"%[2]s"}', '%[2]s', '%[2]s', '%[2]s', '%[2]s', NULL)`, i+1, c))
		}
		p := db.plan(t, policy, plan.ScopeEverything)
		var samples []erase.Sample
		db.unchanged(t, func() {
			var err error
			if samples, err = erase.Samples(t.Context(), db.DB, p, withSample(options(p, ""), 9)); err != nil {
				t.Fatal(err)
			}
		})
		canaries.clean(t, map[string][]byte{"the samples": told(samples)})
		got := map[string][2]int{}
		for _, s := range samples {
			got[s.Column] = [2]int{len(s.Values), s.Withheld}
		}
		if d := cmp.Diff(map[string][2]int{
			"scrubbed": {0, 4}, "masked": {0, 4}, "cut": {4, 0}, "doc": {0, 4}, "clean": {4, 0},
			"name": {4, 0}, "city": {2, 0}, "fixed": {4, 0}, "gone": {4, 0}, "never": {0, 0},
		}, got); d != "" {
			t.Errorf("samples shown and withheld: %s", d)
		}
	})
}

// With the secret, samples equal a run's values.
func TestSamplesOfConsistentStrategiesAreTheRuns(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.club(t)
		p := db.plan(t, strings.Replace(deletes, "{fake: name}", "{fake: name, consistent: true}", 1), plan.ScopeEverything)
		o := options(p, "r")
		o.Secret = anonymise.Secret{}
		if _, err := erase.Samples(t.Context(), db.DB, p, withSample(o, 1)); !errors.Is(err, anonymise.ErrNoSecret) {
			t.Errorf("without a secret: %v", err)
		}
		samples, err := erase.Samples(t.Context(), db.DB, p, withSample(options(p, "r"), 10))
		if err != nil {
			t.Fatal(err)
		}
		var foretold []dialect.Value
		for _, s := range samples {
			if s.Step.Table.Table == "member" && s.Column == "name" {
				foretold = s.Values
			}
		}
		db.run(t, p, options(p, "r"))
		var names []dialect.Value
		for _, row := range scan[string](t, db, "SELECT name FROM member ORDER BY member_id") {
			names = append(names, row[0])
		}
		if d := cmp.Diff(names, foretold); d != "" {
			t.Error("the samples aren't what the run made")
		}
	})
}
