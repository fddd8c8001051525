//go:build unix

package corpus

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/expungedb/expunge/dialect"
)

// Words for generated values. The names refer to no real person.
var (
	firstNames = strings.Fields("Ada Grace Alan Edsger Barbara Donald Frances John Margaret Dennis Radia Leslie Karen Niklaus Adele Peter Sophie Robin Shafi Silvio")
	lastNames  = strings.Fields("Becker Smith Rossi Dubois Novak Jansen Garcia Kowalski Moore Fischer Silva Weber Martin Wagner Costa Keller Brown Meyer Lopez Hansen")
	towns      = strings.Fields("Hamburg Lyon Utrecht Porto Leeds Gdansk Bologna Sevilla Graz Ghent")
	prose      = []string{
		"%s called and asks for a call back on +49 30 55%04d.", "Met %s at the fair, wants an offer until Friday, room %d.",
		"%s wrote that the delivery was damaged (case %d) and is annoyed.", "Please don't disturb %s before ten o'clock, extension %d.",
	}
	jargon   = strings.Fields("normal high low default none auto manual internal external average disaster linear percent counter gauge")
	things   = strings.Fields("Interface Traffic Memory Disk Fan Router Switch Uplink Volume Queue Cache Service Latency Load Sensor")
	sayings  = []string{"%s usage is above the limit on port %d", "checks the %s every %d seconds", "%s of the rack number %d", "used where no %s is set, see chapter %d"}
	searches = strings.Fields("vacation invoice meeting flight doctor lawyer")
)

// keyValue returns a value for a key column: numbers, UUIDs and names differ in each row.
func keyValue(c *dialect.Column, row int) string {
	switch c.Kind {
	case dialect.Text, dialect.Bytes:
		if strings.Contains(strings.ToLower(c.Name), "mail") {
			return email(row)
		}
		if strings.Contains(strings.ToLower(c.Name), "name") && strings.Contains(strings.ToLower(c.Name), "user") || strings.EqualFold(c.Name, "login") {
			return person(row).login
		}
		return things[row%len(things)] + "-" + strconv.Itoa(row+1)
	case dialect.UUID:
		return fmt.Sprintf("%08x-0000-4000-8000-%012x", row+1, mix(row)%(1<<40))
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
		return moment(c.Kind, row)
	case dialect.Enum:
		return c.Labels[row%len(c.Labels)]
	case dialect.Inet:
		return address(row)
	}
	return strconv.Itoa(row + 1)
}

// somebody is an invented person.
type somebody struct{ first, last, login string }

func person(row int) somebody {
	first, last := firstNames[row%len(firstNames)], lastNames[(row/len(firstNames)*7+row)%len(lastNames)]
	return somebody{first, last, strings.ToLower(first + "." + last + strconv.Itoa(row))}
}

func email(row int) string { return person(row).login + "@mail.example" }

func address(row int) string { return fmt.Sprintf("198.51.%d.%d", mix(row)%200, row%250+1) }

func moment(kind dialect.Kind, row int) string {
	day := fmt.Sprintf("2025-%02d-%02d", mix(row)%12+1, mix(row, 1)%28+1)
	switch kind {
	case dialect.Date:
		return day
	case dialect.TimestampTZ:
		return day + " 10:11:12+00"
	}
	return fmt.Sprintf("%s %02d:11:12", day, mix(row, 2)%24)
}

func has(name string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(strings.ToLower(name), w) {
			return true
		}
	}
	return false
}

// plainValue returns a value without personal data.
func plainValue(table string, c *dialect.Column, row int) string {
	n := mix(table, c.Name, row)
	switch c.Kind {
	case dialect.Bool:
		return strconv.FormatBool(n%2 == 0)
	case dialect.Enum, dialect.Set:
		return c.Labels[n%uint64(len(c.Labels))]
	case dialect.Int, dialect.Decimal, dialect.Float:
		return plainNumber(table, c, n)
	case dialect.UUID, dialect.Inet:
		return keyValue(c, int(n%1000))
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
		return moment(c.Kind, int(n%1000))
	case dialect.Time:
		return "10:11:12"
	case dialect.JSON:
		return `{"width": 3}`
	}
	return plainText(table, c, n)
}

