package erase_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

// binaries is a table with its texts in columns of bytes, and two in columns of text.
const binaries = `
version: 1
database: binaries
subject: {table: person, key: id}
tables:
  person:
    erase: overwrite
    columns:
      id: none
      name: {pii: name, overwrite: random, as: text}
      mail: {pii: contact, overwrite: {fake: email}, as: text}
      login: {pii: identifier, overwrite: pseudonym, as: text}
      login_copy: {pii: identifier, overwrite: pseudonym}
      city: {pii: address, overwrite: {fake: city, consistent: home}, as: text}
      city_copy: {pii: address, overwrite: {fake: city, consistent: home}}
      note: {pii: free-text, overwrite: {scrub: {columns: [name]}}, as: text}
      colour: {pii: other, overwrite: {pick: [blue, green]}, as: text}
      code: {pii: other, overwrite: {fixed: none}, as: text}
      gone: {pii: other, overwrite: null, as: text}
`

var binaryColumns = []string{"name", "mail", "login", "city", "note", "colour", "code", "gone"}

// binaries fills the table. All texts are UTF-8, except in the column gone.
func (d *target) binaries(t testing.TB) {
	t.Helper()
	short, long, fixed := "VARBINARY(80)", "BLOB", "BINARY(8)"
	if d.Engine == sample.Postgres {
		short, long, fixed = "bytea", "bytea", "bytea"
	}
	d.exec(t, "DROP TABLE IF EXISTS person", fmt.Sprintf(`CREATE TABLE person (id INTEGER NOT NULL PRIMARY KEY, name %[1]s NOT NULL, mail %[1]s NOT NULL,
		login %[1]s NOT NULL, login_copy VARCHAR(60) NOT NULL, city %[2]s, city_copy VARCHAR(60), note %[2]s, colour %[3]s, code %[2]s, gone %[2]s)`, short, long, fixed))
	for id, name := range []string{"Zoë Ångström", "Ben Okri", "Ben Okri"} {
		login, city := "user-of-"+strings.Fields(name)[0], "Zürich"
		d.exec(t, fmt.Sprintf("INSERT INTO person VALUES (%d, %s, %s, %s, '%s', %s, '%s', %s, %s, %s, %s)", id,
			d.bytes(name), d.bytes("me@home.example"), d.bytes(login), login, d.bytes(city), city,
			d.bytes("spoke to "+name+" (me@home.example) about tea"), d.bytes("red"), d.bytes("\xff\xfe"), d.bytes("\xff")))
	}
}

// bytes is the literal of a binary value.
func (d *target) bytes(s string) string {
	if d.Engine == sample.Postgres {
		return fmt.Sprintf(`'\x%x'`, s)
	}
	return fmt.Sprintf("x'%x'", s)
}

// value is a stored value.
func (d *target) value(t testing.TB, column string, id int) []byte {
	t.Helper()
	var v []byte
	if err := d.SQL.QueryRowContext(t.Context(), fmt.Sprintf("SELECT %s FROM person WHERE id = %d", column, id)).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestTextInABinaryColumnIsReplacedAsText: some applications keep every text as bytes. It remains text,
// and still joins with columns of the same text.
func TestTextInABinaryColumnIsReplacedAsText(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		logins := map[plan.Scope]string{}
		for _, scope := range []plan.Scope{plan.ScopeEverything, plan.ScopeSubjects} {
			db.binaries(t)
			p := db.plan(t, binaries, scope)
			db.run(t, p, options(p, "as text "+string(scope), "0", "1", "2"))
			for id := range 3 {
				is := func(column string) string { return string(db.value(t, column, id)) }
				for _, column := range binaryColumns {
					if !utf8.ValidString(is(column)) {
						t.Errorf("%s, row %d: %s is no text", scope, id, column)
					}
					if db.Engine == sample.SQLite && db.count(t, fmt.Sprintf("SELECT count(*) FROM person WHERE id = %d AND typeof(%s) NOT IN ('blob', 'null')", id, column)) != 0 {
						t.Errorf("%s, row %d: %s isn't stored as bytes any more", scope, id, column)
					}
				}
				if name := is("name"); name == "Zoë Ångström" || name == "Ben Okri" || !strings.Contains(name, " ") {
					t.Errorf("%s, row %d: the name became %q", scope, id, name)
				}
				if mail := is("mail"); mail == "me@home.example" || strings.Count(mail, "@") != 1 {
					t.Errorf("%s, row %d: the address became %q", scope, id, mail)
				}
				if note := is("note"); note != "spoke to [name] ([email]) about tea" && note != "spoke to [name] [name] ([email]) about tea" {
					t.Errorf("%s, row %d: the note became %q", scope, id, note)
				}
				if login := is("login"); strings.HasPrefix(login, "user-of-") || login != is("login_copy") {
					t.Errorf("%s, row %d: %q and %q were one login", scope, id, login, is("login_copy"))
				}
				if city := is("city"); city == "Zürich" || city != is("city_copy") || city != string(db.value(t, "city", 0)) {
					t.Errorf("%s, row %d: %q and %q were one city", scope, id, city, is("city_copy"))
				}
				if colour := is("colour"); strings.TrimRight(colour, "\x00") != "blue" && strings.TrimRight(colour, "\x00") != "green" {
					t.Errorf("%s, row %d: the colour became %q", scope, id, colour)
				}
				if is("code") != "none" || db.value(t, "gone", id) != nil {
					t.Errorf("%s, row %d: what isn't read before it is replaced became %q and %q", scope, id, is("code"), is("gone"))
				}
			}
			logins[scope] = string(db.value(t, "login", 1))
			if string(db.value(t, "login", 2)) != logins[scope] {
				t.Errorf("%s: one login became two", scope)
			}
		}
		if logins[plan.ScopeEverything] != logins[plan.ScopeSubjects] {
			t.Error("the scopes give one login two replacements")
		}
	})
}

