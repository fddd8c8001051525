package anonymise

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const testKey = "an example key of 32 bytes, or so"

func testSecret(t testing.TB) Secret {
	t.Helper()
	s, err := NewSecret([]byte(testKey))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSecretNeverShows(t *testing.T) {
	s := testSecret(t)
	type holder struct{ inner Secret }
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p"} {
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+"\n", s, &s, holder{s})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", s, "holder", holder{s})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", s, "holder", holder{s})
	shown := out.String()
	if shown == "" || !strings.Contains(shown, "[secret]") {
		t.Errorf("no [secret] where one was printed")
	}
	for _, form := range []string{testKey, fmt.Sprintf("%x", testKey), fmt.Sprintf("%X", testKey), strings.Trim(fmt.Sprintf("%d", []byte(testKey)), "[]")} {
		if strings.Contains(shown, form[:16]) {
			t.Error("the key shows")
		}
	}
	if b, err := json.Marshal(map[string]any{"s": s}); err == nil {
		t.Errorf("a secret was encoded as %d bytes of JSON", len(b))
	}
	if _, err := s.MarshalText(); err == nil {
		t.Error("a secret was encoded as text")
	}
	if _, err := s.MarshalBinary(); err == nil {
		t.Error("a secret was encoded as bytes")
	}
}

func TestNewSecret(t *testing.T) {
	for _, c := range []struct {
		name, key string
		ok        bool
	}{
		{"32 bytes", testKey[:32], true},
		{"31 bytes", testKey[:31], false},
		{"a line end is not counted", testKey[:31] + "\r\n", false},
		{"none", "", false},
		{"one byte repeated", strings.Repeat("0", 64), false},
	} {
		s, err := NewSecret([]byte(c.key))
		if (err == nil) != c.ok || s.IsZero() == c.ok {
			t.Errorf("%s: error %v, zero %v", c.name, err, s.IsZero())
		}
	}
}

func TestSecretOfAFileAndOfAVariableAgree(t *testing.T) {
	line, err := NewSecret([]byte(testKey + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	a, _ := NewSource(testSecret(t), nil).digest(newDomain("", "x"), "y")
	b, _ := NewSource(line, nil).digest(newDomain("", "x"), "y")
	if !bytes.Equal(a, b) {
		t.Error("a line end at the end of the key changes what it makes")
	}
}
