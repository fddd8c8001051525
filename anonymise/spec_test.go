package anonymise

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSpecJSON(t *testing.T) {
	for _, c := range []struct{ in, canonical string }{
		{`"random"`, `"random"`},
		{`null`, `"null"`},
		{`{"null":null}`, `"null"`},
		{`{"random":null}`, `"random"`},
		{`{"fake":"email"}`, `{"fake":"email"}`},
		{`{"mask":{"last":2,"first":1}}`, `{"mask":{"first":1,"last":2}}`},
		{`{"fake":"email","consistent":true}`, `{"consistent":true,"fake":"email"}`},
		{`{"fake":"email","consistent":"customer"}`, `{"consistent":"customer","fake":"email"}`},
		{`{"fake":"email","consistent":false,"null":"keep"}`, `{"fake":"email"}`},
		{`{"fake":"email","null":"fill","locale":"en"}`, `{"fake":"email","locale":"en","null":"fill"}`},
		{`{"null":null,"when":"a < 'b' & c"}`, `{"null":null,"when":"a < 'b' & c"}`},
		{`{"pseudonym":null,"fold":true}`, `{"fold":true,"pseudonym":null}`},
		{`{"pseudonym":{}}`, `"pseudonym"`},
		{`{"pseudonym":{},"when":"a = 1"}`, `{"pseudonym":null,"when":"a = 1"}`},
		{`{"fixed":0.5}`, `{"fixed":0.5}`},
		{`{"fixed":-0.0}`, `{"fixed":0}`},
	} {
		var s Spec
		if err := json.Unmarshal([]byte(c.in), &s); err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if got := s.String(); got != c.canonical {
			t.Errorf("%s is written as %s, want %s", c.in, got, c.canonical)
		}
		var again Spec
		if err := json.Unmarshal([]byte(s.String()), &again); err != nil {
			t.Errorf("%s: %v", s, err)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Errorf("%s changes when it is read again:\n%s", c.in, diff)
		}
	}
}

func TestSpecErrorsLeadToTheKey(t *testing.T) {
	for _, c := range []struct{ in, path, reason string }{
		{`{}`, "", "no strategy"},
		{`""`, "", "no strategy"},
		{`7`, "", "a strategy is a name"},
		{`["random"]`, "", "a strategy is a name"},
		{`{"when":"x"}`, "", "no strategy beside the modifiers"},
		{`{"fake":"email","mask":null}`, "mask", "two strategies"},
		{`{"fake":"email","consistent":3}`, "consistent", "true, false, or the name"},
		{`{"fake":"email","fold":"yes"}`, "fold", "true or false"},
		{`{"fake":"email","when":""}`, "when", "a text"},
		{`"randon"`, "randon", "did you mean random?"},
		{`{"fake":"emial"}`, "fake", "did you mean email?"},
		{`{"fake":{"number":{"mim":1}}}`, "fake.number.mim", "did you mean min?"},
		{`{"fake":"imagepng"}`, "fake", "makes no single value"},
		{`{"fake":"pastdate","consistent":true}`, "fake", "depends on today's date"},
		{`{"fake":"city","locale":"de"}`, "locale", "makes English values only"},
		{`{"mask":{"frist":1}}`, "mask.frist", "did you mean first?"},
		{`{"mask":{"first":-1}}`, "mask.first", "a whole number from 0 to 1000"},
		{`{"mask":{"match":"("}}`, "mask.match", "missing closing )"},
		{`{"random":{"min":2,"max":1}}`, "random.min", "not above max"},
		{`{"null":{"x":1}}`, "null.x", "takes no parameters"},
		{`{"shift":{"by":"id"}}`, "shift.by", "the span is missing"},
		{`{"pseudonym":"email","null":"fill"}`, "null", "makes nothing of NULL"},
		{`{"fake":"city","consistent":true,"null":"fill"}`, "null", "all NULLs one value"},
		{`{"mask":null,"null":"fill"}`, "null", "makes nothing of NULL"},
		{`{"mask":null,"consistent":true}`, "consistent", "can't be consistent"},
		{`{"pseudonym":"phone"}`, "pseudonym.as", "there are token, email, digits, uuid"},
	} {
		var s Spec
		err := json.Unmarshal([]byte(c.in), &s)
		if err == nil {
			_, err = New(s)
		}
		var se *SpecError
		if !errors.As(err, &se) {
			t.Errorf("%s: the error is %v, want a *SpecError", c.in, err)
			continue
		}
		if got := strings.Join(se.Path, "."); got != c.path || !strings.Contains(se.Reason, c.reason) {
			t.Errorf("%s: the error is at %q: %s\nwant at %q: …%s…", c.in, got, se.Reason, c.path, c.reason)
		}
	}
}

func TestParseSpecTakesWhatYAMLDecodersMake(t *testing.T) {
	got, err := ParseSpec(map[string]any{"mask": map[string]any{"first": uint64(1), "last": int64(2)}})
	want := Spec{Name: "mask", Params: map[string]any{"first": 1.0, "last": 2.0}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, difference:\n%s", err, diff)
	}
	for _, v := range []any{
		map[string]any{"fixed": uint64(1) << 60},
		map[string]any{"fixed": []any{struct{}{}}},
	} {
		var se *SpecError
		if _, err := ParseSpec(v); !errors.As(err, &se) || len(se.Path) == 0 {
			t.Errorf("%v: the error is %v, want one with a path", v, err)
		}
	}
}

func FuzzParseSpec(f *testing.F) {
	for _, seed := range []string{`"random"`, `null`, `{"fake":"email","consistent":"g"}`, `{"mask":{"first":1}}`, `{"fixed":1e21}`, `{"null":"fill","pick":["a"]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		var s Spec
		if json.Unmarshal([]byte(in), &s) != nil {
			return
		}
		once := s.String()
		var again Spec
		if err := json.Unmarshal([]byte(once), &again); err != nil {
			t.Fatalf("%q → %q, which isn't read: %v", in, once, err)
		}
		if twice := again.String(); twice != once {
			t.Fatalf("%q → %q → %q", in, once, twice)
		}
		if st, err := New(s); err == nil {
			_ = st.Info()
		}
	})
}
