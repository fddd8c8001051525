package erase_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf16"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/internal/sample"
	"github.com/expungedb/expunge/plan"
)

// forms are the encodings in which a text may contain a value.
func forms(value string) [][]byte {
	out := [][]byte{[]byte(value), []byte(hex.EncodeToString([]byte(value))), []byte(strings.ToUpper(hex.EncodeToString([]byte(value))))}
	for shift := range 3 { // within a longer value base64 starts at any of three places
		padded := append(make([]byte, shift), value...)
		n := len(padded) / 3 * 4
		from := (shift*8 + 5) / 6
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			out = append(out, []byte(e.EncodeToString(padded)[from:n]))
		}
	}
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		var b []byte
		for _, u := range utf16.Encode([]rune(value)) {
			b = order.AppendUint16(b, u)
		}
		out = append(out, b)
	}
	return out
}

// scanner searches for values in any of their forms.
type scanner map[string][][]byte // by the value's name

func (s scanner) add(what, value string) { s[what] = forms(value) }

// in returns the names of the values found in the text.
func (s scanner) in(text []byte) []string {
	var out []string
	for what, all := range s {
		if slices.ContainsFunc(all, func(f []byte) bool { return bytes.Contains(text, f) }) {
			out = append(out, what)
		}
	}
	slices.Sort(out)
	return out
}

// clean fails the test if an artefact contains a value, or is empty.
func (s scanner) clean(t *testing.T, artefacts map[string][]byte) {
	t.Helper()
	for name, text := range artefacts {
		if len(bytes.TrimSpace(text)) == 0 {
			t.Errorf("%s is empty: nothing was searched", name)
		}
		if found := s.in(text); len(found) > 0 {
			t.Errorf("%s holds %s", name, strings.Join(found[:min(len(found), 5)], ", "))
		}
	}
}

func TestTheScannerFindsWhatIsPlanted(t *testing.T) {
	const value = "zqv81kzmpw27"
	s := scanner{}
	s.add("it", value)
	var wide []byte
	for _, u := range utf16.Encode([]rune(value)) {
		wide = binary.BigEndian.AppendUint16(wide, u)
	}
	for name, text := range map[string]string{
		"raw": "x" + value + "x", "hex": fmt.Sprintf("%x", "xy"+value), "HEX": fmt.Sprintf("%X", value), "UTF-16": "x" + string(wide),
		"base64":             base64.StdEncoding.EncodeToString([]byte(value)),
		"base64, one along":  base64.URLEncoding.EncodeToString([]byte("x" + value + "yz")),
		"base64, two along":  base64.StdEncoding.EncodeToString([]byte("xy" + value + "yz")),
		"an encoded key":     dialect.EncodeKey(dialect.Key{int64(1), value}),
		"a document in JSON": `{"a": "` + value + `"}`,
	} {
		if s.in([]byte(text)) == nil {
			t.Errorf("%s: not found", name)
		}
	}
	if s.in([]byte(value[1:])) != nil {
		t.Error("found where it isn't")
	}
}

// recorder keeps a run's output.
type recorder struct {
	mu     sync.Mutex
	log    bytes.Buffer
	events bytes.Buffer
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.log.Write(p)
}

