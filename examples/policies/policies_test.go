package policies_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/examples/policies"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan/policy"
)

func TestEveryPolicyParses(t *testing.T) {
	names := policies.Names()
	if len(names) == 0 {
		t.Fatal("there are no policies")
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) { parse(t, name) })
	}
}

func TestShopClassifiesEveryColumn(t *testing.T) {
	shop := parse(t, "shop.yaml")
	rules := map[string]*policy.Table{}
	for i := range shop.Tables {
		rules[shop.Tables[i].Name] = &shop.Tables[i]
	}
	for _, table := range sample.Tables() {
		rule := rules[table.Name]
		if rule == nil {
			t.Errorf("table %s has no rule", table.Name)
			continue
		}
		for _, c := range table.Columns {
			column := rule.Column(c.Name)
			switch {
			case rule.PII == policy.PIINone && !c.Personal:
			case column == nil:
				t.Errorf("column %s.%s isn't classified", table.Name, c.Name)
			case c.Personal && (column.PII == policy.PIINone || column.Overwrite == nil):
				t.Errorf("personal column %s.%s isn't overwritten", table.Name, c.Name)
			}
		}
		delete(rules, table.Name)
	}
	for name := range rules {
		t.Errorf("the policy's table %s isn't in the shop", name)
	}
}

// The PostgreSQL variants differ from the others only in names.
func TestChinookVariantsDecideAlike(t *testing.T) {
	for _, pair := range [][2]string{{"chinook.yaml", "chinook-postgres.yaml"}, {"chinook-held.yaml", "chinook-postgres-held.yaml"}} {
		a, b := parse(t, pair[0]), parse(t, pair[1])
		if len(a.Tables) != len(b.Tables) {
			t.Fatalf("%s has %d tables, %s has %d", pair[0], len(a.Tables), pair[1], len(b.Tables))
		}
		for i, table := range a.Tables {
			if diff := cmp.Diff(decisions(table), decisions(b.Tables[i])); diff != "" {
				t.Errorf("table %s (-%s +%s):\n%s", table.Name, pair[0], pair[1], diff)
			}
		}
	}
}

// decisions are the contents of a table's rule without names.
func decisions(t policy.Table) []string {
	out := []string{t.PII, string(t.Erase), fmt.Sprint(t.Hold != nil)}
	for _, c := range t.Columns {
		strategy := ""
		if c.Overwrite != nil {
			strategy = c.Overwrite.String()
		}
		out = append(out, c.PII+" "+strategy)
	}
	return out
}

func parse(t *testing.T, name string) *policy.Policy {
	t.Helper()
	rules, err := policy.Parse(bytes.NewReader(policies.Read(name)))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}
