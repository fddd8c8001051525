package erase_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/google/go-cmp/cmp"
)

func TestReadOldValues(t *testing.T) {
	member := dialect.Name{Schema: "public", Table: "member"}
	schema := &dialect.Schema{Default: "public", Tables: []*dialect.Table{{Name: member, Columns: []*dialect.Column{
		{Name: "email", Kind: dialect.Text}, {Name: "age", Kind: dialect.Int},
	}}}}
	for _, c := range []struct {
		text, problem string
		want          []erase.OldValue
	}{
		{text: "", want: nil},
		{text: "\nmember.email=a=b \r\npublic.member.age=42\n", want: []erase.OldValue{{member, "email", "a=b "}, {member, "age", int64(42)}}},
		{text: "member.email", problem: "line 1: write table.column=value"},
		{text: "email=canary", problem: "line 1: write table.column=value"},
		{text: "member.email=x\nmember.phone=canary", problem: "line 2: no such column before the ="},
		{text: "person.email=canary", problem: "line 1: no such column before the ="},
		{text: "member.age=canary", problem: "line 1: value for integer column age isn't a whole number"},
	} {
		got, err := erase.ReadOldValues(strings.NewReader(c.text), schema)
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%q: %s", c.text, d)
		}
		if c.problem == "" && err != nil || c.problem != "" && (!errors.Is(err, erase.ErrBadOldValue) || !strings.Contains(err.Error(), c.problem)) {
			t.Errorf("%q: error %v, want %s", c.text, err, c.problem)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Error("the error quotes a value")
		}
	}
}
