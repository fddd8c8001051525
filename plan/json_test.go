package plan

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

const (
	shopSchema = `customer: id, email text, referred_by? -> customer
		invoice: id, customer_id -> customer, address text, day date
		note: id, customer_id -> customer, body text`
	shopPolicy = `tables:
  customer: {erase: delete, via: {referred_by: detach}, columns: {email: {pii: contact, overwrite: random}}}
  invoice: {erase: delete, hold: {because: VAT, until: day + 6y, keep: [day]}, columns: {address: {pii: address, overwrite: random}}}
  note: {erase: delete, columns: {body: {pii: free-text, overwrite: random}}}
backups: [{name: nightly, kept: 14d}]
recipients: [{name: mail provider}]
due: {within: 1 month}
`
)

func shopPlan(t testing.TB, policy string, change ...func(*dialect.Schema)) *Plan {
	t.Helper()
	s := schemaOf(shopSchema, change...)
	return mustBuild(t, s, policyOf(t, s, "customer", policy), ScopeSubjects)
}

func TestDecodeGivesWhatWasEncoded(t *testing.T) {
	p := shopPlan(t, shopPolicy)
	data, err := p.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(p, again); d != "" {
		t.Errorf("(-encoded +decoded):\n%s", d)
	}
	if p.Digest() != again.Digest() {
		t.Error("the digest changed")
	}
}

func TestAPlanThatWasChangedIsRefused(t *testing.T) {
	data, err := shopPlan(t, shopPolicy).Encode()
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for name, changed := range map[string]string{
		"a space":          strings.Replace(text, `"version": 1`, `"version":  1`, 1),
		"no line feed":     strings.TrimSuffix(text, "\n"),
		"something behind": text + "{}",
		"fields swapped":   strings.Replace(text, "\"engine\": \"test\",\n  \"database\": \"test\"", "\"database\": \"test\",\n  \"engine\": \"test\"", 1),
		"another spelling": strings.Replace(text, `"engine"`, `"Engine"`, 1),
		"a field twice":    strings.Replace(text, `"engine": "test"`, "\"engine\": \"test\",\n  \"engine\": \"test\"", 1),
	} {
		if changed == text {
			t.Fatalf("%s: nothing was changed", name)
		}
		if _, err := Decode([]byte(changed)); !errors.Is(err, ErrNotCanonical) {
			t.Errorf("%s: error %v, want ErrNotCanonical", name, err)
		}
	}
	for name, changed := range map[string]string{
		"an unknown field":   strings.Replace(text, `"engine"`, `"motor": "x", "engine"`, 1),
		"an unknown version": strings.Replace(text, `"version": 1`, `"version": 2`, 1),
		"cut off":            text[:len(text)/2],
		"nothing":            "",
	} {
		if _, err := Decode([]byte(changed)); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
}

func TestTheDigestChangesWithWhatMatters(t *testing.T) {
	base := shopPlan(t, shopPolicy).Digest()
	for name, policy := range map[string][2]string{
		"a decision":   {"note: {erase: delete", "note: {erase: overwrite"},
		"a strategy":   {"body: {pii: free-text, overwrite: random}", "body: {pii: free-text, overwrite: {fixed: x}}"},
		"a category":   {"body: {pii: free-text", "body: {pii: other"},
		"a hold's end": {"day + 6y", "day + 7y"},
		"a reason":     {"because: VAT", "because: tax"},
		"a reference":  {"referred_by: detach", "referred_by: keep"},
		"a backup":     {"kept: 14d", "kept: 15d"},
	} {
		if shopPlan(t, replaceOnce(t, shopPolicy, policy[0], policy[1])).Digest() == base {
			t.Errorf("%s doesn't show", name)
		}
	}
	for name, change := range map[string]func(*dialect.Schema){
		"a new column's type":  with("note", func(t *dialect.Table) { t.Column("body").Length = 10 }),
		"a foreign key's rule": with("note", func(t *dialect.Table) { t.ForeignKeys[0].OnDelete = dialect.Cascade }),
		"a trigger":            with("note", func(t *dialect.Table) { t.Triggers = []*dialect.Trigger{{Name: "x", OnDelete: true}} }),
	} {
		if shopPlan(t, shopPolicy, change).Digest() == base {
			t.Errorf("%s doesn't show", name)
		}
	}
	for name, change := range map[string]func(*dialect.Schema){
		"an estimate":    with("note", func(t *dialect.Table) { t.RowEstimate = 12345 }),
		"a partition":    with("note", func(t *dialect.Table) { t.Partitions = []dialect.Name{{Table: "note_1"}} }),
		"a server patch": func(s *dialect.Schema) { s.Version = "9.9.9" },
	} {
		if shopPlan(t, shopPolicy, change).Digest() != base {
			t.Errorf("%s shows", name)
		}
	}
}

// The order of a policy's entries means nothing.
func TestOnePolicyAndSchemaMakeOnePlan(t *testing.T) {
	want := shopPlan(t, shopPolicy)
	dice := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		s := schemaOf(shopSchema)
		p := policyOf(t, s, "customer", shopPolicy)
		shuffle(dice, p.Tables)
		for i := range p.Tables {
			shuffle(dice, p.Tables[i].Columns)
		}
		if d := cmp.Diff(want, mustBuild(t, s, p, ScopeSubjects)); d != "" {
			t.Fatalf("another plan:\n%s", d)
		}
	}
	s := schemaOf("customer: id, email text\nlog: id, a? , b?")
	text := "tables:\n  " + personalCustomer + "\n  log: {erase: delete, columns: {id: none}}\nlinks: [%]\n"
	links := []string{"log(a) -> customer", "log(b) -> customer where a > 0"}
	one := mustBuild(t, s, policyOf(t, s, "customer", strings.Replace(text, "%", strings.Join(links, ", "), 1)), ScopeSubjects)
	slices.Reverse(links)
	if d := cmp.Diff(one, mustBuild(t, s, policyOf(t, s, "customer", strings.Replace(text, "%", strings.Join(links, ", "), 1)), ScopeSubjects)); d != "" {
		t.Errorf("links in another order make another plan:\n%s", d)
	}
}

func shuffle[T any](dice *rand.Rand, list []T) {
	dice.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

// The fingerprint covers each table a run reads, also one it changes nothing in.
func TestThePlanOfAPolicyCoversWhatItFollows(t *testing.T) {
	s := schemaOf("customer: id, email text, address_id? -> address\naddress: id\nparcel: id, address_id? -> address\ngenre: id")
	p := mustBuild(t, s, policyOf(t, s, "customer", "tables:\n  "+personalCustomer+"\n  address: {erase: delete, columns: {id: none}}\nowns: [customer(address_id) -> address]"), ScopeSubjects)
	// A run reads parcel to check whether an address is shared.
	if d := cmp.Diff([]dialect.Name{nameOf("address"), nameOf("customer"), nameOf("parcel")}, p.Covers); d != "" {
		t.Errorf("the fingerprint covers (-want +got):\n%s", d)
	}
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "plans", "*.json"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no plans to start from: %v", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	small, err := shopPlan(f, shopPolicy).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data)
		if err != nil {
			return
		}
		again, err := p.Encode()
		if err != nil || !bytes.Equal(data, again) {
			t.Fatal("a plan that was taken is encoded differently")
		}
		_, _ = p.String(), p.Mermaid() // whatever it contains, it can be shown
	})
}
