package erase_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
	"github.com/expungedb/expunge/plan/policy"
)

// patrons makes a table of people with the given check constraint.
func (d *target) patrons(t testing.TB, check string, values ...string) {
	t.Helper()
	d.exec(t, "CREATE TABLE patron (id int PRIMARY KEY, phone varchar(40), born int, died int, CONSTRAINT uq_phone UNIQUE (phone), CONSTRAINT fits CHECK ("+check+"))")
	for i, v := range values {
		d.exec(t, fmt.Sprintf("INSERT INTO patron VALUES (%d, %s)", i+1, v))
	}
}

func patronPolicy(columns string) string {
	return "version: 1\ndatabase: library\nsubject: {table: patron}\ntables:\n  patron:\n    erase: overwrite\n    columns: {id: none, " + columns + "}\n"
}

// e164 is a check of international phone numbers in the engine's own words.
func (d *target) e164() string {
	switch d.Engine {
	case sample.Postgres:
		return `phone ~ '^\+[0-9]{6,15}$'`
	case sample.SQLite:
		return `phone GLOB '+[0-9]*' AND phone NOT GLOB '+*[^0-9]*' AND length(phone) <= 16`
	case sample.SQLServer:
		return `phone LIKE '+[0-9]%' AND phone NOT LIKE '+%[^0-9]%' AND len(phone) <= 16`
	}
	return `phone REGEXP '^[+][0-9]{6,15}$'`
}

// Building the plan tries a check constraint on replacements.
func TestAStrategyThatACheckRefusesIsAProblem(t *testing.T) {
	const phones = "'+4915112345678', 1950, NULL"
	tests := []struct {
		name, columns, check string
		values               []string
		problem, hazard      string
	}{
		{name: "random on a unique phone", columns: "phone: {pii: contact, overwrite: random}, born: none, died: none", check: "E.164", values: []string{phones},
			problem: "the CHECK constraint fits refuses column phone overwritten with random: use a strategy whose values it accepts"},
		{name: "a fake phone", columns: "phone: {pii: contact, overwrite: {fake: phone}}, born: none, died: none", check: "E.164", values: []string{phones, "NULL, 1951, NULL"},
			problem: "the CHECK constraint fits refuses column phone overwritten with fake: phone"},
		{name: "a template that fits", columns: "phone: {pii: contact, overwrite: {template: '+49{{digits 9}}'}}, born: none, died: none", check: "E.164", values: []string{phones}},
		{name: "nothing to replace", columns: "phone: {pii: contact, overwrite: random}, born: none, died: none", check: "E.164", values: []string{"NULL, 1951, NULL"}},
		{name: "an empty table", columns: "phone: {pii: contact, overwrite: random}, born: none, died: none", check: "E.164"},
		{name: "another column's check", columns: "phone: {pii: contact, overwrite: random}, born: none, died: none", check: "born > 1900", values: []string{phones}},
		{name: "some values only", columns: "phone: none, born: {pii: other, overwrite: {pick: [1700, 1960, 1970]}}, died: none", check: "born > 1900", values: []string{phones},
			hazard: "the CHECK constraint fits refuses some values of column born overwritten with pick: [1700, 1960, 1970]"},
		{name: "two columns, one overwritten", columns: "phone: none, born: {pii: other, overwrite: {fixed: 1990}}, died: none", check: "died IS NULL OR died >= born",
			values: []string{"'+491', 1900, 1980", "'+492', 1900, 1985"}, problem: "the CHECK constraint fits refuses column born overwritten with fixed: 1990"},
		{name: "two columns, one of whose rows passes", columns: "phone: none, born: {pii: other, overwrite: {fixed: 1990}}, died: none", check: "died IS NULL OR died >= born",
			values: []string{"'+491', 1900, 1980", "'+492', 1900, NULL"}, hazard: "the CHECK constraint fits refuses some values"},
		{name: "two columns, both overwritten", columns: "phone: none, born: {pii: other, overwrite: {fixed: 1990}}, died: {pii: other, overwrite: {fixed: 1989}}", check: "died IS NULL OR died >= born",
			values: []string{"'+491', 1900, 1980"}, problem: "the CHECK constraint fits refuses column born overwritten with fixed: 1990 and column died overwritten with fixed: 1989"},
		{name: "rows that keep their values", columns: "phone: none, born: {pii: other, overwrite: {fixed: 1990, when: died IS NULL}}, died: none", check: "died IS NULL OR died >= born",
			values: []string{"'+491', 1900, 1980", "'+492', 1900, NULL"}},
	}
	onEach(t, func(t *testing.T, db *target) {
		for i, c := range tests {
			if i > 0 {
				db.exec(t, "DROP TABLE patron")
			}
			db.patrons(t, strings.ReplaceAll(c.check, "E.164", db.e164()), c.values...)
			for _, scope := range []plan.Scope{plan.ScopeSubjects, plan.ScopeEverything} {
				p, err := db.build(t.Context(), mustParse([]byte(patronPolicy(c.columns))), scope)
				var refused *policy.Error
				switch {
				case c.problem == "":
					if err != nil {
						t.Errorf("%s, %s: %v", c.name, scope, err)
						continue
					}
					if got := mayFail(p); (c.hazard == "") != (len(got) == 0) || c.hazard != "" && !strings.Contains(got[0].Reason, c.hazard) {
						t.Errorf("%s, %s: hazards %q", c.name, scope, got)
					}
				case !errors.As(err, &refused) || len(refused.Problems) != 1 || refused.Problems[0].Pos.Line == 0 || !strings.Contains(err.Error(), "table patron: "+c.problem):
					t.Errorf("%s, %s: error %v", c.name, scope, err)
				}
				schema, checked := db.DB.Inspect(t.Context())
				if checked == nil {
					checked = plan.CheckDatabase(t.Context(), db.DB, mustParse([]byte(patronPolicy(c.columns))), schema)
				}
				if (checked == nil) != (c.problem == "") || checked != nil && checked.Error() != err.Error() {
					t.Errorf("%s: checked alone: %v", c.name, checked)
				}
				if err == nil {
					continue
				}
				if strings.Contains(err.Error(), "49151") {
					t.Errorf("%s: the error holds a value", c.name)
				}
			}
		}
	})
}