// listen makes a run log at the lowest level, and records every event.
func (r *recorder) listen(o *erase.Options) {
	o.Log = slog.New(slog.NewJSONHandler(r, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
	o.Progress = func(e erase.Event) { fmt.Fprintf(&r.events, "%+v\n", e) }
}

// journal is the whole content of the journal's tables.
func (d *target) journal(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, name := range []string{"database", "run", "batch"} {
		for _, row := range d.rows(t, d.DB.JournalTable(name)) {
			for _, v := range row {
				if raw, ok := v.([]byte); ok {
					v = string(raw)
				}
				fmt.Fprintf(&b, "%v\n", v)
			}
		}
	}
	return b.Bytes()
}

// rows reads a table whole.
func (d *target) rows(t testing.TB, table dialect.Name) [][]any {
	t.Helper()
	return scan[any](t, d, "SELECT * FROM "+d.quote(table))
}

// everywhere is every value of every column of the database, one a line.
func (d *target) everywhere(t testing.TB) []byte {
	t.Helper()
	schema, err := d.DB.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, table := range schema.Tables {
		for _, row := range d.rows(t, table.Name) {
			for _, v := range row {
				if raw, ok := v.([]byte); ok {
					v = string(raw)
				}
				fmt.Fprintf(&b, "%s: %v\n", table.Name.Table, v)
			}
		}
	}
	return b.Bytes()
}

// planned returns a plan as shown and as stored.
func planned(t testing.TB, p *plan.Plan) map[string][]byte {
	t.Helper()
	doc, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"the plan": []byte(p.String()), "the plan in JSON": doc}
}

func TestPitfall24NoCanaryLeavesARun(t *testing.T) {
	shop := sample.Shop{Customers: 12, Seed: 5, Canaries: true}
	canaries := scanner{}
	for c := range shop.Planted() {
		canaries.add(c.Table+"."+c.Column+" "+c.Mark, c.Mark)
	}
	for _, scope := range []plan.Scope{plan.ScopeSubjects, plan.ScopeEverything, plan.ScopeExpired} {
		t.Run(string(scope), func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) {
				policy := db.shop(t, shop)
				if n := len(canaries.in(db.everywhere(t))); n != len(canaries) {
					t.Fatalf("%d of %d canaries are in the database", n, len(canaries))
				}
				p, err := db.build(t.Context(), policy, scope)
				if err != nil {
					t.Fatal(err)
				}
				artefacts := planned(t, p)
				var told recorder
				o := options(p, "canaries", "2", "3", "5", "7")
				told.listen(&o)
				if scope != plan.ScopeExpired { // the shop's whole plan has nothing to rehearse in that scope
					r, err := erase.Preview(t.Context(), db.DB, p, o)
					if err != nil {
						t.Fatal(err)
					}
					artefacts["the preview"] = fmt.Appendf(nil, "%+v", r)
				}
				report, err := erase.Run(t.Context(), db.DB, p, o)
				if err != nil {
					t.Fatal(err)
				}
				doc, err := json.Marshal(opened(t, report.Receipt))
				if err != nil {
					t.Fatal(err)
				}
				artefacts["the log"], artefacts["the progress"] = told.log.Bytes(), told.events.Bytes()
				artefacts["the envelope"], artefacts["the receipt"], artefacts["the closed journal"] = report.Receipt, doc, db.journal(t)
				canaries.clean(t, artefacts)
			})
		})
	}
}

// Only columns kept by a hold remain of a subject; in the shop, none of them is personal.
func TestScopeSubjectsLeavesNoCanaryOfTheSubjects(t *testing.T) {
	shop := sample.Shop{Customers: 30, Seed: 5, Canaries: true}
	onEach(t, func(t *testing.T, db *target) {
		policy := db.shop(t, shop)
		theirs, others := scanner{}, scanner{}
		subjects := strangers(t, db, 8)
		owner := owners(t, db)
		nth := map[string]int{}
		for c := range shop.Planted() {
			k := c.Table + "." + c.Column
			nth[k]++
			whose, ok := owner[c.Table][c.Mark[9:]]
			switch {
			case !ok:
			case slices.Contains(subjects, whose):
				theirs.add(c.Table+"."+c.Column+" "+c.Mark, c.Mark)
			default:
				others.add(c.Table+"."+c.Column+" "+c.Mark, c.Mark)
			}
		}
		before := db.everywhere(t)
		if a, b := len(theirs.in(before)), len(others.in(before)); a == 0 || a != len(theirs) || b != len(others) {
			t.Fatalf("%d of %d canaries of the subjects and %d of %d of others are in the database", a, len(theirs), b, len(others))
		}
		p, err := plan.Build(t.Context(), db.DB, policy, plan.ScopeSubjects)
		if err != nil {
			t.Fatal(err)
		}
		db.run(t, p, options(p, "r", subjects...))
		after := db.everywhere(t)
		theirs.clean(t, map[string][]byte{"the database": after})
		if n := len(others.in(after)); n != len(others) {
			t.Errorf("%d of %d canaries of others are left", n, len(others))
		}
	})
}

