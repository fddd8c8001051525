package anonymise

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// randomKind is random for the kinds without parameters.
func randomKind(t Target) (Replacer, error) {
	c := t.Column
	client := func(space float64, replace func(s *Source, old dialect.Value) dialect.Value) clientReplacer {
		return clientReplacer{birthdayClass(space, t), func(s *Source, old dialect.Value) (dialect.Value, error) { return replace(s, old), nil }}
	}
	const lossy = 0.0 // however few rows
	switch c.Kind {
	case dialect.UUID:
		return bothWays{client(math.Pow(2, 122), func(s *Source, _ dialect.Value) dialect.Value { return randomUUID(s).String() }), dialect.RandomUUID{}}, nil
	case dialect.Bytes:
		n := 16
		if c.Length > 0 && (c.Fixed || c.Length < n) {
			n = c.Length
		}
		r := client(math.Pow(256, float64(min(n, 100))), func(s *Source, old dialect.Value) dialect.Value {
			if old == nil {
				return randomBytes(s, n)
			}
			text, _ := dialect.TextOf(old)
			return randomBytes(s, len(text))
		})
		return bothWays{r, dialect.RandomBytes{Of: dialect.Current{Column: c}}}, nil
	case dialect.Bool:
		return chosenReplacer(c, client(lossy, func(s *Source, _ dialect.Value) dialect.Value {
			return []string{"true", "false"}[s.rng.IntN(2)]
		}), "true", "false"), nil
	case dialect.Enum, dialect.Set:
		if len(c.Labels) == 0 {
			return nil, fmt.Errorf("the labels of column %s are not known: use fixed", c.Name)
		}
		if err := hasRoom(float64(len(c.Labels)), t); err != nil {
			return nil, err
		}
		return chosenReplacer(c, client(lossy, func(s *Source, _ dialect.Value) dialect.Value {
			return c.Labels[s.rng.IntN(len(c.Labels))]
		}), c.Labels...), nil
	case dialect.Bits:
		n := max(c.Length, 1)
		if err := hasRoom(math.Pow(2, float64(n)), t); err != nil {
			return nil, err
		}
		return client(math.Pow(2, float64(n)), func(s *Source, old dialect.Value) dialect.Value {
			text, ok := dialect.TextOf(old)
			if !ok {
				text = strings.Repeat("0", n)
			}
			return randomBits(s, len(text))
		}), nil
	case dialect.Time:
		return client(lossy, randomTime), nil
	case dialect.Inet:
		return client(math.Pow(2, 24), randomInet), nil
	case dialect.JSON:
		return client(lossy, randomJSON), nil
	case dialect.XML:
		return client(lossy, randomXML), nil
	case dialect.Array:
		return bindElements(t, randomStrategy{})
	}
	return nil, fmt.Errorf("column %s is %s: use null or default", c.Name, describeColumn(c))
}

// chosenReplacer is one of the labels.
func chosenReplacer(c *dialect.Column, r clientReplacer, labels ...string) Replacer {
	values := make([]dialect.Value, len(labels))
	for i, l := range labels {
		values[i] = l
	}
	return bothWays{r, dialect.Choose{Values: values, Column: c}}
}

func randomUUID(s *Source) uuid {
	return uuid(randomBytes(s, 16)).version(4)
}

func randomBytes(s *Source, n int) []byte {
	b := make([]byte, n)
	for i := 0; i < n; i += 8 {
		u := s.rng.Uint64()
		for j := i; j < min(i+8, n); j++ {
			b[j] = byte(u)
			u >>= 8
		}
	}
	return b
}

func randomBits(s *Source, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = '0' + byte(s.rng.IntN(2))
	}
	return string(b)
}

// randomTime is a second of the day; it keeps an offset.
func randomTime(s *Source, old dialect.Value) dialect.Value {
	text, _ := dialect.TextOf(old)
	m, ok := parseMoment(dialect.Time, text)
	if !ok {
		m = moment{kind: dialect.Time}
	}
	m.t = time.Date(2000, 1, 1, 0, 0, s.rng.IntN(86400), 0, m.t.Location())
	return m.String()
}

