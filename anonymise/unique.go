package anonymise

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/expungedb/expunge/dialect"
)

const base32Letters = "abcdefghijklmnopqrstuvwxyz234567"

// randomToken is n characters of five random bits each.
func randomToken(s *Source, n int) string {
	b := make([]byte, n)
	var bits uint64
	for i := range b {
		if i%12 == 0 {
			bits = s.rng.Uint64()
		}
		b[i] = base32Letters[bits&31]
		bits >>= 5
	}
	return string(b)
}

// tokenChars is the number of characters that make a made-up text unique: 70 bits. Two of
// 10,000,000 rows are equal with odds of 1 in 20,000,000.
const tokenChars = 14

// leastToken is the shortest token worth adding.
const leastToken = 4

// phoneDigits is the length of the longest telephone number (ITU-T E.164).
const phoneDigits = 15

// uniquely returns how to make a made-up text unique in the column: a function that adds random
// characters where they don't disturb its shape (nil keeps the text), and the class of the result.
//
//	ann.smith@x.example  →  ann.smith+k3j5m2q7abcdef@x.example
//	Berlin               →  Berlin k3j5m2q7abcdef
//	ann_smith            →  ann_smithk3j5m2q7abcdef
//	5550123456           →  555012345671904 (telephone: digits only)
func (f fakeStrategy) uniquely(t Target) (func(*Source, string) string, Class, error) {
	c := t.Column
	n := roomOf(c)
	if !t.Unique {
		return nil, Lossy, nil
	}
	if f.name == "uuid" && n >= 36 {
		return func(_ *Source, text string) string { return text }, birthdayClass(math.Pow(2, 122), t), nil
	}
	if strings.HasPrefix(f.name, "phone") {
		total := min(n, phoneDigits)
		space := math.Pow(10, float64(total))
		if err := hasRoom(space, t); err != nil {
			return nil, "", err
		}
		return func(s *Source, _ string) string {
			// The first digit is never 0, as in a number with its country code.
			return string(digits[1+s.rng.IntN(9)]) + randomLike(s, strings.Repeat("0", total-1))
		}, birthdayClass(space, t), nil
	}
	token := tokenChars
	least := 0 // the least number of characters beside the token
	if f.name == "email" {
		least = len("u+@x.example")
	}
	token = min(token, n-least)
	if token < leastToken && !t.Sole {
		return nil, Lossy, nil // other columns of the index may distinguish the rows
	}
	if token < leastToken {
		return nil, "", fmt.Errorf("column %s is unique and holds %d characters, too few to make %s unique: %d are needed; make it longer, or use random", c.Name, n, f.name, least+leastToken)
	}
	space := math.Pow(32, float64(token))
	if err := hasRoom(space, t); err != nil {
		return nil, "", err
	}
	add := func(s *Source, text string) string { return appendToken(c, text, randomToken(s, token)) }
	switch f.name {
	case "username":
		add = func(s *Source, text string) string { return joinToken(c, text, randomToken(s, token)) }
	case "email":
		add = func(s *Source, text string) string { return tagEmail(text, randomToken(s, token), n) }
	}
	return add, birthdayClass(space, t), nil
}

// appendToken appends a token to a text, with a space where the text is words. It shortens the text
// where both don't fit.
func appendToken(c *dialect.Column, text, token string) string {
	if strings.Contains(text, " ") || len(text) > 0 && text[0] >= 'A' && text[0] <= 'Z' {
		token = " " + token
	}
	return joinToken(c, text, token)
}

// joinToken is appendToken with the token as it is.
func joinToken(c *dialect.Column, text, token string) string {
	if c.Length > 0 && len(token) > c.Length {
		return strings.TrimPrefix(token, " ")
	}
	short := *c
	if short.Length > 0 {
		short.Length -= len(token)
		if short.Length == 0 {
			return strings.TrimPrefix(token, " ")
		}
	}
	return cutToFit(&short, text) + token
}

// tagEmail adds a token to an address's local part, which may be 64 bytes long (RFC 5321, section
// 4.5.3.1.1), and shortens the rest to fit.
func tagEmail(text, token string, room int) string {
	local, host, _ := strings.Cut(text, "@")
	if over := len(local) + 1 + len(token) - 64; over > 0 {
		local = local[:len(local)-over]
	}
	over := len(local) + 1 + len(token) + 1 + len(host) - room
	local, over = shortenText(local, over)
	host = shortHost(host, over)
	return local + "+" + token + "@" + host
}

// shortEmail shortens an address and keeps it valid, if there is room.
func shortEmail(text string, room int) string {
	local, host, _ := strings.Cut(text, "@")
	local, over := shortenText(local, len(text)-room)
	host = shortHost(host, over)
	if text = local + "@" + host; len(text) > room {
		return text[:room]
	}
	return text
}

// shortenText removes up to over bytes from the end, and leaves at least one.
func shortenText(s string, over int) (string, int) {
	if over <= 0 || s == "" {
		return s, over
	}
	n := max(len(s)-over, 1)
	for n > 1 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.TrimRight(s[:n], ".-_") + strings.Repeat("x", n-len(strings.TrimRight(s[:n], ".-_"))), over - (len(s) - n)
}

// shortHost removes up to over bytes from a host's first label, and leaves at least one.
func shortHost(host string, over int) string {
	if over <= 0 {
		return host
	}
	label, rest, _ := strings.Cut(host, ".")
	label, _ = shortenText(label, over)
	return label + "." + rest
}
