package anonymise

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/expungedb/expunge/dialect"
)

func jsonColumn() *dialect.Column { return &dialect.Column{Name: "x", Kind: dialect.JSON} }

func TestJSONPaths(t *testing.T) {
	const doc = `{"name":"Ann","age":44,"vip":true,"contact":{"phones":["020 7946","030 1234"],"email":"ann@mail.test"},"items":[{"sku":"A1","buyer":{"name":"Ann"}},{"sku":"B2","buyer":null}],"x.y":"dot","none":null}`
	for _, c := range []struct{ name, spec, want string }{
		{"a key", `{"paths":{"name":{"fixed":"N"}},"others":"keep"}`,
			`^{"name":"N","age":44,"vip":true,.*"none":null}$`},
		{"others dropped", `{"paths":{"name":{"fixed":"N"},"contact.email":{"fixed":"e"}},"others":"drop"}`,
			`^{"name":"N","contact":{"email":"e"}}$`},
		{"others random", `{"paths":{"name":"keep"},"others":"random"}`,
			`^{"name":"Ann","age":\d\d,"vip":(true|false),"contact":{"phones":\["\d{3} \d{4}","\d{3} \d{4}"\],"email":"[a-z]{3}@[a-z]{4}\.[a-z]{4}"},.*"none":null}$`},
		{"each element", `{"paths":{"contact.phones[]":"mask","items[].buyer.name":{"fixed":"B"}},"others":"drop"}`,
			`^{"contact":{"phones":\["\*{8}","\*{8}"\]},"items":\[{"buyer":{"name":"B"}},{"buyer":null}\]}$`},
		{"one element", `{"paths":{"contact.phones[1]":{"fixed":"P"}},"others":"keep"}`,
			`"phones":\["020 7946","P"\]`},
		{"any key", `{"paths":{"contact.*":{"fixed":1}},"others":"drop"}`,
			`^{"contact":{"phones":1,"email":1}}$`},
		{"a key in quotes", `{"paths":{"\"x.y\"":"null"},"others":"drop"}`,
			`^{"x.y":null}$`},
		{"with $", `{"paths":{"$.name":"null"},"others":"drop"}`,
			`^{"name":null}$`},
		{"everything below", `{"paths":{"contact":"mask"},"others":"drop"}`,
			`^{"contact":{"phones":\["\*{8}","\*{8}"\],"email":"\*{13}"}}$`},
		{"the whole of it", `{"paths":{"contact":"null","items":{"fixed":false},"age":"keep"},"others":"drop"}`,
			`^{"age":44,"contact":null,"items":false}$`},
		{"numbers and booleans keep their types", `{"paths":{"age":{"noise":0.1},"vip":"random"},"others":"drop"}`,
			`^{"age":(39|4\d)(\.\d+)?,"vip":(true|false)}$`},
		{"a number where the strategy makes text", `{"paths":{"age":{"fake":"email"}},"others":"drop"}`,
			`^{"age":"[^"]+@[^"]+"}$`},
		{"a text where the strategy makes numbers", `{"paths":{"name":{"noise":0.1}},"others":"drop"}`,
			`^{"name":"[A-Z][a-z]{2}"}$`},
		{"null stays", `{"paths":{"none":{"fake":"email"}},"others":"drop"}`,
			`^{"none":null}$`},
		{"null is filled", `{"paths":{"none":{"fake":"email","null":"fill"}},"others":"drop"}`,
			`^{"none":"[^"]+@[^"]+"}$`},
		{"no paths", `{"others":"drop"}`, `^{}$`},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := replace(t, bind(t, `{"json":`+c.spec+`}`, Target{Column: jsonColumn(), Rows: -1}), source(t), doc).(string)
			if !json.Valid([]byte(v)) || !regexp.MustCompile(c.want).MatchString(v) {
				t.Errorf("got %s\nwant %s", v, c.want)
			}
		})
	}
}

func TestJSONOfAConsistentPathIsThatOfTheColumn(t *testing.T) {
	in := replace(t, bind(t, `{"json":{"paths":{"a":"pseudonym"},"others":"drop"}}`, Target{Column: jsonColumn(), Rows: -1}), source(t), `{"a":"ann@mail.test"}`)
	out := replace(t, bind(t, `"pseudonym"`, Target{Column: text(80), Rows: -1}), source(t), "ann@mail.test")
	if want := `{"a":"` + out.(string) + `"}`; in != want {
		t.Errorf("inside of a document it is %s, in a column %s", in, out)
	}
}

