package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSeveralKindsOfSubject(t *testing.T) {
	p := samplePolicy(t, "good/subjects.yaml")
	want := []Subject{
		{Kind: "tenant", Table: "tenant", Pos: Pos{4, 3}},
		{Kind: "user", Table: "users", Key: []string{"tenant_id", "user_id"}, Identifiers: []string{"email"}, Pos: Pos{5, 3}},
	}
	if d := cmp.Diff(want, p.Subjects); d != "" {
		t.Errorf("subjects (-want +got):\n%s", d)
	}
	if p.Subject.Table != "" {
		t.Errorf("%s is chosen, and nobody chose", p.Subject.Kind)
	}
	var each []string
	for _, one := range p.EachKind() {
		each = append(each, one.Subject.Kind)
		if one.Digest() != p.Digest() {
			t.Error("the choice of a kind changes the digest")
		}
	}
	if d := cmp.Diff(p.Kinds(), each); d != "" {
		t.Errorf("kinds (-want +got):\n%s", d)
	}
	if _, err := p.As("staff"); err == nil {
		t.Error("a kind that isn't there can be chosen")
	}
}

func TestOneKindWithANameIsChosen(t *testing.T) {
	const head, tail = "version: 1\ndatabase: d\n", "tables: {users: {erase: delete, none: [id]}}\n"
	named, plain := parse(t, head+"subjects: {user: {table: users}}\n"+tail), parse(t, head+"subject: {table: users}\n"+tail)
	if named.Subject.Kind != "user" || named.Subject.Table != "users" {
		t.Errorf("the subject is %+v", named.Subject)
	}
	if len(plain.Kinds()) != 0 || len(plain.EachKind()) != 1 {
		t.Error("a subject without a name has a kind")
	}
	if named.Digest() == plain.Digest() {
		t.Error("the name of the kind isn't in the digest")
	}
}
