package anonymise

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
)

// scrubDefinition: scrub removes personal data from free text and keeps the rest. It removes
// matches of the patterns (e-mail address, telephone number, IBAN, card number, IP address) and the
// values of other columns of the row (a name, a user name). A text may identify a person in other
// ways: use random or null where the text itself isn't needed.
var scrubDefinition = definition{
	Description: Description{
		Name: "scrub", Doc: "e-mail addresses, telephone, card and account numbers, IP addresses and the row's own identifiers are taken out of a text",
		Technique: "suppression", Class: Lossy, Consistent: always, Partial: true,
		Kinds: []dialect.Kind{dialect.Text},
		Params: []Param{
			{"patterns", "what to look for: email, iban, card, ip, phone; all of them by default"},
			{"columns", "columns of the row whose values, and the words in them, are taken out too"},
			{"with", "label ([email], [name], …; the default), random (characters of the same shape), or one character to hide with"},
		},
	},
	make: makeScrub,
}

// pattern is one kind of personal data to find.
type pattern struct {
	name string
	next matcher
	is   func(hit string) bool // nil: the matcher decides alone
}

// patterns, in the order of search: the more certain ones come first, so that a card number isn't
// taken for a telephone number.
var patterns = []pattern{
	{"email", nextEmail, nil},
	{"iban", nextIBAN, isWrittenIBAN},
	{"card", nextCard, isCard},
	{"ip", nextIP, isIP},
	{"phone", nextPhone, isPhone},
}

func isCard(hit string) bool {
	plain, ok := onlyDigits(hit)
	return ok && len(plain) >= 12 && luhnDigit(plain) == 0
}

func isWrittenIBAN(hit string) bool {
	return isIBAN(withoutSeparators.Replace(hit))
}

func isIP(hit string) bool {
	a, err := netip.ParseAddr(hit)
	return err == nil && (a.Is4() || len(hit) > 4) // "::" and "a::" are seldom addresses
}

// datelike matches digits written for a day or a moment, not for a telephone number.
var datelike = regexp.MustCompile(`^(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4})(?:\D|$)`)

// isPhone rejects days, and hits with fewer than 7 digits.
func isPhone(hit string) bool {
	n := 0
	for i := range len(hit) {
		if hit[i] >= '0' && hit[i] <= '9' {
			n++
		}
	}
	return n >= 7 && !datelike.MatchString(hit)
}

type scrubStrategy struct {
	patterns []pattern
	columns  []string
	with     string
}

func makeScrub(v any, _ Modifiers) (Strategy, error) {
	p := readParams("scrub", v, "")
	s := scrubStrategy{with: p.textOr("with", "label")}
	if s.with != "label" && s.with != "random" && (len(s.with) != 1 || s.with[0] < ' ' || s.with[0] > '~') {
		p.failAt("with", "label, random, or one ASCII character")
	}
	var known []string
	for _, pattern := range patterns {
		known = append(known, pattern.name)
	}
	wanted, given := p.list("patterns")
	var names []string
	for _, v := range wanted {
		name, _ := v.(string)
		if !slices.Contains(known, name) {
			p.failAt("patterns", "%s", unknownName("pattern", name, known))
		}
		names = append(names, name)
	}
	for _, pattern := range patterns {
		if !given || slices.Contains(names, pattern.name) {
			s.patterns = append(s.patterns, pattern)
		}
	}
	columns, _ := p.list("columns")
	for _, v := range columns {
		name, ok := v.(string)
		if !ok || name == "" {
			p.failAt("columns", "a list of columns of the same table")
		}
		s.columns = append(s.columns, name)
	}
	return s, p.done()
}

func (s scrubStrategy) Info() Info {
	i := scrubDefinition.info()
	i.Consistent = s.with != "random"
	return i
}

func (s scrubStrategy) Bind(t Target) (Replacer, error) {
	c := t.Column
	if len(s.columns) == 0 {
		return clientReplacer{Lossy, func(src *Source, old dialect.Value) (dialect.Value, error) {
			text, _ := dialect.TextOf(old)
			return cutToFit(c, s.scrub(src, text, nil)), nil
		}}, nil
	}
	if slices.Contains(s.columns, c.Name) {
		return nil, fmt.Errorf("column %s would be taken out of itself: leave it out of columns, or use random", c.Name)
	}
	return rowReplacer{Lossy, s.columns, func(src *Source, old dialect.Value, row func(string) dialect.Value) (dialect.Value, error) {
		text, _ := dialect.TextOf(old)
		var words []string
		for _, column := range s.columns {
			v, _ := dialect.TextOf(row(column))
			words = append(words, identifiersIn(v)...)
		}
		return cutToFit(c, s.scrub(src, text, words)), nil
	}}, nil
}