func mayFail(p *plan.Plan) []plan.Hazard {
	return slices.DeleteFunc(slices.Clone(p.Hazards), func(h plan.Hazard) bool { return h.Name != plan.CheckMayFail })
}

// The run writes values accepted by the check. If the check refuses one in the run nevertheless, the
// error names the table and the constraint, and the batch is rolled back.
func TestACheckThatFailsInTheRunIsNamed(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.patrons(t, "born > 1900", "'+491', 1950, NULL", "'+492', 1960, NULL")
		policy := patronPolicy("phone: {pii: contact, overwrite: {template: '+49{{digits 9}}'}}, born: {pii: other, overwrite: {pick: [1700]}}, died: none")
		schema, err := db.DB.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		p, err := plan.FromSchema(schema, db.DB, mustParse([]byte(policy)), plan.ScopeSubjects) // it tries nothing
		if err != nil {
			t.Fatal(err)
		}
		_, err = erase.Run(t.Context(), db.DB, p, options(p, "refused", "1"))
		if dialect.ClassOf(err) != dialect.OtherConstraint || !strings.Contains(err.Error(), "patron") || !strings.Contains(err.Error(), "fits") {
			t.Errorf("error %v", err)
		}
		if n := db.count(t, "SELECT count(*) FROM patron WHERE born IN (1950, 1960)"); n != 2 {
			t.Errorf("%d rows are as they were, want 2", n)
		}
		p = db.plan(t, strings.Replace(policy, "[1700]", "[1901, 1902]", 1), plan.ScopeSubjects)
		if got := mayFail(p); len(got) > 0 {
			t.Errorf("hazards %q", got)
		}
		db.run(t, p, options(p, "passed", "1"))
	})
}

