package erase_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/examples/policies"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// chinook is the Chinook database on one engine, with the names in the script for that engine.
type chinook struct {
	*target
	policy, held      string
	customer, invoice string
	line, employee    string
	customerID        string
}

// loadChinook fills the database from the script beside the project; without it, the test is skipped.
func loadChinook(t *testing.T, db *target) *chinook {
	t.Helper()
	c := &chinook{
		target: db, policy: "chinook.yaml", held: "chinook-held.yaml",
		customer: `"Customer"`, invoice: `"Invoice"`, line: `"InvoiceLine"`, employee: `"Employee"`, customerID: `"CustomerId"`,
	}
	script := "Chinook_Sqlite.sql"
	if db.Engine == sample.MySQL || db.Engine == sample.MariaDB {
		script = "Chinook_MySql.sql"
		c.customer, c.invoice, c.line, c.employee, c.customerID = "Customer", "Invoice", "InvoiceLine", "Employee", "CustomerId"
	}
	if db.Engine == sample.Postgres {
		script = "Chinook_PostgreSql.sql"
		c.policy, c.held = "chinook-postgres.yaml", "chinook-postgres-held.yaml"
		c.customer, c.invoice, c.line, c.employee, c.customerID = "customer", "invoice", "invoice_line", "employee", "customer_id"
	}
	if db.Engine == sample.SQLServer {
		script = "Chinook_SqlServer.sql"
	}
	data, err := os.ReadFile(filepath.Join("..", "..", "shared", "data", "chinook", script))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("CHINOOK IS NOT TRIED: there is no %s in ../shared/data/chinook beside the project", script)
	}
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	switch db.Engine {
	case sample.Postgres:
		_, text, _ = strings.Cut(text, "\\c chinook;")
		db.exec(t, text)
	case sample.SQLite:
		db.exec(t, text)
	case sample.SQLServer:
		_, text, _ = strings.Cut(text, "USE [Chinook];")
		for batch := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\nGO\n") {
			if strings.TrimSpace(batch) != "" {
				db.exec(t, batch)
			}
		}
	default:
		_, text, _ = strings.Cut(text, "USE `Chinook`;")
		for statement := range strings.SplitSeq(text, ";\n") {
			if strings.TrimSpace(statement) != "" {
				db.exec(t, statement)
			}
		}
	}
	return c
}

// runChinook erases customer 42 under the policy of that file.
func (c *chinook) run(t *testing.T, rules *policy.Policy, scope plan.Scope, run string) ([]byte, *plan.Plan, error) {
	t.Helper()
	p, err := c.build(t.Context(), rules, scope)
	if err != nil {
		t.Fatal(err)
	}
	o := erase.Options{RunID: run, Signers: signers(), Allow: allowAll(p), Secret: secret()}
	if scope == plan.ScopeSubjects {
		o.Subjects = erase.SubjectKeys("42")
	}
	report, err := erase.Run(t.Context(), c.DB, p, o)
	return report.Receipt, p, err
}

func allowAll(p *plan.Plan) []plan.HazardName {
	var out []plan.HazardName
	for _, h := range p.Hazards {
		out = append(out, h.Name)
	}
	return out
}

// rows returns a receipt's counts by operation and table, with table names in one spelling for all
// engines.
func rows(st *receipt.Statement) map[string]receipt.Rows {
	out := map[string]receipt.Rows{}
	for _, a := range st.Predicate.Actions {
		table := strings.TrimPrefix(a.Table, "dbo.") // SQL Server names its schema; PostgreSQL's public is left out
		step := string(a.Operation) + " " + strings.ToLower(strings.ReplaceAll(table, "_", ""))
		if _, twice := out[step]; twice && a.Rows == (receipt.Rows{}) {
			continue // a table of several roots, with nothing found by one
		}
		out[step] = a.Rows
	}
	return out
}