func plainNumber(table string, c *dialect.Column, n uint64) string {
	switch shape := mix(table, c.Name) % 4; {
	case c.Precision > 0 && c.Precision <= 8 || shape == 0:
		return strconv.Itoa(int(n % 2))
	case has(c.Name, "time", "clock", "date", "stamp", "last", "since", "until", "till", "expire") && (c.Kind != dialect.Int || c.Precision >= 32):
		return strconv.Itoa(int(1_700_000_000 + n%40_000_000))
	case shape == 1:
		return strconv.Itoa(int(n % 6))
	case shape == 2:
		return strconv.Itoa(int(n % 100))
	}
	return strconv.Itoa(int(n % 30_000))
}

func plainText(table string, c *dialect.Column, n uint64) string {
	thing := things[n%uint64(len(things))]
	switch {
	case c.Length > 0 && c.Length <= 3:
		return []string{"on", ""}[n%2]
	case has(c.Name, "hash", "sha1", "md5", "checksum"):
		return fmt.Sprintf("%016x%016x", n, mix(n))
	case has(c.Name, "uuid", "guid"):
		return fmt.Sprintf("%08x-0000-4000-8000-%012x", n%(1<<32), mix(n)%(1<<40))
	case has(c.Name, "time", "expir", "touched", "registration"):
		return fmt.Sprintf("2025%02d%02d101112", n%12+1, n%28+1)
	case has(c.Name, "url", "uri", "link"):
		return fmt.Sprintf("https://host%d.example/%s.html", n%50, strings.ToLower(thing))
	case has(c.Name, "path", "file", "dir"):
		return fmt.Sprintf("/usr/share/%s/%d.txt", strings.ToLower(thing), n%90)
	case has(c.Name, "name", "title", "label"):
		return fmt.Sprintf("%s %d", thing, n%100)
	case has(c.Name, "descr", "comment", "note", "message", "text", "content", "data", "info", "reason", "error"):
		return fmt.Sprintf(sayings[n%uint64(len(sayings))], strings.ToLower(thing), n%500)
	}
	if mix(table, c.Name)%2 == 0 {
		return jargon[n%uint64(len(jargon))]
	}
	return fmt.Sprintf("%c%d%c", 'a'+n%26, n%1000, 'a'+n/26%26)
}

// personalValue returns a value of a category, in the form suggested by the column's name.
func personalValue(category string, c *dialect.Column, row int) string {
	p, n := person(row), mix(c.Name, row)
	switch category {
	case "contact":
		if has(c.Name, "phone", "cell", "pager", "tel", "mobile", "fax") {
			return fmt.Sprintf("+49 40 55%05d", n%100_000)
		}
		return email(row)
	case "name":
		return nameFor(c.Name, p)
	case "identifier":
		return p.login
	case "birth":
		return fmt.Sprintf("19%02d-%02d-%02d", 40+n%60, n%12+1, n%28+1)
	case "address":
		return placeFor(c.Name, n)
	case "free-text":
		return fmt.Sprintf(prose[n%uint64(len(prose))], p.first+" "+p.last, n%10_000)
	case "online":
		return traceFor(c.Name, p, row)
	case "credential":
		return fmt.Sprintf("$2y$10$%016x%016x%016x", n, mix(n), mix(n, 1))
	}
	return p.last + " Ltd"
}

func nameFor(column string, p somebody) string {
	switch {
	case has(column, "first", "given"):
		return p.first
	case has(column, "sur", "last", "family"):
		return p.last
	case has(column, "nick", "gecos"):
		return strings.ToLower(p.first)
	}
	return p.first + " " + p.last
}

func placeFor(column string, n uint64) string {
	switch {
	case has(column, "zip", "post"):
		return fmt.Sprintf("%05d", 10_000+n%80_000)
	case has(column, "city", "state"):
		return towns[n%uint64(len(towns))]
	case has(column, "country"):
		return []string{"Germany", "France", "Portugal"}[n%3]
	}
	return fmt.Sprintf("%s Street %d", lastNames[n%uint64(len(lastNames))], n%90+1)
}

func traceFor(column string, p somebody, row int) string {
	switch {
	case has(column, "hex"):
		return fmt.Sprintf("C633%02X%02X", mix(row)%200, row%250+1)
	case has(column, "agent"):
		return fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64; rv:%d.0) Gecko/20100101", 80+row%40)
	case has(column, "ip", "addr", "range"):
		return address(row)
	}
	return fmt.Sprintf(`user|s:%d:"%s";search|s:8:"%s";`, len(p.login), p.login, searches[row%len(searches)])
}
