package discover

import (
	"strings"
	"unicode"
)

// folds are letters that names are written with in two ways. German umlauts
// become two letters, as people without them on the keyboard write them.
var folds = strings.NewReplacer(
	"ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "å", "a", "ł", "l",
	"á", "a", "à", "a", "â", "a", "ã", "a", "ą", "a", "ă", "a", "ả", "a", "ç", "c", "ć", "c", "č", "c",
	"é", "e", "è", "e", "ê", "e", "ë", "e", "ę", "e", "ě", "e", "ễ", "e", "í", "i", "ì", "i", "î", "i", "ï", "i", "ı", "i", "ñ", "n", "ń", "n",
	"ó", "o", "ò", "o", "ô", "o", "õ", "o", "ś", "s", "š", "s", "ş", "s", "ú", "u", "ù", "u", "û", "u", "ý", "y", "ź", "z", "ż", "z", "ž", "z", "ğ", "g",
)

// foldCase brings a word to small letters without accents.
func foldCase(s string) string { return folds.Replace(strings.ToLower(s)) }

// splitName cuts a column's or table's name into its words, folded: first_name,
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

// camelBreak reports whether a new word begins at i, which has a letter or
// digit before it.
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

// heads are words that German, Dutch and people in a hurry write together with
// the one before them.
var heads = []string{
	"adresse", "adres", "anschrift", "strasse", "telefon", "telefoon", "nummer", "datum", "name", "naam", "email", "mail",
	"bemerkung", "notiz", "text", "betrag", "preis", "menge", "kennung", "schluessel", "befund", "diagnose", "nr", "id", "no", "code", "zeit", "stunden", "tage",
	"phone", "address", "type", "count", "encoding", "content", "value",
}

// splitCompound cuts such a word in two, and a letter that joins them off
// (patient-en-nummer): the first part is "" where it isn't one.
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

// singularForms gives the forms that a table's name may have in the singular, the
// word itself among them.
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
