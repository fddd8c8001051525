package erase_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/plan"
)

// MySQL usually stores UUIDs as bytes, without declaring them.
func TestASubjectWhoseKeyIsBytesIsNamedInWriting(t *testing.T) {
	binary := slices.DeleteFunc(engines(t), func(e engine) bool {
		return strings.HasPrefix(e.name, "sqlite") || strings.HasPrefix(e.name, "postgres")
	})
	runOn(t, binary, func(t *testing.T, db *target) {
		db.exec(t, "CREATE TABLE person (id BINARY(16) NOT NULL, PRIMARY KEY (id))")
		var keys []string
		for i := range 5 {
			keys = append(keys, fmt.Sprintf("ef1e8a3ab3c24a4cb5f16a2a8a0c9e0%d", i))
			db.exec(t, "INSERT INTO person VALUES (0x"+keys[i]+")")
		}
		p := db.plan(t, "version: 1\ndatabase: people\nsubject: {table: person}\ntables: {person: {erase: delete, columns: {id: none}}}\n", plan.ScopeSubjects)
		raw, err := hex.DecodeString(keys[0])
		if err != nil {
			t.Fatal(err)
		}
		db.run(t, p, options(p, "r", string(raw), "0x"+keys[1], strings.ToUpper(keys[2]), "ef1e8a3a-b3c2-4a4c-b5f1-6a2a8a0c9e03"))
		if n := db.count(t, "SELECT COUNT(*) FROM person"); n != 1 {
			t.Errorf("%d people left, want 1", n)
		}
		if _, err := erase.Run(t.Context(), db.DB, p, options(p, "s", "0x"+keys[4]+"00")); !errors.Is(err, erase.ErrBadSubject) {
			t.Errorf("a key that is too long: %v", err)
		}
	})
}