func TestPitfall9JSONNull(t *testing.T) {
	for _, spec := range []string{`"random"`, `{"json":{"paths":{"a":"random"},"others":"random"}}`} {
		if v := replace(t, bind(t, spec, Target{Column: jsonColumn(), Rows: -1}), source(t), "null"); v != "null" {
			t.Errorf("%s: the JSON null became %v", spec, v)
		}
	}
}

func TestJSONErrors(t *testing.T) {
	for _, c := range []struct{ spec, path, want string }{
		{`{"json":{"paths":{"a":"random"}}}`, "json.others", "say what happens"},
		{`{"json":{"paths":{"a":"randon"},"others":"keep"}}`, "json.paths.a.randon", "did you mean random?"},
		{`{"json":{"paths":{"a":{"mask":{"frist":1}}},"others":"keep"}}`, "json.paths.a.mask.frist", "did you mean first?"},
		{`{"json":{"paths":{"a..b":"random"},"others":"keep"}}`, "json.paths.a..b", "behind a dot"},
		{`{"json":{"paths":{"a[x]":"random"},"others":"keep"}}`, "json.paths.a[x]", "each element"},
		{`{"json":{"paths":{"a b":"random"},"others":"keep"}}`, "json.paths.a b", "double quotes"},
		{`{"json":{"paths":{"\"a":"random"},"others":"keep"}}`, `json.paths."a`, "doesn't end"},
		{`{"json":{"paths":{"$":"random"},"others":"keep"}}`, "json.paths.$", "names nothing"},
		{`{"json":{"paths":{"a":{"random":null,"when":"x"}},"others":"keep"}}`, "json.paths.a.when", "beside json"},
		{`{"json":{"paths":["a"],"others":"keep"}}`, "json.paths", "a map of paths"},
		{`{"array":{"fake":"emial"}}`, "array.fake", "did you mean email?"},
	} {
		var s Spec
		if err := json.Unmarshal([]byte(c.spec), &s); err != nil {
			t.Fatal(err)
		}
		_, err := New(s)
		var se *SpecError
		if !errors.As(err, &se) || strings.Join(se.Path, ".") != c.path || !strings.Contains(se.Reason, c.want) {
			t.Errorf("%s: the error is %v, want one at %s: …%s…", c.spec, err, c.path, c.want)
		}
	}
}

func TestScrub(t *testing.T) {
	row := map[string]dialect.Value{"first": "Zoë", "last": "van der Berg", "login": "zo", "none": nil}
	for _, c := range []struct{ name, spec, old, want string }{
		{"an e-mail address", `"scrub"`, "write to ann.o'neil+x@mail.example.test.", "write to [email]."},
		{"telephone numbers", `"scrub"`, "call +44 (0)20 7946-0018 or 030/1234567", "call [phone] or [phone]"},
		{"an IBAN", `"scrub"`, "pay GB82 WEST 1234 5698 7654 32 now", "pay [iban] now"},
		{"an IBAN in small letters, words behind it", `"scrub"`, "de89370400440532013000 abcd", "[iban] abcd"},
		{"a card", `"scrub"`, "card 4111-1111-1111-1111, ok", "card [card], ok"},
		{"no card", `{"scrub":{"patterns":["card"]}}`, "order 4111111111111112", "order 4111111111111112"},
		{"IP addresses", `"scrub"`, "from 192.0.2.44 and 2001:db8::1", "from [ip] and [ip]"},
		{"times and dates stay", `"scrub"`, "on 2024-05-31 at 10:11:12", "on 2024-05-31 at 10:11:12"},
		{"prices and years stay", `"scrub"`, "paid 1299.00 in 2024", "paid 1299.00 in 2024"},
		{"digits before a card", `{"scrub":{"patterns":["card"]}}`, "order 1234 4111 1111 1111 1111 5", "order 1234 [card] 5"},
		{"two IBANs side by side", `"scrub"`, "GB82WEST12345698765432 DE89370400440532013000", "[iban] [iban]"},
		{"an address before a colon", `"scrub"`, "2001:db8::1: down", "[ip]: down"},
		{"one pattern", `{"scrub":{"patterns":["ip"]}}`, "a@b.test 192.0.2.44", "a@b.test [ip]"},
		{"random", `{"scrub":{"patterns":["phone"],"with":"random"}}`, "", ""},
		{"hidden", `{"scrub":{"with":"#"}}`, "a@b.test!", "########!"},
		{"the row's own names", `{"scrub":{"columns":["first","last"]}}`, "ZOE rang, Frau Berg too; Bergen is a town", "[name] rang, Frau [name] too; Bergen is a town"},
		{"the row's whole value", `{"scrub":{"columns":["last"]}}`, "M. van der Berg", "M. [name]"},
		{"short values and NULL are not looked for", `{"scrub":{"columns":["login","none"]}}`, "zo zo", "zo zo"},
		{"a name next to an address", `{"scrub":{"columns":["first"]}}`, "Zoë zoë@mail.test", "[name] [email]"},
		{"nothing", `"scrub"`, "all is well", "all is well"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := bind(t, c.spec, Target{Column: text(0), Rows: -1})
			var v dialect.Value
			var err error
			if rr, ok := r.(RowReplacer); ok {
				v, err = rr.ReplaceRow(source(t), c.old, func(column string) dialect.Value { return row[column] })
			} else {
				v, err = r.Replace(source(t), c.old)
			}
			if v != c.want || err != nil {
				t.Errorf("%q became %q, want %q (error %v)", c.old, v, c.want, err)
			}
		})
	}
	if v := replace(t, bind(t, `"scrub"`, Target{Column: text(12), Rows: -1}), source(t), "a@b.c a@b.c"); len(v.(string)) > 12 {
		t.Errorf("longer than the column: %q", v)
	}
}