// TestBytesThatAreNoTextAreFoundBeforeTheFirstWrite, or replaced as the policy says.
func TestBytesThatAreNoTextAreFoundBeforeTheFirstWrite(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		// A byte that starts no character, half of a character, and half of a pair of UTF-16.
		bad := []string{"caf\xe9", "Zo\xc3", "\xed\xa0\x80"}
		spoil := func() {
			db.binaries(t)
			for id, v := range bad {
				db.exec(t, fmt.Sprintf("INSERT INTO person SELECT id + 10, name, mail, login, login_copy, city, city_copy, %s, colour, code, gone FROM person WHERE id = %d", db.bytes(v), id))
			}
		}
		spoil()
		everybody := []string{"0", "1", "2", "10", "11", "12"}
		for _, scope := range []plan.Scope{plan.ScopeEverything, plan.ScopeSubjects} {
			p := db.plan(t, binaries, scope)
			_, err := erase.Run(t.Context(), db.DB, p, options(p, "no text "+string(scope), everybody...))
			var refused *erase.OddValuesError
			if !errors.As(err, &refused) || len(refused.Values) != 1 {
				t.Fatalf("%s: error %v, want an *OddValuesError", scope, err)
			}
			if v := refused.Values[0]; v.Table.Table != "person" || v.Column != "note" || v.Oddity != dialect.NotText || v.Rows != 3 {
				t.Errorf("%s: %+v is found", scope, v)
			}
			if strings.Contains(err.Error(), "caf") || !strings.Contains(err.Error(), "3 rows with a text that isn't UTF-8") {
				t.Errorf("%s: error %q", scope, err)
			}
			if name := string(db.value(t, "name", 0)); name != "Zoë Ångström" {
				t.Errorf("%s: something was written", scope)
			}
		}
		p := db.plan(t, binaries, plan.ScopeSubjects)
		db.run(t, p, options(p, "somebody else's", "0"))
		for _, otherwise := range []string{"null", "random"} {
			policy := strings.Replace(binaries, "columns: [name]}}, as: text", "columns: [name]}}, as: text, otherwise: "+otherwise, 1)
			for _, scope := range []plan.Scope{plan.ScopeEverything, plan.ScopeSubjects} {
				spoil()
				p := db.plan(t, policy, scope)
				st := db.run(t, p, options(p, "no text "+otherwise+string(scope), everybody...))
				if n := st.Predicate.Actions[0].Otherwise; n != 3 {
					t.Errorf("%s, %s: the receipt counts %d odd values, want 3", otherwise, scope, n)
				}
				for i, was := range bad {
					v := db.value(t, "note", 10+i)
					if otherwise == "null" && v != nil || otherwise == "random" && (len(v) == 0 || !utf8.Valid(v)) || string(v) == was {
						t.Errorf("%s, %s: %q became %q", otherwise, scope, was, v)
					}
				}
			}
		}
	})
}

// TestOnlyABinaryColumnIsReadAsText: another policy is refused.
func TestOnlyABinaryColumnIsReadAsText(t *testing.T) {
	onEach(t, func(t *testing.T, db *target) {
		db.binaries(t)
		policy := strings.Replace(binaries, "login_copy: {pii: identifier, overwrite: pseudonym}", "login_copy: {pii: identifier, overwrite: pseudonym, as: text}", 1)
		_, err := db.build(t.Context(), mustParse([]byte(policy)), plan.ScopeEverything)
		if err == nil || !strings.Contains(err.Error(), "login_copy is a text of 60 characters, and only a binary column is read `as: text`") {
			t.Errorf("error %v", err)
		}
		// Bytes not read as text can't be in a group with text.
		policy = strings.Replace(binaries, "city: {pii: address, overwrite: {fake: city, consistent: home}, as: text}", "city: {pii: address, overwrite: {random: , consistent: home}}", 1)
		policy = strings.Replace(policy, "city_copy: {pii: address, overwrite: {fake: city, consistent: home}}", "city_copy: {pii: address, overwrite: {random: , consistent: home}}", 1)
		if _, err = db.build(t.Context(), mustParse([]byte(policy)), plan.ScopeEverything); err == nil || !strings.Contains(err.Error(), "get different replacements") {
			t.Errorf("error %v", err)
		}
	})
}
