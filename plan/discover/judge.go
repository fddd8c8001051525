package discover

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// judgeColumns decides each column by the catalogue, its name and its values alone. settle
// decides the other columns, by the tables around them.
func (d *database) judgeColumns() {
	for _, t := range d.tables {
		for _, c := range t.columns {
			if !t.refersBy(c.Name) {
				c.judge()
			}
		}
		t.person = t.isPerson()
	}
}

// refersBy reports whether the column is part of a foreign key.
func (t *table) refersBy(column string) bool {
	return slices.ContainsFunc(t.ForeignKeys, func(fk *dialect.ForeignKey) bool { return slices.Contains(fk.Columns, column) })
}

// isPerson reports whether a row of the table is a person. Either the table is named after people
// and has names, contact data or identifiers, or enough of its columns are personal. A single
// word for subjects, such as users, suffices; settings_user doesn't: its rows belong to people.
func (t *table) isPerson() bool {
	rank, words := t.rank(), len(t.nameWords())
	called := slices.ContainsFunc(t.columns, func(c *column) bool { return c.named.meaning == fullName })
	switch {
	case rank == 0:
		return t.has(firstName, lastName, fullName) && t.has(emailAddress, phone, birthDate, nationalNumber, userName, income) && t.personalShare() >= 0.2
	case t.has(firstName, lastName, fullName, userName, emailAddress, phone, birthDate, nationalNumber):
		return true
	case words == 1:
		return called || rank == 1
	}
	return called && rank >= 0.95 && len(t.PrimaryKey) == 1
}

// personalShare returns the share of personal columns.
func (t *table) personalShare() float64 {
	n := 0
	for _, c := range t.columns {
		if c.verdict.personal() {
			n++
		}
	}
	return float64(n) / float64(len(t.columns))
}

// nameWords returns the words of the table's name without uninformative prefixes and suffixes.
func (t *table) nameWords() []string {
	w := splitName(t.Name.Table)
	for len(w) > 1 && (slices.Contains(namePrefixes, w[0]) || w[0] == t.common) {
		w = w[1:]
	}
	for len(w) > 1 && slices.Contains(nameSuffixes, w[len(w)-1]) {
		w = w[:len(w)-1]
	}
	return w
}

// rank returns the rank of the table's name as a name for people, 0 for none.
func (t *table) rank() float64 {
	w := t.nameWords()
	if len(w) == 0 {
		return 0
	}
	rank := personWord(w[len(w)-1])
	if rank > 0 && len(w) > 1 {
		rank -= 0.05
	}
	return rank
}

// Uninformative first and last words of table names.
var (
	namePrefixes = []string{"tbl", "tab", "t", "app", "auth", "sys", "dbo", "core", "dim", "stg", "mst", "crm", "hr", "wp", "django"}
	nameSuffixes = []string{"master", "data", "daten", "stamm", "table", "info", "record", "records", "details", "auth", "base", "entity", "1", "2"}
)

// has reports whether a column has one of the meanings.
func (t *table) has(meanings ...*meaning) bool {
	return slices.ContainsFunc(t.columns, func(c *column) bool { return slices.Contains(meanings, c.verdict.meaning) && c.verdict.meaning != nil })
}

// judge decides by the column's own evidence.
func (c *column) judge() {
	v := &c.verdict
	switch {
	case c.Unsupported != "":
		v.because("its values can't be read (%s)", c.Unsupported)
	case c.surrogate():
		v.none(certain, "a key that only numbers rows")
	case c.judgeKnown():
	case c.tooShort():
		v.none(likely, "at most %d characters: a flag or a code", c.Length)
	case c.judgeDocuments():
	case c.judgeValues():
	case c.named.plainly() && c.doubtful():
		v.because("name says %s, with a word that isn't known", c.named.name)
	case c.named.plainly():
		if c.values.n >= 5 && c.values.mentions*4 >= c.values.n {
			v.because("name says %s; %d of %d sampled values mention a person", c.named.name, c.values.mentions, c.values.n)
			return
		}
		v.none(byName, "name says %s", c.named.name)
	case c.named.strength > hint:
		c.judgeName()
	default:
		c.judgeKind()
	}
}

// tooShort reports whether the column is too short for the meaning of its name.
func (c *column) tooShort() bool {
	fits := []*meaning{gender, country, region, nationality, civilStatus, belief, health, age, firstName, lastName}
	return c.kind == dialect.Text && c.Length > 0 && c.Length <= 3 && !slices.Contains(fits, c.named.meaning)
}

// doubtful reports whether a harmless name contains another, unknown word: a text called
// activation_key, a person's some_date.
func (c *column) doubtful() bool {
	if c.named.strength == whole {
		return false
	}
	switch c.named.meaning {
	case surrogateKey:
		return c.kind == dialect.Text
	case moment:
		return c.Kind == dialect.Date && c.table.rank() > 0
	}
	return false
}

// surrogate reports whether the column is a surrogate key.
func (c *column) surrogate() bool {
	if c.Identity || c.Kind == dialect.RowAddress {
		return true
	}
	kind := c.Kind == dialect.Int || c.Kind == dialect.UUID || c.Kind == dialect.Bytes || c.Kind == dialect.Decimal && c.Scale == 0
	named := c.named.strength > hint && !c.named.plainly()
	return kind && !named && slices.Contains(c.table.PrimaryKey, c.Name)
}

