package discover

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// detector recognises the values of a meaning by their form.
type detector struct {
	meaning *meaning
	like    func(string) bool
	// least is the share of matching values at which the form alone decides; 0 if
	// it only confirms a name.
	least float64
	// quantity marks forms that plain numbers match by chance. They decide nothing in
	// a column with a harmless name, or in a number column with an unknown one.
	quantity bool
}

// detectors are tried in this order: stricter forms come first.
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

// isEmail reports whether s is an e-mail address, with or without a display name.
func isEmail(s string) bool {
	s = strings.TrimPrefix(strings.TrimSpace(s), "mailto:")
	if i := strings.LastIndexByte(s, '<'); i >= 0 && strings.HasSuffix(s, ">") {
		s = s[i+1 : len(s)-1]
	}
	return emailShape.MatchString(s)
}

// isIP reports whether s is an IPv4 or IPv6 address, with or without a prefix length or a port.
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

// userInPath matches parts of a path that identify a person.
var userInPath = regexp.MustCompile(`(?i)/(?:@[\w.-]+|~[\w.-]+|users?/|u/|profiles?/|members?/|people/|in/|customers?/|accounts?/|patients?/)[\w.@%~-]*`)

// userInQuery matches parameters with a person's identity, secret or search terms.
var userInQuery = regexp.MustCompile(`(?i)[?&;](?:e-?mail|mail|user(?:name|_?id)?|uid|name|first_?name|last_?name|phone|tel|token|session|sid|auth|key|q|query|search)=[^&]`)

// isPersonalURL reports whether a URL or a path identifies a person, as
// user:password@, /users/42, /@handle and ?email= do.
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

// isSecret reports whether s is a password hash in a usual notation or a token with a known
// prefix. A hexadecimal text of a digest's length also counts.
func isSecret(s string) bool {
	return hashShape.MatchString(s) || tokenShape.MatchString(s) || hexShape.MatchString(s)
}

var positionShape = regexp.MustCompile(`^\(?\s*(-?\d{1,2}(?:\.\d{2,})),\s*(-?\d{1,3}(?:\.\d{2,}))\s*\)?$|^(?i:(?:SRID=\d+;)?POINT ?\(-?\d)`)

// isPosition reports whether s is a latitude and a longitude, or a point in WKT.
func isPosition(s string) bool { return positionShape.MatchString(s) }

var datelike = regexp.MustCompile(`^(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2}))(?:\D|$)`)

// isInternationalPhone reports whether s is a telephone number with + or 00 at its beginning.
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

// postcodes matches the postcodes of countries with a language of the lexicon, and of some neighbours.
var postcodes = regexp.MustCompile(`(?i)^(?:\d{4,5}|\d{5}-\d{3,4}|\d{4}-\d{3}|\d{2}-\d{3}|[a-z]{1,2}-?\d{4,5}|\d{4} ?[a-z]{2}|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}|[a-z]\d[a-z] ?\d[a-z]\d|\d{3} \d{2})$`)

func isPostcode(s string) bool { return postcodes.MatchString(strings.TrimSpace(s)) }

var dateShape = regexp.MustCompile(`^(\d{4})-\d{2}-\d{2}`)

// bornFrom and bornUntil limit the years of birth of living people, exactly enough for
// a sample.
const bornFrom, bornUntil = "1900", "2025"

func isBirthDate(s string) bool {
	m := dateShape.FindStringSubmatch(s)
	return m != nil && m[1] >= bornFrom && m[1] <= bornUntil
}

// isPersonName reports whether s is one to five capitalised words, at least one of them
// on the lists of names. Particles such as van may be lower case.
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

// mentionsName reports whether a text contains a capitalised word of the list of first names.
func mentionsName(s string) bool {
	for w := range strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
		first, _ := utf8.DecodeRuneInString(w)
		if unicode.IsUpper(first) && firstNames[foldCase(w)] {
			return true
		}
	}
	return false
}