// owners maps rows naming a customer to that customer's place in the order in which the shop was made.
// Their marks end with this place.
func owners(t *testing.T, db *target) map[string]map[string]string {
	t.Helper()
	out := map[string]map[string]string{}
	for table, query := range map[string]string{
		"customer": "SELECT customer_id, last_name FROM customer",
		"wishlist": "SELECT customer_id, name FROM wishlist",
		"invoice":  "SELECT customer_id, billing_name FROM invoice",
		"message":  "SELECT sender_id, subject FROM message WHERE sender_id IS NOT NULL",
		"parcel":   "SELECT o.customer_id, p.recipient FROM parcel p JOIN " + db.quote(db.name("order")) + " o ON o.order_no = p.order_ref AND o.shop_code = p.shop",
	} {
		out[table] = map[string]string{}
		for _, r := range scan[string](t, db, query) {
			out[table][r[1][9:]] = r[0]
		}
	}
	return out
}

// The engine's own messages quote rows: errors contain none of that.
func TestPitfall24NoErrorHoldsAValue(t *testing.T) {
	values := scanner{}
	for what, v := range map[string]string{
		"key": "918273645", "e-mail": "zqcanary@mail.example", "name": "Zqwertz Canary", "notes": "zqnotes canary", "remark": "zqremark canary", "visit's key": "827364519",
	} {
		values.add(what, v)
	}
	people := []string{
		`INSERT INTO member VALUES (918273645, 'zqcanary@mail.example', '777', 'Zqwertz Canary', 'zqnotes canary')`,
		`INSERT INTO visit VALUES (827364519, 918273645, 'Ulm')`,
		`INSERT INTO remark VALUES (1, 827364519, 'zqremark canary')`,
	}
	checked := slices.Clone(club) // with a check that accepts others' new values, so that a plan can be built
	checked[0] = strings.Replace(checked[0], "notes VARCHAR(80)", "notes VARCHAR(80), CHECK (notes LIKE '%e%' OR notes LIKE '%a%' OR notes = '' OR member_id < 918273645)", 1)
	fixed := strings.Replace(overwrites, "overwrite: null", "overwrite: {fixed: XYZ}", 1)
	for _, c := range []struct {
		name    string
		tables  []string
		policy  string
		prepare func(t *testing.T, db *target)
		class   dialect.Class
	}{
		{"unique", club, deletes, func(t *testing.T, db *target) {
			db.trigger(t, "AFTER DELETE", "remark", "INSERT INTO member (member_id, email, name) VALUES (OLD.visit_id, 'zqcanary@mail.example', 'Zqwertz Canary');", nil)
		}, dialect.UniqueViolation},
		{"foreign key", club, deletes, func(t *testing.T, db *target) {
			db.trigger(t, "BEFORE DELETE", "visit", "INSERT INTO remark VALUES (OLD.visit_id, OLD.visit_id, 'zqremark canary');", nil)
		}, dialect.ForeignKeyViolation},
		{"check", checked, fixed, func(*testing.T, *target) {}, dialect.OtherConstraint},
		{"raised", club, deletes, func(t *testing.T, db *target) {
			signal := "SET @m = CONCAT('row ', OLD.visit_id, ' of ', OLD.member_id, ' zqremark canary'); SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = @m;"
			db.trigger(t, "BEFORE DELETE", "visit", "", map[string]string{
				sample.Postgres: "RAISE EXCEPTION 'row %', OLD USING DETAIL = 'zqremark canary', HINT = 'zqnotes canary', CONSTRAINT = 'zqnotes canary';",
				sample.SQLite:   "SELECT RAISE(ABORT, 'row of zqremark canary');",
				sample.MySQL:    signal, sample.MariaDB: signal,
				sample.SQLServer: "THROW 50001, 'row of zqremark canary', 1;",
			})
		}, ""},
		{"too long", club, fixed, func(t *testing.T, db *target) {
			if db.Engine == sample.SQLite { // no lengths in SQLite: it fails in another way
				db.trigger(t, "BEFORE UPDATE", "member", "SELECT RAISE(ABORT, 'zqnotes canary');", nil)
				return
			}
			long := "SET NEW.name = CONCAT(OLD.name, REPEAT('x', 100));"
			db.trigger(t, "BEFORE UPDATE", "member", "NEW.name := OLD.name || repeat('x', 100);", map[string]string{
				sample.MySQL: long, sample.MariaDB: long, sample.SQLServer: "UPDATE member SET name = name + REPLICATE('x', 100);",
			})
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) {
				db.exec(t, c.tables...)
				db.exec(t, people...)
				c.prepare(t, db)
				p := db.plan(t, c.policy, plan.ScopeSubjects)
				var told recorder
				o := options(p, "r", "918273645", "email=one@club.example")
				o.Attempts = 2
				told.listen(&o)
				before := db.dump(t)
				_, err := erase.Run(t.Context(), db.DB, p, o)
				if err == nil || c.class != "" && dialect.ClassOf(err) != c.class {
					t.Fatalf("error %v, class %s, want %s", err, dialect.ClassOf(err), c.class)
				}
				_, rehearsed := erase.Rehearse(t.Context(), db.DB, p, o)
				if rehearsed == nil {
					t.Error("the rehearsal has nothing to say")
				}
				values.clean(t, map[string][]byte{
					"the error": fmt.Appendf(nil, "%v %+v %#v", err, err, err), "the rehearsal's error": fmt.Appendf(nil, "%v %+v %#v", rehearsed, rehearsed, rehearsed),
					"the log": told.log.Bytes(), "the progress": told.events.Bytes(), "the open journal": db.journal(t),
				})
				if !slices.Equal(before["member"], db.dump(t)["member"]) {
					t.Error("rows were changed")
				}
			})
		})
	}
}

