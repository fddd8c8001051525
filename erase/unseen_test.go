package erase_test

import (
	"strings"
	"testing"

	"github.com/expungedb/expunge/plan"
)

// PostgreSQL's catalogue shows everybody all foreign keys, also those of schemas unusable for the role.
func TestAForeignKeyOfASchemaWithoutPrivilegesNeedsADecision(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE person (id int PRIMARY KEY, email text NOT NULL)", "CREATE SCHEMA hidden",
			"CREATE TABLE hidden.ticket (id int PRIMARY KEY, person_id int REFERENCES person (id) ON DELETE CASCADE)")
		role := db.as(t, "GRANT ALL ON person TO %s")
		if _, err := plan.Build(t.Context(), role, mustParse([]byte(people)), plan.ScopeSubjects); err == nil || !strings.Contains(err.Error(), "hidden.ticket") {
			t.Errorf("error %v, want one that names the table that has no decision", err)
		}
	})
}