// randomInet is a private address of the same family (10.0.0.0/8, RFC 1918; fd00::/8, RFC 4193), a
// network of the same size, or a locally administered MAC address (IEEE 802-2014, 8.2): no outsider
// owns it.
func randomInet(s *Source, old dialect.Value) dialect.Value {
	text, _ := dialect.TextOf(old)
	in, ok := parseInet(text)
	b := randomBytes(s, 16)
	switch {
	case !ok:
		in = inet{bits: -1}
		in.addr = netip.AddrFrom4([4]byte{10, b[1], b[2], b[3]})
	case in.mac != nil:
		b[0] = b[0]&0xfc | 0x02
		in.mac = append(net.HardwareAddr(b), b...)[:len(in.mac)]
	case in.addr.Is4():
		in.addr = netip.AddrFrom4([4]byte{10, b[1], b[2], b[3]})
	default:
		b[0] = 0xfd
		in.addr = netip.AddrFrom16([16]byte(b))
	}
	if in.bits >= 0 {
		in.addr = netip.PrefixFrom(in.addr, in.bits).Masked().Addr() // cidr columns refuse host bits
	}
	return in.String()
}

// randomXML randomises the text between tags and in attributes' quotes. It keeps the names of
// elements and attributes, entities and declarations.
func randomXML(s *Source, old dialect.Value) dialect.Value {
	text, ok := dialect.TextOf(old)
	if !ok {
		return "<x/>"
	}
	var b strings.Builder
	for len(text) > 0 {
		open := strings.IndexAny(text, "<&")
		if open < 0 {
			open = len(text)
		}
		b.WriteString(randomLike(s, text[:open]))
		text = text[open:]
		if text == "" {
			break
		}
		n := markupEnd(text)
		b.WriteString(randomMarkup(s, text[:n]))
		text = text[n:]
	}
	return b.String()
}

// markupEnd is the length of the tag, comment, section or entity at the start of text.
func markupEnd(text string) int {
	for _, m := range []struct{ open, end string }{
		{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}, {"&", ";"},
	} {
		if strings.HasPrefix(text, m.open) {
			if i := strings.Index(text[len(m.open):], m.end); i >= 0 {
				return len(m.open) + i + len(m.end)
			}
			return len(text)
		}
	}
	var quote rune
	for i, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case quote == 0 && r == '>':
			return i + 1
		}
	}
	return len(text)
}

func randomMarkup(s *Source, m string) string {
	switch {
	case strings.HasPrefix(m, "<!--"):
		return "" // a comment may contain personal data
	case strings.HasPrefix(m, "<![CDATA["):
		const open, end = "<![CDATA[", "]]>"
		return open + randomLike(s, strings.TrimSuffix(m[len(open):], end)) + end
	case strings.HasPrefix(m, "<?"), strings.HasPrefix(m, "&"), strings.HasPrefix(m, "<!"):
		return m
	}
	var b strings.Builder
	var quote byte
	from := 0
	for i := range len(m) {
		switch {
		case quote != 0 && m[i] == quote:
			b.WriteString(randomAttribute(s, m[from:i]))
			from, quote = i, 0
		case quote == 0 && (m[i] == '"' || m[i] == '\''):
			b.WriteString(m[from : i+1])
			from, quote = i+1, m[i]
		}
	}
	b.WriteString(m[from:])
	return b.String()
}

// randomAttribute keeps entities: random letters could make them invalid.
func randomAttribute(s *Source, value string) string {
	var b strings.Builder
	for value != "" {
		before, rest, found := strings.Cut(value, "&")
		b.WriteString(randomLike(s, before))
		if !found {
			break
		}
		entity, after, closed := strings.Cut(rest, ";")
		if !closed {
			break
		}
		b.WriteString("&" + entity + ";")
		value = after
	}
	return b.String()
}
