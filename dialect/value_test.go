package dialect_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/dialect"
)

func TestEncodeKeyTellsKeysApart(t *testing.T) {
	keys := []dialect.Key{
		{int64(1)}, {"1"}, {[]byte("1")}, {1.0}, {nil}, {""}, {[]byte{}}, {int64(1), int64(1)}, {"1,i1"}, {"a", "b"}, {"a,b"}, {"", ""}, {nil, ""}, {"\x00"}, {"日本"}, {math.Inf(1)}, {int64(math.MinInt64)},
	}
	seen := map[string]int{}
	for i, k := range keys {
		e := dialect.EncodeKey(k)
		if j, ok := seen[e]; ok {
			t.Errorf("keys %d and %d have one encoding", i, j)
		}
		seen[e] = i
		back, err := dialect.DecodeKey(e)
		if err != nil {
			t.Errorf("key %d: %v", i, err)
		}
		if d := cmp.Diff(k, back); d != "" {
			t.Errorf("key %d (-want +got):\n%s", i, d)
		}
	}
}

func TestDecodeKeyRefuses(t *testing.T) {
	for _, s := range []string{"", ",", "i1,", "ix", "z1", "s!", "i99999999999999999999", "f"} {
		if _, err := dialect.DecodeKey(s); err == nil {
			t.Errorf("%q is decoded", s)
		}
	}
}

func FuzzDecodeKey(f *testing.F) {
	for _, s := range []string{"i1", "sYQ,n", "bAP8,f1.5", "", ",", "i-0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, err := dialect.DecodeKey(s)
		if err != nil {
			return
		}
		e := dialect.EncodeKey(k)
		again, err := dialect.DecodeKey(e)
		if err != nil || dialect.EncodeKey(again) != e {
			t.Errorf("an encoded key isn't decoded to itself: %v", err)
		}
	})
}

func TestTextOf(t *testing.T) {
	for _, c := range []struct {
		value dialect.Value
		text  string
		ok    bool
	}{{nil, "", false}, {"", "", true}, {"a", "a", true}, {[]byte("b"), "b", true}, {int64(-7), "-7", true}, {0.1, "0.1", true}} {
		if text, ok := dialect.TextOf(c.value); text != c.text || ok != c.ok {
			t.Errorf("%v gives %q, %v, want %q, %v", c.value, text, ok, c.text, c.ok)
		}
	}
}