// No artefact of a closed run contains keys or identifiers. Until then the journal may contain the keys
// of remaining rows.
func TestPitfall24NoKeyNorIdentifierOutlivesARun(t *testing.T) {
	values := scanner{}
	values.add("key", "918273645")
	values.add("identifier", "zqcanary@mail.example")
	for _, c := range []struct{ name, policy string }{{"deleted", deletes}, {"overwritten", overwrites}} {
		t.Run(c.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, db *target) {
				db.club(t)
				db.exec(t, `INSERT INTO member VALUES (918273645, 'zqcanary@mail.example', '777', 'Zq', 'n')`)
				p := db.plan(t, c.policy, plan.ScopeSubjects)
				var told recorder
				var open []byte
				var resolved dialect.Key
				o := options(p, "r", "email=zqcanary@mail.example", "1")
				told.listen(&o)
				o.Resolved = func(subject string, key dialect.Key) {
					if subject != "subject 1" {
						t.Errorf("resolved %s", subject)
					}
					resolved = key
				}
				report, err := erase.RunAt(t.Context(), db.DB, p, o, func(point string) {
					if point == "checked" {
						open = db.journal(t)
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				if dialect.EncodeKey(resolved) != "i918273645" {
					t.Error("the caller wasn't told the key")
				}
				artefacts := planned(t, p)
				artefacts["the log"], artefacts["the progress"], artefacts["the envelope"], artefacts["the closed journal"] = told.log.Bytes(), told.events.Bytes(), report.Receipt, db.journal(t)
				payload, err := json.Marshal(opened(t, report.Receipt))
				if err != nil {
					t.Fatal(err)
				}
				artefacts["the receipt"] = payload
				if c.policy == deletes {
					artefacts["the open journal"] = open
				}
				values.clean(t, artefacts)
			})
		})
	}
}
