package discover

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWhoOwnsARowThatPeopleShare has rows with references to several people. Neither the alphabet
// nor the order of the catalogue decides their owner.
func TestWhoOwnsARowThatPeopleShare(t *testing.T) {
	for _, c := range []struct {
		name, table string
		via         string // with its decisions; "" for one decision about all rows
		undecided   bool
	}{
		{name: "requester before assignee", table: "assignee_id INTEGER REFERENCES users, requester_id INTEGER NOT NULL REFERENCES users", via: "{requester_id: delete, assignee_id: detach}"},
		{name: "user before somebody else's role", table: "friend_user_id INTEGER NOT NULL REFERENCES users, user_id INTEGER NOT NULL REFERENCES users", via: "{user_id: delete, friend_user_id: keep}"},
		{name: "user before granter", table: "granter_id INTEGER NOT NULL REFERENCES users, user_id INTEGER NOT NULL REFERENCES users", via: "{user_id: delete, granter_id: keep}"},
		{name: "author before who changed it", table: "author_id INTEGER REFERENCES users, changed_by INTEGER REFERENCES users, text TEXT", via: "{author_id: delete, changed_by: detach}"},
		{name: "NOT NULL before nullable", table: "author_id INTEGER REFERENCES users, owner_id INTEGER NOT NULL REFERENCES users", via: "{owner_id: delete, author_id: detach}"},
		{name: "ON DELETE CASCADE before SET NULL", table: "author_id INTEGER REFERENCES users ON DELETE SET NULL, owner_id INTEGER REFERENCES users ON DELETE CASCADE", via: "{owner_id: delete, author_id: detach}"},
		{name: "several equal ones", table: "red_user_id INTEGER NOT NULL REFERENCES users, blue_user_id INTEGER NOT NULL REFERENCES users", via: "{red_user_id: delete, blue_user_id: delete}", undecided: true},
		{name: "a creator of what holds nothing personal", table: "created_by INTEGER REFERENCES users, updated_by INTEGER REFERENCES users, size INTEGER", via: "{created_by: detach, updated_by: detach}"},
		{name: "one audit reference", table: "approved_by INTEGER REFERENCES users, size INTEGER", via: "{approved_by: detach}"},
		{name: "one owner", table: "user_id INTEGER REFERENCES users"},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := open(t)
			if _, err := db.Exec("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL); CREATE TABLE entry (id INTEGER PRIMARY KEY, " + c.table + ")"); err != nil {
				t.Fatal(err)
			}
			d := draftOf(t, db, Options{})
			want := []string{"entry via: " + c.via}
			if c.via == "" {
				want = nil
			}
			if diff := cmp.Diff(want, proposed(d, AboutVia)); diff != "" {
				t.Errorf("via (-want +got):\n%s", diff)
			}
			for _, rule := range d.Policy.Tables {
				if decides := rule.DecidesRows(); rule.Name == "entry" && decides == c.undecided {
					t.Errorf("the policy decides: %v, expected %v", decides, !c.undecided)
				}
			}
		})
	}
}