// The hazard must be allowed, and the same data give the same plan.
func TestACheckThatRefusesSomeValuesIsAllowedByName(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.patrons(t, "born > 1900", "'+491', 1950, NULL")
		policy := patronPolicy("phone: none, born: {pii: other, overwrite: {pick: [1700, 1960, 1970]}}, died: none")
		p := db.plan(t, policy, plan.ScopeSubjects)
		if again := db.plan(t, policy, plan.ScopeSubjects); again.Digest() != p.Digest() {
			t.Error("the digest of the same data is another one")
		}
		o := options(p, "some", "1")
		o.Allow = nil
		var refused *erase.HazardError
		if _, err := erase.Run(t.Context(), db.DB, p, o); !errors.As(err, &refused) || !slices.Equal(refused.Hazards, mayFail(p)) || len(refused.Hazards) != 1 {
			t.Errorf("error %v", err)
		}
	})
}

// A trigger may correct a strategy's value: only a rehearsal shows whether it does.
func TestACheckBehindATriggerIsAHazard(t *testing.T) {
	servers := slices.DeleteFunc(engines(t), func(e engine) bool { return e.name == "sqlite" || strings.HasPrefix(e.name, "sqlserver") }) // no trigger changes the row there
	runOn(t, servers, func(t *testing.T, db *target) {
		db.patrons(t, "born > 1900", "'+491', 1950, NULL")
		body := "SET NEW.born = 1999;"
		db.trigger(t, "BEFORE UPDATE", "patron", body, map[string]string{sample.Postgres: "NEW.born := 1999;"})
		p := db.plan(t, patronPolicy("phone: none, born: {pii: other, overwrite: {fixed: 1700}}, died: none"), plan.ScopeSubjects)
		if got := mayFail(p); len(got) != 1 {
			t.Errorf("hazards %q", got)
		}
		if _, err := erase.Run(t.Context(), db.DB, p, options(p, "corrected", "1")); err != nil {
			t.Logf("the engine looks at the check before the trigger: %v", err)
		}
	})
}

// The database computes values from an overwritten column; they are unknown before the run.
func TestACheckOfAComputedColumnIsAHazard(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		computed := "int GENERATED ALWAYS AS (length(phone)) STORED"
		if db.Engine == sample.SQLServer {
			computed = "AS (len(phone)) PERSISTED"
		}
		db.exec(t, "CREATE TABLE patron (id int PRIMARY KEY, phone varchar(40), digits "+computed+", CONSTRAINT fits CHECK (digits < 30))",
			"INSERT INTO patron (id, phone) VALUES (1, '+4915112345678')")
		p := db.plan(t, patronPolicy("phone: {pii: contact, overwrite: random}, digits: none"), plan.ScopeSubjects)
		if !slices.ContainsFunc(p.Hazards, func(h plan.Hazard) bool {
			return h.Name == plan.CheckMayFail && strings.Contains(h.Reason, "fits can't be tried on column phone overwritten with random: it reads a column computed by the database")
		}) {
			t.Errorf("hazards %v", p.Hazards)
		}
	})
}

// The checks of a domain and of its base domains are tried like a table's.
func TestACheckOfADomainIsTried(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.exec(t, `CREATE DOMAIN dialled AS varchar(40) CONSTRAINT international CHECK (VALUE LIKE '+%')`, `CREATE DOMAIN phone AS dialled CONSTRAINT digits CHECK (VALUE ~ '^.[0-9]+$')`,
			"CREATE TABLE patron (id int PRIMARY KEY, phone phone, home phone)", "INSERT INTO patron VALUES (1, '+4915112345678', '+4930123456')")
		_, err := db.build(t.Context(), mustParse([]byte(patronPolicy("phone: {pii: contact, overwrite: {fake: name}}, home: {pii: contact, overwrite: {template: '+49{{digits 9}}'}}"))), plan.ScopeSubjects)
		var refused *policy.Error
		if !errors.As(err, &refused) || len(refused.Problems) != 2 || !strings.Contains(err.Error(), "the CHECK constraint digits refuses column phone") || !strings.Contains(err.Error(), "the CHECK constraint international refuses column phone") {
			t.Fatalf("error %v", err)
		}
		p := db.plan(t, patronPolicy("phone: {pii: contact, overwrite: {template: '+43{{digits 9}}'}}, home: {pii: contact, overwrite: {template: '+49{{digits 9}}'}}"), plan.ScopeSubjects)
		db.run(t, p, options(p, "dialled", "1"))
	})
}

