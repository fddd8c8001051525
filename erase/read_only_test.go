package erase_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
)

// No grant helps in a read-only session, and no verb advises one.
func TestAReadOnlySessionIsNoMissingPrivilege(t *testing.T) {
	onPostgres(t, func(t *testing.T, db *target) {
		db.club(t)
		u, err := url.Parse(db.URL)
		if err != nil {
			t.Fatal(err)
		}
		query := u.Query()
		query.Set("default_transaction_read_only", "on")
		u.RawQuery = query.Encode()
		reading := openTarget(t, u.String())
		p := db.plan(t, deletes, plan.ScopeSubjects)
		for _, journal := range []string{"without a journal", "with one"} {
			for verb, do := range map[string]func() error{
				"run":     func() error { _, err := erase.Run(t.Context(), reading.DB, p, options(p, "r", "1")); return err },
				"pause":   func() error { return erase.Pause(t.Context(), reading.DB, erase.AllRuns) },
				"resume":  func() error { _, err := erase.Resume(t.Context(), reading.DB, erase.AllRuns); return err },
				"protect": func() error { return erase.Protect(t.Context(), reading.DB) },
			} {
				err := do()
				if verb == "resume" && journal == "without a journal" && err == nil {
					continue // there is nothing to resume
				}
				if err == nil || !strings.Contains(err.Error(), "default_transaction_read_only") || strings.Contains(strings.ToLower(err.Error()), "grant") {
					t.Errorf("%s, %s: %v", verb, journal, err)
				}
			}
			db.run(t, p, options(p, "another", "2")) // the first run makes the journal, the second returns its receipt again
		}
	})
}