// TestScrubbedTextIsClean: scrubbing a scrubbed text finds nothing.
func TestScrubbedTextIsClean(t *testing.T) {
	r := bind(t, `"scrub"`, Target{Column: text(0), Rows: -1})
	for _, old := range []string{
		"Reach me at ann@mail.test or +1 (415) 555-0100; server 10.0.0.1, IBAN FR1420041010050500013M02606, card 378282246310005.",
		"ann@mail.test,bob@mail.test;4111111111111111/5500000000000004",
	} {
		once := replace(t, r, source(t), old)
		if twice := replace(t, r, source(t), once); twice != once {
			t.Errorf("%q → %q", once, twice)
		}
		for _, part := range []string{"mail.test", "415", "10.0.0.1", "FR14", "3782", "4111", "5500"} {
			if strings.Contains(once.(string), part) {
				t.Errorf("%s is left in %q", part, once)
			}
		}
	}
}

func FuzzJSONPath(f *testing.F) {
	for _, seed := range []string{"a", "a.b[].c", "$.a", `"x.y".z`, "*[2]", "a[", "..", `"`} {
		f.Add(seed, `{"a":{"b":[{"c":1}]},"x.y":[1,2,3]}`)
	}
	f.Fuzz(func(t *testing.T, path, doc string) {
		if _, err := parsePath(path); err != nil {
			return
		}
		st, err := New(Spec{Name: "json", Params: map[string]any{"paths": map[string]any{path: "pseudonym"}, "others": "drop"}})
		if err != nil {
			return
		}
		r, err := st.Bind(Target{Column: jsonColumn(), Rows: -1})
		if err != nil {
			t.Fatal(err)
		}
		v, err := r.Replace(source(t), doc)
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid([]byte(v.(string))) {
			t.Fatalf("%q is no JSON", v)
		}
	})
}

func FuzzScrub(f *testing.F) {
	for _, seed := range []string{"ann@mail.test", "+44 20 7946 0018", "GB82 WEST 1234 5698 7654 32", "4111 1111 1111 1111", "2001:db8::1", "Zoë İ Berg", "\xff@\xfe.a"} {
		f.Add(seed, "Zoë Berg")
	}
	f.Fuzz(func(t *testing.T, in, name string) {
		st, err := New(Spec{Name: "scrub", Params: map[string]any{"columns": []any{"name"}, "with": "#"}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := st.Bind(Target{Column: text(0), Rows: -1})
		if err != nil {
			t.Fatal(err)
		}
		v, err := r.(RowReplacer).ReplaceRow(source(t), in, func(string) dialect.Value { return name })
		if err != nil {
			t.Fatal(err)
		}
		if len([]rune(v.(string))) > len([]rune(in)) {
			t.Fatal("hiding made it longer")
		}
	})
}

func FuzzDocuments(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"x",null]}`, `<a b="c">d</a>`, `&amp;<![CDATA[`, `[[[[`, `"\ud800"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		s := source(t)
		if v := randomJSON(s, in); !json.Valid([]byte(v.(string))) {
			t.Fatalf("%q is no JSON", v)
		}
		randomXML(s, in)
	})
}
