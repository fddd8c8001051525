package discover

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wiki is a schema without foreign keys. Its columns begin with a short form of their table's name.
const wiki = `
	CREATE TABLE user (user_id INTEGER PRIMARY KEY, user_name BLOB NOT NULL UNIQUE, user_email TEXT);
	CREATE TABLE user_properties (up_user INTEGER NOT NULL, up_property TEXT NOT NULL, up_value TEXT, PRIMARY KEY (up_user, up_property));
	CREATE TABLE watchlist (wl_id INTEGER PRIMARY KEY, wl_user INTEGER NOT NULL, wl_title TEXT NOT NULL);
	CREATE TABLE actor (actor_id INTEGER PRIMARY KEY, actor_user INTEGER UNIQUE, actor_name BLOB NOT NULL);
	CREATE TABLE revision (rev_id INTEGER PRIMARY KEY, rev_actor BIGINT NOT NULL, rev_len INTEGER);
	CREATE TABLE user_newtalk (user_id INTEGER NOT NULL, user_ip TEXT);
	CREATE TABLE newsletter (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
	CREATE TABLE audit_log (id INTEGER PRIMARY KEY, actor_id INTEGER NOT NULL, action TEXT, at TEXT);
	WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 400) INSERT INTO user SELECT i, CAST('Person ' || i AS BLOB), 'p' || i || '@mail.example' FROM s;
	INSERT INTO user_properties SELECT user_id, 'language', 'de' FROM user;
	INSERT INTO watchlist SELECT user_id, user_id * 7 % 400 + 1, 'Page ' || user_id FROM user;
	INSERT INTO actor SELECT user_id, CASE WHEN user_id % 3 THEN user_id END, user_name FROM user;
	INSERT INTO revision SELECT user_id, user_id * 3 % 400 + 1, 4 FROM user;
	INSERT INTO user_newtalk SELECT user_id, '198.51.100.' || (user_id % 250) FROM user WHERE user_id % 5 = 0;
	INSERT INTO newsletter SELECT user_id, user_email FROM user WHERE user_id % 2 = 0;
	INSERT INTO audit_log SELECT user_id, user_id * 3 % 400 + 1, 'login', '2026-01-01' FROM user`

func TestLinksWithoutForeignKeysAreFoundByTheirValues(t *testing.T) {
	db := open(t)
	if _, err := db.Exec(wiki); err != nil {
		t.Fatal(err)
	}
	d := draftOf(t, db, Options{})
	want := []string{
		"actor(actor_user) -> user(user_id)", "audit_log(actor_id) -> actor(actor_id)", "newsletter(email) -> user(user_email)", "revision(rev_actor) -> actor(actor_id)",
		"user_newtalk(user_id) -> user(user_id)", "user_properties(up_user) -> user(user_id)", "watchlist(wl_user) -> user(user_id)",
	}
	if diff := cmp.Diff(want, proposed(d, AboutLink)); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	for _, p := range d.Proposals {
		if p.About == AboutLink && p.Table == "watchlist" && !strings.Contains(p.Reason, "200 of 200 different sampled values are keys of user") {
			t.Errorf("the evidence is missing: %s", p.Reason)
		}
	}
}

func TestFewStrangersAmongTheValuesAreNoReasonAgainstALink(t *testing.T) {
	for _, c := range []struct {
		strangers int
		linked    bool
	}{{0, true}, {5, true}, {30, false}} {
		t.Run(fmt.Sprintf("%d of 100", c.strangers), func(t *testing.T) {
			db := open(t)
			if _, err := db.Exec(fmt.Sprintf(`CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT); CREATE TABLE visit (id INTEGER PRIMARY KEY, visitor_user INTEGER);
				WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 100) INSERT INTO users SELECT i, 'p' || i || '@mail.example' FROM s;
				INSERT INTO visit SELECT id, CASE WHEN id <= %d THEN id + 1000 ELSE id END FROM users`, c.strangers)); err != nil {
				t.Fatal(err)
			}
			if got := slices.Contains(proposed(draftOf(t, db, Options{}), AboutLink), "visit(visitor_user) -> users(id)"); got != c.linked {
				t.Errorf("linked: %v, expected %v", got, c.linked)
			}
		})
	}
}

// TestSmallNumbersAreNoLink has small numbers in a column with an unknown name. They are keys of
// nearly every table.
func TestSmallNumbersAreNoLink(t *testing.T) {
	db := open(t)
	if _, err := db.Exec(`CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
		CREATE TABLE user_group (id INTEGER PRIMARY KEY, name TEXT);
		CREATE TABLE setting (id INTEGER PRIMARY KEY, policy_users INTEGER, sort_order INTEGER, group_id INTEGER, batch_id INTEGER);
		WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 100) INSERT INTO users SELECT i, 'p' || i || '@mail.example' FROM s;
		INSERT INTO setting SELECT id, id, id, id, id FROM users`); err != nil {
		t.Fatal(err)
	}
	d := draftOf(t, db, Options{})
	if got := proposed(d, AboutLink); len(got) > 0 {
		t.Errorf("proposed: %q", got)
	}
	for _, f := range d.Findings {
		undecided := f.Category == "undecided"
		if f.Table == "setting" && undecided != (f.Column == "batch_id") {
			t.Errorf("%s: %s: %s", f.Column, f.Category, f.Reason)
		}
	}
}