// A check not enforced for existing rows is enforced for overwritten ones.
func TestACheckThatIsNotValidIsTried(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.patrons(t, "true", "'111', 1950, NULL")
		db.exec(t, "ALTER TABLE patron ADD CONSTRAINT later CHECK (phone LIKE '+%') NOT VALID")
		_, err := db.build(t.Context(), mustParse([]byte(patronPolicy("phone: {pii: contact, overwrite: {template: '{{digits 9}}'}}, born: none, died: none"))), plan.ScopeSubjects)
		if err == nil || !strings.Contains(err.Error(), "the CHECK constraint later refuses") {
			t.Errorf("error %v", err)
		}
	})
}

// In PostgreSQL a single partition may have a check of its own.
func TestACheckOfOnePartitionIsTried(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE patron (id int, born int, PRIMARY KEY (id), CONSTRAINT shared CHECK (born > 0)) PARTITION BY RANGE (id)",
			"CREATE TABLE patron_old PARTITION OF patron (CONSTRAINT aged CHECK (born < 1950)) FOR VALUES FROM (0) TO (100)",
			"CREATE TABLE patron_new PARTITION OF patron FOR VALUES FROM (100) TO (200)", "INSERT INTO patron VALUES (1, 1940), (101, 1980)")
		for overwrite, says := range map[string]string{
			"{fixed: 1960}":        "refuses column born overwritten with fixed: 1960",
			"{pick: [1930, 1960]}": "refuses some values of column born",
			"{fixed: 1930}":        "",
		} {
			_, got, err := db.buildTried(t, patronPolicy("born: {pii: other, overwrite: "+overwrite+"}"))
			says := says
			if says != "" {
				says = "the CHECK constraint aged of partition patron_old " + says
			}
			if err != nil {
				got = err.Error()
			}
			if (says == "") != (got == "") || !strings.Contains(got, says) {
				t.Errorf("%s: %q", overwrite, got)
			}
		}
		db.exec(t, "DELETE FROM patron_old")
		if _, got, err := db.buildTried(t, patronPolicy("born: {pii: other, overwrite: {fixed: 1960}}")); err != nil || got != "" {
			t.Errorf("rows of another partition: %q, error %v", got, err)
		}
	})
}

// buildTried builds a plan and returns the reasons of its hazards about checks.
func (d *target) buildTried(t testing.TB, policy string) (p *plan.Plan, reasons string, err error) {
	t.Helper()
	if p, err = d.build(t.Context(), mustParse([]byte(policy)), plan.ScopeSubjects); err != nil {
		return nil, "", err
	}
	for _, h := range mayFail(p) {
		reasons += h.Reason + "\n"
	}
	return p, reasons, nil
}

// The elements of an array may be of a domain, based on another one.
func TestACheckOfTheElementsOfAnArrayIsTried(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.exec(t, "CREATE DOMAIN phone AS text CONSTRAINT ours CHECK (VALUE ~ '^00.*7$')", "CREATE DOMAIN mobile AS phone CONSTRAINT long CHECK (length(VALUE) > 5)",
			"CREATE DOMAIN phones AS mobile[] CONSTRAINT few CHECK (cardinality(VALUE) < 9)",
			"CREATE TABLE patron (id int PRIMARY KEY, phone mobile[], other phones, plain text[])", "INSERT INTO patron VALUES (1, '{001237,002347}', '{003457}', '{a}'), (2, NULL, '{}', '{}')")
		for columns, says := range map[string]string{
			"phone: {pii: contact, overwrite: random}, other: none, plain: none":                          "ours refuses column phone",
			"phone: none, other: {pii: contact, overwrite: random}, plain: none":                          "ours refuses column other",
			"phone: none, other: none, plain: {pii: contact, overwrite: random}":                          "",
			"phone: {pii: contact, overwrite: null}, other: {pii: contact, overwrite: null}, plain: none": "",
		} {
			_, got, err := db.buildTried(t, patronPolicy(columns))
			if err != nil {
				got = err.Error()
			}
			if (says == "") != (got == "") || !strings.Contains(got, says) {
				t.Errorf("%s: %q", columns, got)
			}
		}
	})
}

