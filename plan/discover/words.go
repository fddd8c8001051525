package discover

import (
	"strings"
	"unicode"
)

// folds replaces accented and special letters by plain ones. German umlauts become two
// letters, their usual spelling on other keyboards.
var folds = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "å", "a", "ł", "l",
	"á", "a", "à", "a", "â", "a", "ã", "a", "ą", "a", "ă", "a", "ả", "a", "ç", "c", "ć", "c", "č", "c",
	"é", "e", "è", "e", "ê", "e", "ë", "e", "ę", "e", "ě", "e", "ễ", "e", "í", "i", "ì", "i", "î", "i", "ï", "i", "ı", "i", "ñ", "n", "ń", "n",
	"ó", "o", "ò", "o", "ô", "o", "õ", "o", "ś", "s", "š", "s", "ş", "s", "ú", "u", "ù", "u", "û", "u", "ý", "y", "ź", "z", "ż", "z", "ž", "z", "ğ", "g",
)

// foldCase converts a word to lower case without accents.
func foldCase(s string) string { return folds.Replace(strings.ToLower(s)) }

// splitName splits the name of a column or table into its words, folded. first_name,
// firstName, FirstName and "First Name" are first, name; HTTPServer2 is
// http, server, 2.
func splitName(name string) []string {
	var words []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			words = append(words, foldCase(string(word)))
		}
		word = nil
	}
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r):
			end()
			continue
		case len(word) > 0 && camelBreak(runes, i):
			end()
		}
		word = append(word, r)
	}
	end()
	return words
}

// camelBreak reports whether a new word begins at i. A letter, mark or digit precedes
// it.
func camelBreak(runes []rune, i int) bool {
	r, before := runes[i], runes[i-1]
	switch {
	case unicode.IsDigit(r) != unicode.IsDigit(before):
		return true
	case unicode.IsUpper(r):
		return unicode.IsLower(before) || i+1 < len(runes) && unicode.IsLower(runes[i+1])
	}
	return false
}

// heads are the last words of compounds, as in German, in Dutch and in careless
// names.
var heads = []string{
	"adresse", "adres", "anschrift", "strasse", "telefon", "telefoon", "nummer", "datum", "name", "naam", "email", "mail",
	"bemerkung", "notiz", "text", "betrag", "preis", "menge", "kennung", "schluessel", "befund", "diagnose", "nr", "id", "no", "code", "zeit", "stunden", "tage",
	"phone", "address", "type", "count", "encoding", "content", "value",
}

// splitCompound splits a compound before its head. For other words first is "" and head
// is the word.
func splitCompound(word string) (first, head string) {
	if first, ok := strings.CutSuffix(word, "edby"); ok && len(first) >= 4 { // lastupdatedby
		return first + "ed", "by"
	}
	for _, h := range heads {
		first, ok := strings.CutSuffix(word, h)
		if ok && len(first) >= 3 {
			return first, h
		}
	}
	return "", word
}

// singularForms returns the possible singular forms of a word, the word itself
// first.
func singularForms(word string) []string {
	out := []string{word}
	if s, ok := strings.CutSuffix(word, "ies"); ok {
		out = append(out, s+"y")
	}
	for _, ending := range []string{"s", "es", "n", "en", "e", "i"} {
		if s, ok := strings.CutSuffix(word, ending); ok && len(s) >= 3 {
			out = append(out, s)
		}
	}
	return out
}
