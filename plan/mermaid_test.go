package plan

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMermaid(t *testing.T) {
	s := schemaOf(`customer: id, email text, address_id? -> address, referred_by? -> customer
		address: id, street text
		invoice: id, customer_id -> customer, total
		message: id, sender -> customer, recipient? -> customer
		poll: id, customer_id? -> customer`)
	p := mustBuild(t, s, policyOf(t, s, "customer", `tables:
  customer: {erase: delete, via: {referred_by: keep}, columns: {email: {pii: contact, overwrite: random}}}
  address: {erase: delete, columns: {street: {pii: address, overwrite: random}}}
  invoice: {erase: keep, hold: {because: VAT}, columns: {id: none}}
  message: {via: {sender: delete, recipient: detach}, columns: {id: none}}
  poll: {via: {customer_id: detach}, columns: {id: none}}
owns: [customer(address_id) -> address]
`), ScopeSubjects)
	got, _, _ := strings.Cut(p.Mermaid(), "  classDef")
	want := `flowchart LR
  r1t1(["customer<br/>detach, overwrite, delete"]):::both
  r1t2["invoice<br/>keep, hold"]:::keep
  r1t3["message<br/>detach, delete"]:::delete
  r1t4["address<br/>overwrite, delete"]:::both
  r1t5["poll<br/>detach"]:::detach
  r1t1 --o|"referred_by"| r1t1
  r1t1 -->|"customer_id"| r1t2
  r1t1 -->|"sender"| r1t3
  r1t1 ==>|"address_id"| r1t4
  r1t1 -.->|"recipient"| r1t3
  r1t1 -.->|"customer_id"| r1t5
`
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// A name of a table or column never ends its text, whatever is in it.
func TestPitfall14MermaidNames(t *testing.T) {
	hostile := "a\"]; click b\n<b>`#|%"
	p := &Plan{Scope: ScopeSubjects, Roots: []Root{{
		Table:  nameOf(hostile),
		Tables: []Table{{Name: nameOf(hostile)}, {Name: nameOf("end"), Reach: []Reach{{Reference: Reference{Table: nameOf("end"), Columns: []string{hostile}, RefTable: nameOf(hostile)}}}}},
		Steps:  []Step{{Op: Delete, Table: nameOf(hostile)}},
	}}}
	line := regexp.MustCompile(`^(flowchart LR|  classDef [\w ]+:?.*|  r\d+t\d+(\(\[|\[)"[^"` + "`" + `<>\n]*(<br/>[^"<>\n]*)?"(\]\)|\]):::\w+|  r\d+t\d+ (-->|==>|-\.->|--o)\|"[^"|<>\n]*"\| r\d+t\d+)$`)
	for _, l := range strings.Split(strings.TrimSuffix(p.Mermaid(), "\n"), "\n") {
		if !line.MatchString(l) {
			t.Errorf("not a line of a flowchart: %q", l)
		}
	}
}