// judgeValues decides columns by the form of their values alone.
func (c *column) judgeValues() bool {
	p, v := &c.values, &c.verdict
	for i := range detectors {
		d := &detectors[i]
		m, n := d.meaning, p.alone[d.meaning]
		enough := 3
		if d.quantity && (n < p.n || c.Kind != dialect.Text) {
			enough = 5 // one in ten numbers has a valid check digit by chance
		}
		if d.least == 0 || p.n < enough || float64(n) < d.least*float64(p.n) || d.quantity && (c.named.plainly() || c.Kind != dialect.Text && c.named.meaning == nil) {
			continue
		}
		personal := c.named.strength > hint && !c.named.plainly()
		switch {
		case c.named.meaning == m || personal && c.named.category == m.category:
			v.is(c.named.meaning, agreeing)
			v.because("name says %s; %d of %d sampled values look like %s", c.named.name, n, p.n, theSame(c.named.meaning, m))
		case personal && m == fullName, m == secret && c.named.plainly(), m == fullName && (c.named.plainly() || !c.peopleHere()):
			return false // towns have names of people, and checksums are digests
		default:
			v.is(m, byValues)
			v.because("%d of %d sampled values look like %s", n, p.n, m.name)
		}
		return true
	}
	return false
}

func theSame(a, b *meaning) string {
	if a == b {
		return "one"
	}
	return b.name
}

// peopleHere reports whether names of people are plausible, by the names of column and
// table. Brands and songs have names of people, too.
func (c *column) peopleHere() bool {
	return c.table.rank() > 0 || c.named.meaning == fullName || c.named.meaning == nil
}

// judgeName decides columns by a name with one meaning.
func (c *column) judgeName() {
	p, v, m := &c.values, &c.verdict, c.named.meaning
	confidence := byName
	if c.named.strength == part {
		confidence -= 0.05
	}
	v.because("name says %s", m.name)
	if last := len(c.words) - 1; c.Kind == dialect.Int && m == secret && last > 0 && c.words[last] == "id" {
		v.none(likely, "a key of %s, not the credential", secret.name)
		return
	}
	switch looks := p.share(m); {
	case p.n == 0:
	case looks >= 0.5:
		confidence = agreeing
		v.because("%d of %d sampled values look like one", p.hits[m], p.n)
	case isShaped(m) && p.n >= 5 && looks < 0.05:
		confidence = likely
		v.because("few of %d sampled values look like one", p.n)
	}
	v.is(m, confidence)
}

// isShaped reports whether all values of the meaning have a recognisable form.
func isShaped(m *meaning) bool {
	return slices.ContainsFunc(detectors, func(d detector) bool { return d.meaning == m && d.least >= 0.5 && m != fullName && m != secret })
}

// judgeKind decides columns by their type.
func (c *column) judgeKind() {
	v, p := &c.verdict, &c.values
	switch c.Kind {
	case dialect.Inet:
		v.is(ipAddress, byName)
		v.because("its type is for network addresses")
	case dialect.Bool:
		v.none(byName, "its type is yes or no, and its name says nothing of a person")
	case dialect.Enum, dialect.Set:
		v.none(likely, "its type is a choice of %d words, and its name says nothing of a person", len(c.Labels))
	case dialect.UUID:
		v.none(likely, "its type is for keys that number rows")
	case dialect.Time, dialect.Interval:
		v.none(likely, "its type is for a time of day or a span")
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
		switch {
		case p.n >= 5 && p.from >= bornFrom && p.to < "2013" && yearsBetween(p.from, p.to) >= 20:
			v.is(birthDate, guessed)
			v.because("%d sampled dates spread over decades and end long ago, as dates of birth do", p.n)
		case p.n >= 5 && p.clocked*2 >= p.n && p.from >= "1990":
			v.none(likely, "%d of %d sampled moments have a time of day, and none is long ago", p.clocked, p.n)
		}
	case dialect.Int, dialect.Decimal, dialect.Float:
		c.judgeNumber()
	}
	if v.category == "" && c.named.meaning != nil {
		v.because("name may say %s", c.named.name)
	}
}

// judgeNumber decides numbers with an unknown name. Numbers of people and telephones are larger
// than counts and settings.
func (c *column) judgeNumber() {
	v, p := &c.verdict, &c.values
	w := splitName(c.Name)
	switch {
	case c.named.meaning != nil:
	case c.Kind == dialect.Int && len(w) > 1 && w[len(w)-1] == "id":
		v.none(likely, "name and type say a key of some row")
	case c.Kind == dialect.Int && c.Precision > 0 && c.Precision <= 16:
		v.none(likely, "its type is for small numbers, and its name says nothing of a person")
	case p.n >= 5 && p.epochs == p.n:
		v.none(likely, "all %d sampled numbers count seconds to a day of this century", p.n)
	case p.n >= 5 && p.small == p.n:
		v.none(likely, "all %d sampled numbers are small, and the name says nothing of a person", p.n)
	}
}

func yearsBetween(from, to string) int {
	n := 0
	for i := range 4 {
		n = n*10 + int(to[i]) - int(from[i])
	}
	return n
}

// finding returns the column's result.
func (c *column) finding() Finding {
	v := &c.verdict
	f := Finding{Table: c.table.name, Column: c.Name, Category: v.category, Confidence: v.confidence, Reason: v.reason(), Strategy: v.final}
	if f.Category == "" {
		f.Category, f.Confidence = policy.PIIUndecided, 0
	}
	if f.Reason == "" {
		f.Reason = "neither name, type nor values say what it is"
	}
	if c.table.unread != "" {
		f.Reason += "; " + c.table.unread
	}
	return f
}
