package discover

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// detector recognises the values of a meaning.
type detector struct {
	meaning *meaning
	like    func(string) bool
	// least is the share of values from which the shape alone says what the
	// column is; 0 where it only confirms a name.
	least float64
	// quantity is set for what numbers without separators can look like by
	// chance: key columns and amounts are not held against it.
	quantity bool
}

// detectors in the order in which they are asked: what has more to check comes first.
var detectors = []detector{
	{emailAddress, isEmail, 0.5, false},
	{iban, isIBAN, 0.5, false},
	{card, isCard, 0.8, true},
	{nationalNumber, isNationalNumber, 0.8, true},
	{macAddress, isMAC, 0.6, false},
	{ipAddress, isIP, 0.6, false},
	{userAgent, isUserAgent, 0.5, false},
	{secret, isSecret, 0.6, false},
	{personalURL, isPersonalURL, 0.3, false},
	{phone, isInternationalPhone, 0.6, false},
	{phone, isPhone, 0, true},
	{coordinate, isPosition, 0.8, false},
	{postcode, isPostcode, 0, true},
	{birthDate, isBirthDate, 0, true},
	{fullName, isPersonName, 0.5, false},
}

var emailShape = regexp.MustCompile(`^[\p{L}\p{N}.!#$%&'*+/=?^_{|}~\-]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{N}.\-]{0,200}[\p{L}\p{N}])?\.[\p{L}]{2,24}$`)

// isEmail takes an address with or without a display name.
func isEmail(s string) bool {
	s = strings.TrimPrefix(strings.TrimSpace(s), "mailto:")
	if i := strings.LastIndexByte(s, '<'); i >= 0 && strings.HasSuffix(s, ">") {
		s = s[i+1 : len(s)-1]
	}
	return emailShape.MatchString(s)
}

// isIP takes IPv4 and IPv6 addresses, with a prefix length or a port.
func isIP(s string) bool {
	if !strings.ContainsAny(s, ".:") || len(s) < 4 {
		return false
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return true
	}
	_, err := netip.ParseAddrPort(s)
	return err == nil
}

var macShape = regexp.MustCompile(`^(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}[:-]){4}[0-9A-Fa-f]{2}$|^(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}$`)

func isMAC(s string) bool { return macShape.MatchString(s) }

var agentShape = regexp.MustCompile(`^(?:Mozilla/\d|Opera/\d|Dalvik/\d|okhttp/\d|curl/\d|[A-Za-z][\w .-]{1,30}/\d[\w.]* ?\()`)

func isUserAgent(s string) bool { return agentShape.MatchString(s) }

// userInPath are parts of a path that lead to a person.
var userInPath = regexp.MustCompile(`(?i)/(?:@[\w.-]+|~[\w.-]+|users?/|u/|profiles?/|members?/|people/|in/|customers?/|accounts?/|patients?/)[\w.@%~-]*`)

// userInQuery are parameters that say who someone is or what they looked for.
var userInQuery = regexp.MustCompile(`(?i)[?&;](?:e-?mail|mail|user(?:name|_?id)?|uid|name|first_?name|last_?name|phone|tel|token|session|sid|auth|key|q|query|search)=[^&]`)

// isPersonalURL takes addresses, and paths alone, with a part that is
// somebody's: user:password@, /users/42, /@handle, ?email=.
func isPersonalURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" && !strings.HasPrefix(s, "/") {
		return false
	}
	return u.User != nil || userInPath.MatchString(u.Path) || userInQuery.MatchString(s)
}

var (
	hashShape  = regexp.MustCompile(`^(?:\$(?:1|2[abxy]?|5|6|y|argon2(?:id|i|d)|scrypt|pbkdf2[\w-]*)\$|\{(?:SSHA\d*|SHA\d*|MD5|CRYPT|PBKDF2[\w-]*)\}|(?:pbkdf2_sha\d+|bcrypt(?:_sha256)?|argon2|scrypt|sha1|md5)[:$])`)
	tokenShape = regexp.MustCompile(`^(?:eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|(?:sk|pk|rk)_(?:live|test)_\w{8,}|gh[pousr]_\w{20,}|xox[abps]-[\w-]{10,}|AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----.*|ssh-(?:rsa|ed25519) .*)`)
	hexShape   = regexp.MustCompile(`^(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{128})$`)
)

// isSecret takes password hashes in the usual notations, tokens with a known
// beginning, and hexadecimal texts of a digest's length.
func isSecret(s string) bool {
	return hashShape.MatchString(s) || tokenShape.MatchString(s) || hexShape.MatchString(s)
}

var positionShape = regexp.MustCompile(`^\(?\s*(-?\d{1,2}(?:\.\d{2,})),\s*(-?\d{1,3}(?:\.\d{2,}))\s*\)?$|^(?i:(?:SRID=\d+;)?POINT ?\(-?\d)`)

// isPosition takes a latitude and longitude in one text.
func isPosition(s string) bool { return positionShape.MatchString(s) }

var datelike = regexp.MustCompile(`^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))(?:\D|$)`)

// isInternationalPhone takes numbers that begin with + or 00 and have separators or no more than 15 digits.
func isInternationalPhone(s string) bool {
	s = strings.TrimSpace(s)
	return (strings.HasPrefix(s, "+") || strings.HasPrefix(s, "00")) && isPhone(s)
}

var phoneShape = regexp.MustCompile(`^\+?[\d ().\-/]{6,26}(?: ?(?:x|ext\.?|#) ?\d{1,6})?$`)

func isPhone(s string) bool {
	s = strings.TrimSpace(s)
	n := countDigits(s)
	return n >= 6 && n <= 21 && phoneShape.MatchString(s) && !datelike.MatchString(s)
}

func countDigits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// postcodes of the countries whose languages the lexicon knows, and some neighbours.
var postcodes = regexp.MustCompile(`(?i)^(?:\d{4,5}|\d{5}-\d{3,4}|\d{4}-\d{3}|\d{2}-\d{3}|[a-z]{1,2}-?\d{4,5}|\d{4} ?[a-z]{2}|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}|[a-z]\d[a-z] ?\d[a-z]\d|\d{3} \d{2})$`)

func isPostcode(s string) bool { return postcodes.MatchString(strings.TrimSpace(s)) }

var dateShape = regexp.MustCompile(`^(\d{4})-\d{2}-\d{2}`)

// bornFrom and bornUntil are the years that a living person can be born in, as
// far as a sample needs to tell.
const bornFrom, bornUntil = "1900", "2025"

func isBirthDate(s string) bool {
	m := dateShape.FindStringSubmatch(s)
	return m != nil && m[1] >= bornFrom && m[1] <= bornUntil
}

// isPersonName takes one to five words that begin with capitals, of which one
// is on the lists of names.
func isPersonName(s string) bool {
	if len(s) > 80 {
		return false
	}
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '-' })
	if len(words) == 0 || len(words) > 5 {
		return false
	}
	known := 0
	for _, w := range words {
		bare := strings.Trim(w, ".'’")
		first, _ := utf8.DecodeRuneInString(bare)
		switch {
		case particles[bare]:
			continue
		case !unicode.IsUpper(first) || strings.ContainsFunc(bare, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsMark(r) && r != '\'' && r != '’' && r != '.'
		}):
			return false
		case knownName(bare):
			known++
		}
	}
	return known > 0
}

// mentionsName reports whether one of a text's words is on the lists of first names.
func mentionsName(s string) bool {
	for w := range strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		first, _ := utf8.DecodeRuneInString(w)
		if unicode.IsUpper(first) && firstNames[foldCase(w)] {
			return true
		}
	}
	return false
}
