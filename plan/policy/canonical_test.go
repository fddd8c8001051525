package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/anonymise"
)

const digested = `
version: 1
database: shop
subject: {table: customer, key: [tenant, id], identifiers: [email, phone]}
tables:
  customer:
    erase: delete
    columns:
      email: {pii: contact, overwrite: {mask: {first: 1, last: 2}}}
      name: {pii: name, overwrite: null}
  message:
    via: {"a, b": delete, c: detach}
    hold: {because: VAT records, until: sent + 6y, keep: [total, sent]}
links:
  - a(b) -> c
  - d(e) -> f where g = 'h'
backups: [{name: nightly, kept: 14d}, {name: weekly, kept: 180d}]
`

func TestDigestIsOfWhatThePolicySays(t *testing.T) {
	want := parse(t, digested).Digest()
	if len(want) != 64 || strings.ToLower(want) != want {
		t.Errorf("digest %s is not SHA-256 in hex", want)
	}
	const same = `
# another layout, the same policy
backups:
  - {kept: 180 days, name: weekly}
  - name: "nightly"
    kept: 2w
links: [d ( e ) -> f  WHERE g = 'h', a(b)->c]
tables:
  message:
    hold:
      keep: [sent, total]
      until: '"sent"+6 years'
      because: 'VAT records'
    via: {c: detach, "b,a": delete}
  customer:
    columns:
      name: {overwrite: ~, pii: name}
      email: {overwrite: {mask: {last: 2, first: 1}}, pii: contact}
    erase: delete
subject:
  identifiers: [phone, email]
  key: [tenant, id]
  table: customer
database: shop
version: 1
`
	if got := parse(t, same).Digest(); got != want {
		t.Error("order, comments or layout changed the digest")
	}
}

func TestDigestChangesWithEveryDecision(t *testing.T) {
	want := parse(t, digested).Digest()
	for _, tt := range []struct{ from, to string }{
		{"database: shop", "database: shop2"},
		{"key: [tenant, id]", "key: [id, tenant]"},
		{"erase: delete", "erase: overwrite"},
		{"pii: contact", "pii: other"},
		{"first: 1", "first: 2"},
		{", overwrite: null", ""},
		{"c: detach", "c: keep"},
		{"VAT records", "tax"},
		{"sent + 6y", "sent + 7y"},
		{"keep: [total, sent]", "keep: [total]"},
		{"g = 'h'", "g = 'i'"},
		{"180d", "181d"},
	} {
		changed := strings.Replace(digested, tt.from, tt.to, 1)
		if changed == digested {
			t.Fatalf("the policy has no %q", tt.from)
		}
		if parse(t, changed).Digest() == want {
			t.Errorf("%q instead of %q has the same digest", tt.to, tt.from)
		}
	}
}

// Plans and receipts contain the digest: a release must not change it.
func TestDigestIsStable(t *testing.T) {
	const want = "0a0c323a593905787c869f8b36925f2db0755dff873bfe50d248532631de7acd"
	if got := samplePolicy(t, "good/shop.yaml").Digest(); got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

func TestDigestLeavesThePolicyAsItIs(t *testing.T) {
	p, untouched := parse(t, digested), parse(t, digested)
	p.Digest()
	if diff := cmp.Diff(untouched, p); diff != "" {
		t.Errorf("Digest changed the policy:\n%s", diff)
	}
}

func TestDigestOfAPolicyThatNoFileCouldHold(t *testing.T) {
	p := &Policy{Tables: []Table{{Columns: []Column{{Overwrite: &anonymise.Spec{}}}}}}
	if len(p.Digest()) != 64 {
		t.Error("no digest")
	}
}
