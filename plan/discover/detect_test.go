package discover

import (
	"strings"
	"testing"
)

// shapes has invented numbers, and the authorities' examples.
var shapes = map[string]struct {
	is       func(string) bool
	yes, not []string
}{
	"e-mail": {isEmail,
		[]string{"a@b.example", "first.last+tag@sub.domain.example", "Ada Byron <ada@mail.example>", "mailto:x@y.example", "müller@bücher.example", "o'neill@x.example"},
		[]string{"", "a@b", "@handle", "a b@c.example", "https://user@host.example/", "a@.example", "see a@b.example for more"}},
	"card": {isCard,
		[]string{"4111111111111111", "4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "6011111111111117"},
		[]string{"", "4111111111111112", "0000000000000000", "411111111111", "1234567890123", "4111.1111.1111.1111x", "9111111111111111"}},
	"IBAN": {isIBAN,
		[]string{"DE89370400440532013000", "DE89 3704 0044 0532 0130 00", "GB82 WEST 1234 5698 7654 32", "fr1420041010050500013m02606"},
		[]string{"", "DE88370400440532013000", "DE893704", "XX00", "4111111111111111"}},
	"US SSN": {isSSN, []string{"219-09-9999", "078-05-1120"}, []string{"", "000-12-3456", "666-12-3456", "912-12-3456", "219-00-9999", "219-09-0000", "219099999"}},
	"UK NINO": {isNINO, []string{"AB123456C", "AB 12 34 56 C", "jg103759a"},
		[]string{"", "QQ123456C", "GB123456A", "AB123456E", "AO123456A", "AB12345C"}},
	"German tax ID": {isGermanTaxID, []string{"86095742719", "47036892816", "65 929 970 489"}, []string{"", "86095742718", "06095742719", "12345678901", "11111111111"}},
	"French INSEE": {isINSEE, []string{"255081416802538", "2 55 08 14 168 025 38", "2 55 08 2A 168 025 " + inseeKey("255082A168025")},
		[]string{"", "255081416802539", "555081416802538", "2550814168025"}},
	"Spanish DNI and NIE":    {isDNI, []string{"12345678Z", "12345678-z", "X1234567L", "Y1234567X"}, []string{"", "12345678A", "X1234567A", "1234567Z", "A1234567L"}},
	"Italian codice fiscale": {isCodiceFiscale, []string{"RSSMRA85T10A562S", "rssmra85t10a562s"}, []string{"", "RSSMRA85T10A562T", "RSSMRA85X10A562S", "RSSMRA85T10A562"}},
	"Dutch BSN":              {isBSN, []string{"111222333", "123456782", "1112.22.333"}, []string{"", "111222334", "000000000", "12345678"}},
	"Polish PESEL":           {isPESEL, []string{"44051401359", "02070803628"}, []string{"", "44051401358", "44131401359", "44053901359"}},
	"Brazilian CPF":          {isCPF, []string{"529.982.247-25", "11144477735"}, []string{"", "529.982.247-26", "11111111111", "1114447773"}},
	"IP address":             {isIP, []string{"192.0.2.1", "2001:db8::1", "192.0.2.0/24", "192.0.2.1:8080", "[2001:db8::1]:443"}, []string{"", "1.2.3", "256.1.1.1", "12:30", "v1.2.3.4", "2024"}},
	"MAC address":            {isMAC, []string{"00:1B:44:11:3A:B7", "00-1b-44-11-3a-b7", "001b.4411.3ab7"}, []string{"", "00:1B:44:11:3A", "00:1B:44:11:3A:ZZ", "001b44113ab7"}},
	"user agent":             {isUserAgent, []string{"Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101", "curl/8.4.0", "MyApp/2.1 (iPhone; iOS 17)"}, []string{"", "Mozilla", "and/or", "1/2 (half)"}},
	"secret": {isSecret,
		[]string{"$2a$10$abcdefghijklmnopqrstuv", "$argon2id$v=19$m=65536", "{SSHA}abc", "pbkdf2_sha256$1$x$y", "eyJhbGciOiJIUzI1NiJ9.e30.x", "sk_live_abcdefgh12345678", strings.Repeat("0f", 32)},
		[]string{"", "secret", "$12.50", "md5", strings.Repeat("0f", 31), "0b0d2f5e-6c0a-4a1e-9d52-0f1c2d3e4f50"}},
	"personal URL": {isPersonalURL, []string{"https://u:p@host.example/", "https://x.example/users/42", "/search?q=smith", "https://x.example/@ada", "/u/ada", "/x?email=a%40b"},
		[]string{"", "https://x.example/img/1.png", "/about", "users/42", "not a url?q=1", "http://[::1"}},
	"phone":               {isPhone, []string{"+49 30 1234567", "030/1234567", "(555) 010-9999", "555-0100 x12", "0611223344"}, []string{"", "12345", "2024-01-31", "31.12.2024", "phone", "1234567890123456789012"}},
	"international phone": {isInternationalPhone, []string{"+49 30 1234567", "0049301234567"}, []string{"030/1234567", "+1"}},
	"position":            {isPosition, []string{"53.8008, -1.5491", "(53.80,-1.54)", "POINT(1.2 3.4)", "SRID=4326;POINT (-1 2)"}, []string{"", "53, 1", "1.5", "2024.01,2"}},
	"postcode":            {isPostcode, []string{"22085", "1010", "EC1A 1BB", "1234 AB", "00-950", "1000-205", "12345-6789", "K1A 0B1", "D-22085"}, []string{"", "123", "1234567", "ABCDE", "12 Main St"}},
	"date of birth":       {isBirthDate, []string{"1961-03-12", "1961-03-12 00:00:00"}, []string{"", "1799-01-01", "2999-12-31", "12.03.1961"}},
	"person's name": {isPersonName, []string{"Ada", "Ada Byron", "Müller", "Ludwig van Beethoven", "GARCÍA, María", "O'Neill", "Anne-Marie Dubois"},
		[]string{"", "ada byron", "Desk lamp", "Anna 2", "Help and Support", "a b c d e f", "Anna wrote to me"}},
	"mention of a name": {mentionsName, []string{"prefers a call from Ada", "Ada's wishes"}, []string{"", "prefers a call", "adapter"}},
}

// inseeKey returns the key of thirteen characters, by the rule for Corsica.
func inseeKey(n string) string {
	k := 97 - mod97(strings.Replace(n, "2A", "19", 1))
	return string([]byte{'0' + byte(k/10), '0' + byte(k%10)})
}

func TestShapesOfValues(t *testing.T) {
	for name, c := range shapes {
		t.Run(name, func(t *testing.T) {
			for i, v := range c.yes {
				if !c.is(v) {
					t.Errorf("example %d isn't recognised", i)
				}
			}
			for i, v := range c.not {
				if c.is(v) {
					t.Errorf("counter-example %d is taken for one", i)
				}
			}
		})
	}
}

func TestANumberOfEachStateIsANationalNumber(t *testing.T) {
	for _, name := range []string{"US SSN", "UK NINO", "German tax ID", "French INSEE", "Spanish DNI and NIE", "Italian codice fiscale", "Dutch BSN", "Polish PESEL", "Brazilian CPF"} {
		if len(shapes[name].yes) == 0 {
			t.Errorf("%s has no example", name)
		}
		for i, v := range shapes[name].yes {
			if !isNationalNumber(v) {
				t.Errorf("%s: example %d isn't recognised", name, i)
			}
		}
	}
}

func FuzzShapesOfValues(f *testing.F) {
	for _, c := range shapes {
		for _, v := range append(c.yes, c.not...) {
			f.Add(v)
		}
	}
	f.Fuzz(func(t *testing.T, v string) {
		for _, d := range detectors {
			if d.like(v) && strings.TrimSpace(v) == "" {
				t.Errorf("nothing looks like %s", d.meaning.name)
			}
		}
		mentionsName(v)
		mentionsEmail(v)
	})
}