// A column referring to an overwritten one takes its values, and has checks of its own. MySQL and
// MariaDB refuse a check on a column changed by a cascade.
func TestACheckOfAColumnThatFollowsIsTried(t *testing.T) {
	checked := slices.DeleteFunc(engines(t), func(e engine) bool { return strings.HasPrefix(e.name, "mysql") || strings.HasPrefix(e.name, "mariadb") })
	runOn(t, checked, func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE person (id int PRIMARY KEY, email varchar(40) NOT NULL, CONSTRAINT uq UNIQUE (email))",
			"CREATE TABLE visit (id int PRIMARY KEY, who varchar(40), CONSTRAINT fk FOREIGN KEY (who) REFERENCES person (email) ON UPDATE CASCADE, CONSTRAINT ours CHECK (who LIKE '%@ours.example'))",
			"CREATE INDEX visit_who ON visit (who)", "INSERT INTO person VALUES (1, 'ada@ours.example'), (2, 'bob@ours.example')", "INSERT INTO visit VALUES (1, 'ada@ours.example'), (2, 'bob@ours.example')")
		const followed = "version: 1\ndatabase: d\nsubject: {table: person}\ntables:\n  person: {erase: overwrite, columns: {id: none, email: {pii: contact, overwrite: OVERWRITE}}}\n" +
			"  visit: {erase: keep, columns: {id: none, who: {pii: contact, overwrite: keep}}}\n"
		for overwrite, says := range map[string]string{
			"{fake: email}": "the CHECK constraint ours refuses column who, which takes the values of person.email, overwritten with fake: email",
			"{template: 'p{{digits 9}}@ours.example'}": "",
		} {
			_, got, err := db.buildTried(t, strings.Replace(followed, "OVERWRITE", overwrite, 1))
			if err != nil {
				got = err.Error()
			}
			if (says == "") != (got == "") || !strings.Contains(got, says) {
				t.Errorf("%s: %q", overwrite, got)
			}
		}
	})
}

// Checks not tried for lack of rows are reported, outside of the plan's digest.
func TestWhatIsNotTriedIsSaid(t *testing.T) {
	onOneOfEach(t, func(t *testing.T, db *target) {
		db.patrons(t, "born > 1900")
		db.exec(t, "CREATE TABLE visit (id int PRIMARY KEY, who int)", "CREATE INDEX visit_who ON visit (who)")
		written := patronPolicy("phone: none, born: {pii: other, overwrite: {fixed: 1990}}, died: none") +
			"  visit: {erase: delete, columns: {id: none, who: none}}\nlinks: [visit(who) -> patron(id)]\n"
		empty := db.plan(t, written, plan.ScopeSubjects)
		for _, says := range []string{"Not tried, for lack of rows:", "visit: the link from visit(who) to patron(id)",
			"patron: the CHECK constraint fits on column born overwritten with fixed: 1990"} {
			if !strings.Contains(empty.String(), says) {
				t.Errorf("the plan doesn't say %q:\n%s", says, empty)
			}
		}
		db.exec(t, "INSERT INTO patron VALUES (1, '+491', 1950, NULL)", "INSERT INTO visit VALUES (1, 1)")
		p := db.plan(t, written, plan.ScopeSubjects)
		if len(p.Untried) != 0 || strings.Contains(p.String(), "Not tried") || p.Digest() != empty.Digest() {
			t.Errorf("untried %v, digests %s and %s", p.Untried, p.Digest(), empty.Digest())
		}
		db.exec(t, "UPDATE visit SET who = 7")
		if p = db.plan(t, written, plan.ScopeSubjects); len(p.Untried) != 1 || p.Untried[0].Table.Table != "visit" {
			t.Errorf("one value that matches nothing: untried %v", p.Untried)
		}
	})
}
