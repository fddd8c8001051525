package discover

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect/sqlite"
	"github.com/expungedb/expunge/internal/sample"
)

func TestNoSampledValueIsInADraft(t *testing.T) {
	s := sample.Shop{Customers: 30, Canaries: true}
	db := shop(t, s)
	d := draftOf(t, db, Options{})
	y, err := d.YAML()
	if err != nil {
		t.Fatal(err)
	}
	j, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	all := string(y) + string(j) + fmt.Sprintf("%+v", d)
	n := 0
	for c := range s.Planted() {
		n++
		if strings.Contains(all, c.Mark) {
			t.Errorf("a value of %s.%s is in the draft", c.Table, c.Column)
		}
	}
	if n == 0 {
		t.Fatal("no canary was planted")
	}
}

// TestNoValueThatLooksLikeStructureIsInADraft has values with the look of structure: keys of
// documents, words of a type.
func TestNoValueThatLooksLikeStructureIsInADraft(t *testing.T) {
	db := open(t)
	for _, s := range []string{
		"CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT, by_mail JSON, by_name JSON, by_code JSON, note TEXT)",
		"CREATE TABLE log (id INTEGER PRIMARY KEY, subject_type TEXT, subject_id INTEGER)",
	} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 40 {
		if _, err := db.Exec("INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?)", i, fmt.Sprintf("canary%da@mail.example", i),
			`{"canaryb@mail.example": {"name": "Anna"}, "canaryc`+fmt.Sprint(i)+`": {"phone": "+49 30 1234567"}}`,
			`{"Canary Anna": "x", "Ada": {"note": "canaryd was here with Anna"}}`,
			`{"1234567890": "canarye Anna Becker lives in the next street", "k`+fmt.Sprint(i)+`canaryf": "+49 30 1234567"}`, "canaryg Anna"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("INSERT INTO log VALUES (?, ?, ?)", i, []string{"canaryh", "Customer", "Anna canaryi"}[i%3], i); err != nil {
			t.Fatal(err)
		}
	}
	d := draftOf(t, db, Options{})
	y, err := d.YAML()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ToLower(string(y))
	for _, secret := range []string{"canary", "ada", "anna", "1234567"} {
		for line := range strings.SplitSeq(text, "\n") {
			if strings.Contains(line, secret) && !strings.HasPrefix(line, "#") && !strings.Contains(line, "candidate") {
				t.Errorf("a value is in the draft (%d characters of it)", len(secret))
			}
		}
	}
	if !strings.Contains(text, "subject_type = 'customer'") {
		t.Error("the log's link to customers is missing")
	}
	for _, column := range []string{"by_mail", "by_name", "by_code"} {
		if !strings.Contains(text, column+": {pii: ") || strings.Contains(text, column+": {pii: none") || strings.Contains(text, column+": {pii: undecided") {
			t.Errorf("the documents of %s are not recognised as personal", column)
		}
	}
}

func TestNoValueIsInAnError(t *testing.T) {
	db := shop(t, sample.Shop{Customers: 5, Canaries: true})
	for name, broken := range map[string]failing{
		"a table": {DB: sqlite.New(db), table: "customer"}, "the count of a link": {DB: sqlite.New(db), counts: true},
	} {
		if _, err := db.Exec("CREATE TABLE IF NOT EXISTS visit AS SELECT customer_id, email AS x FROM customer"); err != nil {
			t.Fatal(err)
		}
		_, err := Policy(t.Context(), broken, Options{})
		if !errors.Is(err, errBroken) {
			t.Errorf("%s: the error got lost: %v", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "mail.example") {
			t.Errorf("%s: a value is in the error", name)
		}
	}
}