// leastIdentifier is the shortest word to search for by itself: shorter ones are in every text.
const leastIdentifier = 3

// identifiersIn returns a value, and the words in it, longest first.
func identifiersIn(v string) []string {
	words := append([]string{strings.TrimSpace(v)}, strings.FieldsFunc(v, func(r rune) bool { return !isWordRune(r) })...)
	words = slices.DeleteFunc(words, func(w string) bool { return utf8.RuneCountInString(w) < leastIdentifier })
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	return slices.Compact(words)
}

func isWordRune(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}

// span is a part of a text to remove.
type span struct {
	from, to int
	label    string
}

// scrub replaces every hit. It searches the original text, so that no hit hides behind a
// replacement. It merges overlapping hits.
func (s scrubStrategy) scrub(src *Source, text string, words []string) string {
	var hits []span
	for _, p := range s.patterns {
		hits = append(hits, p.find(text)...)
	}
	hits = append(hits, findWords(text, words)...)
	slices.SortStableFunc(hits, func(a, b span) int { return a.from - b.from })
	var b strings.Builder
	at := 0
	for i := 0; i < len(hits); {
		hit := hits[i]
		for i++; i < len(hits) && hits[i].from < hit.to; i++ {
			hit.to = max(hit.to, hits[i].to)
		}
		b.WriteString(text[at:hit.from])
		b.WriteString(s.instead(src, hit.label, text[hit.from:hit.to]))
		at = hit.to
	}
	b.WriteString(text[at:])
	return b.String()
}

func (s scrubStrategy) instead(src *Source, label, hit string) string {
	switch s.with {
	case "label":
		return "[" + label + "]"
	case "random":
		return randomLike(src, hit)
	}
	return strings.Repeat(s.with, utf8.RuneCountInString(hit))
}

// find lists the hits. A matcher takes the longest text resembling the pattern; find takes the longest
// part of that which is valid. Without a valid part it continues behind the first word: "order 12
// card 4111…" has both other digits and a card.
func (p pattern) find(text string) []span {
	var out []span
	for at := 0; at < len(text); {
		from, to := p.next(text, at)
		if from < 0 {
			break
		}
		for to > from && p.is != nil && (strings.IndexByte(" -", text[to-1]) >= 0 || !wordEnds(text, to) || !p.is(text[from:to])) {
			to--
		}
		if to > from {
			out = append(out, span{from, to, p.name})
			at = to
			continue
		}
		_, size := utf8.DecodeRuneInString(text[from:])
		at = from + size
		for at < len(text) && !wordEnds(text, at) {
			at++
		}
	}
	return out
}

// findWords finds whole words whatever their case and, as far as letters decompose, their accents.
func findWords(text string, words []string) []span {
	if len(words) == 0 {
		return nil
	}
	folded, offsets := foldWithOffsets(text)
	var out []span
	for _, w := range words {
		w, _ := foldWithOffsets(w)
		if w == "" {
			continue
		}
		for from := 0; ; {
			i := strings.Index(folded[from:], w)
			if i < 0 {
				break
			}
			i += from
			end := i + len(w)
			if wordEnds(folded, i) && wordEnds(folded, end) {
				out = append(out, span{offsets[i], offsets[end], "name"})
			}
			from = i + 1
		}
	}
	return out
}

// wordEnds reports whether position i is not within a word.
func wordEnds(text string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[i:])
	return i == 0 || i == len(text) || !isWordRune(before) || !isWordRune(after)
}

var folding = canon{foldCase: true, foldAccents: true}

// foldWithOffsets folds a text character by character. It returns for each byte of the result, and
// for its end, the position in the text.
func foldWithOffsets(text string) (string, []int) {
	var b strings.Builder
	b.Grow(len(text))
	offsets := make([]int, 0, len(text)+1)
	seen := map[rune]string{}
	for i, r := range text {
		if r < utf8.RuneSelf {
			b.WriteByte(lowerASCII(byte(r)))
			offsets = append(offsets, i)
			continue
		}
		folded, ok := seen[r]
		if !ok {
			folded = folding.canonicalText(string(r))
			seen[r] = folded
		}
		b.WriteString(folded)
		for range len(folded) {
			offsets = append(offsets, i)
		}
	}
	return b.String(), append(offsets, len(text))
}

func lowerASCII(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
