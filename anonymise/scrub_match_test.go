package anonymise

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// expressions define the matches of each matcher.
var expressions = map[string]*regexp.Regexp{
	"email": regexp.MustCompile(`(?i)[\p{L}\p{N}._%+'\-]+@[\p{L}\p{N}](?:[\p{L}\p{N}.\-]*[\p{L}\p{N}])?`),
	"iban":  regexp.MustCompile(`(?i)\b[a-z]{2}\d{2}(?:[ \-]?[a-z0-9]{1,4}){3,9}`),
	"card":  regexp.MustCompile(`\b\d(?:[ \-]?\d){11,18}\b`),
	"ip":    regexp.MustCompile(`(?i)\b\d{1,3}(?:\.\d{1,3}){3}\b|[0-9a-f]*(?::[0-9a-f]*){2,7}(?:\.\d{1,3}){0,3}`),
	"phone": regexp.MustCompile(`(?:\+|\b)\(?\d(?:[ ().\-/]{0,2}\d){6,14}\b`),
}

// scrubFragments are the parts of random texts.
var scrubFragments = []string{
	"0", "1", "9", "12", "123", "2024-01-02", "4111 1111 1111 1111", "4111-1111", "GB82", "GB82 WEST 1234 5698 7654 32", "de89", "ſk12", "K", "ſ", "a", "B", "f", "z", "ab12", "cdef",
	" ", " ", "  ", "-", "-", ".", ".", ":", ":", "::", "/", "(", ")", "+", "_", "%", "'", "@", "@", ",", "\n", "é", "e\u0301", "\u0345", "ι", "中", "٣", "ⅷ", "İ", "ß", "\xff", "\xe4\xb8", "\x00",
	"ann@mail.test", "192.168.0.1", "1.2.3", "fe80::1", "::ffff:10.0.0.1", "+44 20 7946 0018", "(030) 1234567", "Ann", "order",
}

func drawText(random *rand.Rand) string {
	var b strings.Builder
	for range 1 + random.IntN(30) {
		b.WriteString(scrubFragments[random.IntN(len(scrubFragments))])
	}
	return b.String()
}

func TestMatchersFindWhatTheirExpressionsDo(t *testing.T) {
	random := rand.New(rand.NewPCG(rand.Uint64(), 0))
	for range 2_000 {
		matchAsExpressions(t, drawText(random))
	}
}

func FuzzMatchers(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 0))
	for range 50 {
		f.Add(drawText(random))
	}
	f.Fuzz(func(t *testing.T, text string) { matchAsExpressions(t, text) })
}

// matchAsExpressions compares every match in a text, and those that begin anew behind each byte.
func matchAsExpressions(t *testing.T, text string) {
	t.Helper()
	for _, p := range patterns {
		for at := range len(text) {
			from, to := p.next(text, at)
			want := expressions[p.name].FindStringIndex(text[at:])
			if want == nil {
				want = []int{-1 - at, 0}
			}
			if from != at+want[0] || from >= 0 && to != at+want[1] {
				t.Fatalf("%s in %q: %d to %d, want %d to %d", p.name, text[at:], from-at, to-at, want[0], want[1])
			}
		}
	}
}

func TestLettersOfMatchersAreThoseOfExpressions(t *testing.T) {
	word, latin := regexp.MustCompile(`(?i)^[\p{L}\p{N}]$`), regexp.MustCompile(`(?i)^[a-z]$`)
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue // half a character: no text has one
		}
		if is := isEmailWord(r); is != word.MatchString(string(r)) {
			t.Errorf("%U is a letter or number: %v", r, is)
		}
		if is := isLatin(r); is != latin.MatchString(string(r)) {
			t.Errorf("%U is one of a to z: %v", r, is)
		}
	}
}

// Folding a text is folding each of its characters.
func TestTextsFoldCharacterByCharacter(t *testing.T) {
	random := rand.New(rand.NewPCG(rand.Uint64(), 0))
	for range 2_000 {
		text := drawText(random)
		var want strings.Builder
		var from []int
		for i, r := range text {
			folded := folding.canonicalText(string(r))
			want.WriteString(folded)
			for range len(folded) {
				from = append(from, i)
			}
		}
		from = append(from, len(text))
		got, offsets := foldWithOffsets(text)
		if got != want.String() || len(offsets) != len(from) {
			t.Fatalf("%q is folded to %q, want %q", text, got, want.String())
		}
		for i := range from {
			if offsets[i] != from[i] {
				t.Fatalf("%q: byte %d comes from %d, want %d", text, i, offsets[i], from[i])
			}
		}
	}
}

// BenchmarkScrubLongText scrubs 5 MB of prose, with matchers and with expressions.
func BenchmarkScrubLongText(b *testing.B) {
	const sentence = "Ann Smith rang from +44 20 7946 0018 on 2024-01-02 at 10:30 about order 4711; mail ann@mail.test. "
	prose := strings.Repeat("The parcel was left with a neighbour, who was away for the whole of last week. ", 20) + sentence
	text := strings.Repeat(prose, 5_000_000/len(prose))
	all := scrubStrategy{patterns: patterns, with: "label"}
	byExpression := all
	byExpression.patterns = nil
	for _, p := range patterns {
		re := expressions[p.name]
		p.next = func(text string, at int) (from, to int) {
			if m := re.FindStringIndex(text[at:]); m != nil {
				return at + m[0], at + m[1]
			}
			return -1, -1
		}
		byExpression.patterns = append(byExpression.patterns, p)
	}
	for _, c := range []struct {
		name  string
		s     scrubStrategy
		words []string
	}{{"matchers", all, nil}, {"expressions", byExpression, nil}, {"matchers and words", all, []string{"Ann Smith", "Smith"}}} {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				c.s.scrub(nil, text, c.words)
			}
		})
	}
}