func TestChinookDeletesACustomerLinesFirst(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		c := loadChinook(t, db)
		policy := mustParse(policies.Read(c.policy))
		env, p, err := c.run(t, policy, plan.ScopeSubjects, "case-42")
		if err != nil {
			t.Fatal(err)
		}
		st := opened(t, env)
		if d := cmp.Diff(map[string]receipt.Rows{
			"delete invoiceline": {Matched: 38, Affected: 38},
			"delete invoice":     {Matched: 7, Affected: 7},
			"delete customer":    {Matched: 1, Affected: 1},
		}, rows(st)); d != "" {
			t.Error(d)
		}
		if n := c.count(t, "SELECT count(*) FROM "+c.customer); n != 58 {
			t.Errorf("%d customers are left, want 58", n)
		}
		c.intact(t)

		t.Run("the same run ID gives the receipt again", func(t *testing.T) {
			before := db.dump(t)
			again, _, err := c.run(t, policy, plan.ScopeSubjects, "case-42")
			if err != nil || string(again) != string(env) {
				t.Errorf("another receipt, error %v", err)
			}
			if d := cmp.Diff(before, db.dump(t)); d != "" {
				t.Error("the database was changed")
			}
		})
		t.Run("a new run finds no such subject", func(t *testing.T) {
			if _, _, err := c.run(t, policy, plan.ScopeSubjects, "case-42-again"); !errors.Is(err, erase.ErrNoSuchSubject) {
				t.Errorf("error %v", err)
			}
		})
		t.Run("it holds", func(t *testing.T) { c.verify(t, policy, st, erase.OutcomeHolds) })
		t.Run("a row that is put back breaks it", func(t *testing.T) {
			name := "FirstName, LastName, Email"
			if db.Engine == sample.Postgres {
				name = "first_name, last_name, email"
			}
			db.exec(t, "INSERT INTO "+c.customer+" ("+c.customerID+", "+name+") VALUES (42, 'x', 'y', 'z')")
			c.verify(t, policy, st, erase.OutcomeBroken)
		})
		if p.Digest() != st.Predicate.PlanDigest {
			t.Error("the receipt names another plan")
		}
	})
}

func (c *chinook) verify(t *testing.T, rules *policy.Policy, st *receipt.Statement, want erase.Outcome) {
	t.Helper()
	v, err := erase.Verify(t.Context(), c.DB, rules, st, erase.VerifyOptions{Subjects: erase.SubjectKeys("42")})
	if err != nil {
		t.Fatal(err)
	}
	if v.Outcome != want {
		t.Errorf("%s, want %s: %+v", v.Outcome, want, v.Findings)
	}
}

func TestChinookKeepsAHeldCustomersRows(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		c := loadChinook(t, db)
		before := db.dump(t)
		policy := mustParse(policies.Read(c.held))
		env, _, err := c.run(t, policy, plan.ScopeSubjects, "case-42")
		if err != nil {
			t.Fatal(err)
		}
		st := opened(t, env)
		if d := cmp.Diff(map[string]receipt.Rows{
			"delete invoiceline": {Matched: 38, Held: 38},
			"overwrite invoice":  {Matched: 7, Affected: 7},
			"delete invoice":     {Matched: 7, Held: 7},
			"overwrite customer": {Matched: 1, Affected: 1},
			"delete customer":    {Matched: 1, Held: 1},
		}, rows(st)); d != "" {
			t.Error(d)
		}
		after := db.dump(t)
		changed := map[string]int{}
		for table, was := range before {
			old := map[string]bool{}
			for _, r := range was {
				old[r] = true
			}
			for _, r := range after[table] {
				if !old[r] {
					changed[strings.ToLower(table)]++
				}
			}
			if len(was) != len(after[table]) {
				t.Errorf("table %s has another number of rows", table)
			}
		}
		if d := cmp.Diff(map[string]int{"customer": 1, "invoice": 7}, changed); d != "" {
			t.Errorf("rows that changed: %s", d)
		}
		c.intact(t)
		c.verify(t, policy, st, erase.OutcomeCannotTell)
	})
}

func TestChinookIsOverwrittenWhole(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		c := loadChinook(t, db)
		before := db.dump(t)
		policy := mustParse(policies.Read(c.policy))
		env, _, err := c.run(t, policy, plan.ScopeEverything, "staging")
		if err != nil {
			t.Fatal(err)
		}
		got := rows(opened(t, env))
		if d := cmp.Diff(receipt.Rows{Matched: 59, Affected: 59}, got["overwrite customer"]); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff(receipt.Rows{Matched: 8, Affected: 8}, got["overwrite employee"]); d != "" {
			t.Error(d)
		}
		after := db.dump(t)
		for table, was := range before {
			same := 0
			for _, r := range after[table] {
				for _, o := range was {
					if r == o {
						same++
						break
					}
				}
			}
			switch lower := strings.ToLower(table); {
			case len(was) != len(after[table]):
				t.Errorf("table %s has another number of rows", table)
			case (lower == "customer" || lower == "employee") && same > 0:
				t.Errorf("%d rows of %s are as they were", same, table)
			}
		}
		c.intact(t)
	})
}
