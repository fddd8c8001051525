package discover

import (
	"regexp"
	"strings"
)

// isCard reports whether s is a card number: 12 to 19 digits with a valid check digit
// (ISO/IEC 7812-1, annex B). The first digit is one of the large networks.
func isCard(s string) bool {
	n, ok := digitsOf(s)
	if !ok || len(n) < 12 || len(n) > 19 || strings.IndexByte("23456", n[0]) < 0 || strings.Trim(n, n[:1]) == "" {
		return false
	}
	sum := 0
	for i := range len(n) {
		d := int(n[len(n)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

var separators = strings.NewReplacer(" ", "", "-", "", ".", "", "/", "")

// digitsOf returns a text's digits without separators; false if it contains anything else.
func digitsOf(s string) (string, bool) {
	n := separators.Replace(s)
	return n, n != "" && len(s) < 40 && strings.Trim(n, "0123456789") == ""
}

var ibanShape = regexp.MustCompile(`^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$`)

// isIBAN reports whether s is an IBAN with valid check digits (ISO 13616-1).
func isIBAN(s string) bool {
	n := strings.ToUpper(separators.Replace(s))
	return ibanShape.MatchString(n) && mod97(n[4:]+n[:4]) == 1
}

// mod97 is the remainder of ISO/IEC 7064, MOD 97-10; letters count from 10.
func mod97(s string) int {
	r := 0
	for i := range len(s) {
		if c := s[i]; c >= '0' && c <= '9' {
			r = (r*10 + int(c-'0')) % 97
		} else {
			r = (r*100 + int(c-'A') + 10) % 97
		}
	}
	return r
}

// isNationalNumber reports whether s is a state's number for a person. Its check rule
// or its unmistakable form decides.
func isNationalNumber(s string) bool {
	s = strings.TrimSpace(s)
	if len(s) < 8 || len(s) > 24 {
		return false
	}
	for _, is := range []func(string) bool{isSSN, isNINO, isGermanTaxID, isINSEE, isDNI, isCodiceFiscale, isBSN, isPESEL, isCPF} {
		if is(s) {
			return true
		}
	}
	return false
}

var ssnShape = regexp.MustCompile(`^(\d{3})-(\d{2})-(\d{4})$`)

// isSSN reports whether s is a US social security number in its usual form. 20 CFR 422.103
// and the SSA's "SSN randomization" define the numbers never issued.
func isSSN(s string) bool {
	m := ssnShape.FindStringSubmatch(s)
	return m != nil && m[1] != "000" && m[1] != "666" && m[1][0] != '9' && m[2] != "00" && m[3] != "0000"
}

var ninoShape = regexp.MustCompile(`^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]$`)

// isNINO reports whether s is a UK national insurance number (HMRC, NIM39110).
func isNINO(s string) bool {
	n := strings.ToUpper(separators.Replace(s))
	if !ninoShape.MatchString(n) {
		return false
	}
	switch n[:2] {
	case "BG", "GB", "KN", "NK", "NT", "TN", "ZZ":
		return false
	}
	return true
}

// isGermanTaxID reports whether s is an Identifikationsnummer. It has eleven digits; the
// first isn't 0. Exactly one digit occurs two or three times among the first ten, and
// the last is a check digit (ISO/IEC 7064, MOD 11,10).
func isGermanTaxID(s string) bool {
	n, ok := digitsOf(s)
	if !ok || len(n) != 11 || n[0] == '0' {
		return false
	}
	var seen [10]int
	for _, c := range []byte(n[:10]) {
		seen[c-'0']++
	}
	repeated := 0
	for _, times := range seen {
		if times > 3 {
			return false
		}
		if times > 1 {
			repeated++
		}
	}
	product := 10
	for _, c := range []byte(n[:10]) {
		sum := (int(c-'0') + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = sum * 2 % 11
	}
	return repeated == 1 && (11-product)%10 == int(n[10]-'0')
}

var inseeShape = regexp.MustCompile(`^[1-478]\d{4}(?:\d{2}|2[AB])\d{8}$`)

// isINSEE reports whether s is a French NIR with its key: 97 minus the first thirteen
// digits modulo 97. Corsica's 2A and 2B count as 19 and 18.
func isINSEE(s string) bool {
	n := strings.ToUpper(separators.Replace(s))
	if !inseeShape.MatchString(n) {
		return false
	}
	n = strings.Replace(strings.Replace(n, "2A", "19", 1), "2B", "18", 1)
	if strings.Trim(n, "0123456789") != "" {
		return false
	}
	return 97-mod97(n[:13]) == int(n[13]-'0')*10+int(n[14]-'0')
}

var dniShape = regexp.MustCompile(`^(?:\d{8}|[XYZ]\d{7})[A-Z]$`)

// isDNI reports whether s is a Spanish DNI or NIE with its letter, the number modulo 23.
func isDNI(s string) bool {
	n := strings.ToUpper(separators.Replace(s))
	if !dniShape.MatchString(n) {
		return false
	}
	digits := strings.NewReplacer("X", "0", "Y", "1", "Z", "2").Replace(n[:1]) + n[1:8]
	r := 0
	for _, c := range []byte(digits) {
		r = (r*10 + int(c-'0')) % 23
	}
	return "TRWAGMYFPDXBNJZSQVHLCKE"[r] == n[8]
}

var fiscaleShape = regexp.MustCompile(`^[A-Z]{6}[\dLMNP-V]{2}[A-EHLMPRST][\dLMNP-V]{2}[A-Z][\dLMNP-V]{3}[A-Z]$`)

// fiscaleOdd are the values of characters at odd places (Decreto Ministeriale
// 23 December 1976).
var fiscaleOdd = [26]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}

// isCodiceFiscale reports whether s is an Italian codice fiscale with its check letter.
func isCodiceFiscale(s string) bool {
	n := strings.ToUpper(separators.Replace(s))
	if !fiscaleShape.MatchString(n) {
		return false
	}
	sum := 0
	for i := range 15 {
		v := int(n[i] - '0')
		if n[i] >= 'A' {
			v = int(n[i] - 'A')
		}
		if i%2 == 0 {
			v = fiscaleOdd[v]
		}
		sum += v
	}
	return byte('A'+sum%26) == n[15]
}

// isBSN reports whether s is a Dutch burgerservicenummer of nine digits: the "elfproef"
// with -1 as the last weight.
func isBSN(s string) bool {
	n, ok := digitsOf(s)
	if !ok || len(n) != 9 || n == "000000000" {
		return false
	}
	sum := -int(n[8] - '0')
	for i := range 8 {
		sum += int(n[i]-'0') * (9 - i)
	}
	return sum%11 == 0
}

// isPESEL reports whether s is a Polish PESEL. It has a date of birth with the century in
// its month, and a check digit with the weights 1, 3, 7, 9.
func isPESEL(s string) bool {
	n, ok := digitsOf(s)
	if !ok || len(n) != 11 {
		return false
	}
	month, day := int(n[2]-'0')*10+int(n[3]-'0'), int(n[4]-'0')*10+int(n[5]-'0')
	if m := month % 20; m < 1 || m > 12 || day < 1 || day > 31 {
		return false
	}
	sum := 0
	for i := range 10 {
		sum += int(n[i]-'0') * [4]int{1, 3, 7, 9}[i%4]
	}
	return (10-sum%10)%10 == int(n[10]-'0')
}

// isCPF reports whether s is a Brazilian CPF with its two check digits.
func isCPF(s string) bool {
	n, ok := digitsOf(s)
	if !ok || len(n) != 11 || strings.Trim(n, n[:1]) == "" {
		return false
	}
	for length := 9; length <= 10; length++ {
		sum := 0
		for i := range length {
			sum += int(n[i]-'0') * (length + 1 - i)
		}
		if sum*10%11%10 != int(n[length]-'0') {
			return false
		}
	}
	return true
}
