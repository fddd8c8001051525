package discover

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
)

// settle decides what names and values left open, by what is around it: whether
// a row is a person or belongs to one, and what else is in it.
func (d *database) settle() {
	for _, t := range d.tables {
		for _, c := range t.columns {
			if c.verdict.category == "" && !c.verdict.open && c.Unsupported == "" && !t.refersBy(c.Name) {
				c.settle()
			}
		}
	}
}

// personal reports whether the table's rows are people's: they are one, belong
// to one, or say how to reach or recognise one.
func (t *table) personal() bool {
	return t.person || t.near || t.has(emailAddress, phone, firstName, lastName, fullName, userName, ipAddress, cookie, personalURL)
}

func (c *column) settle() {
	t, p := c.table, &c.values
	switch m := c.named.meaning; m {
	case fullName:
		c.settleName()
	case freeText:
		c.settleText()
	case country:
		if t.personal() || t.has(street, city, postcode) {
			c.around(country, "name says %s, of a row that is a person's or an address", country.name)
		} else {
			c.verdict.none(guessed, "name says %s, and the table isn't about people", country.name)
		}
	case region:
		switch {
		case t.has(street, city, postcode):
			c.around(region, "name says %s, beside other parts of an address", region.name)
		case p.fewWords():
			c.few()
		}
	case surrogateKey:
		switch {
		case p.n >= 3 && p.uuids == p.n:
			c.verdict.none(likely, "name and values say keys that number rows")
		case p.fewWords():
			c.few()
		case !t.personal():
			c.verdict.none(guessed, "name says %s, and the table isn't about people", surrogateKey.name)
		}
	case moment:
	case street:
		if t.personal() || p.n == 0 {
			c.around(street, "name says %s", street.name)
		}
	case health:
		switch {
		case t.personal() || t.has(health):
			c.around(health, "name says %s, of a row that is a person's", health.name)
		case c.Kind != dialect.Text:
			c.verdict.none(guessed, "a measure, and the table isn't about people")
		}
	case nil:
		c.settleUnnamed()
	default:
		switch {
		case c.Kind == dialect.Bool || p.fewWords():
			c.few()
		case c.named.plainly(): // whose values mention people
			if t.personal() {
				c.around(freeText, "%d of %d sampled values mention a person", p.mentions, p.n)
			}
		case t.personal():
			c.around(m, "name may say %s, and rows are people's", m.name)
		case p.n >= 5 && p.mentions == 0 && p.hits[m] == 0 && m == personalURL:
			c.verdict.none(guessed, "none of %d sampled addresses has a part that is somebody's, and the table isn't about people", p.n)
		}
	}
}

// around settles a column by what is around it.
func (c *column) around(m *meaning, format string, args ...any) {
	c.verdict.reasons = nil
	c.verdict.because(format, args...)
	confidence := guessed
	if c.table.person || m == region || m == freeText {
		confidence = likely
	}
	c.verdict.is(m, confidence)
}

func (c *column) few() {
	c.verdict.none(likely, "only %d different values among %d sampled ones", c.values.distinct, c.values.n)
}

// settleName settles columns that are called name, or author.
func (c *column) settleName() {
	t, p := c.table, &c.values
	bare := slices.Contains(ownName, lastWord(splitName(c.Name)))
	switch {
	case t.person:
		c.around(fullName, "name says %s, and a row of the table is a person", fullName.name)
	case !bare && t.near:
		c.around(fullName, "name says %s, and rows are people's", fullName.name)
	case p.n >= 3 && p.share(fullName) >= 0.5:
		c.around(fullName, "name may say %s; %d of %d sampled values look like one", fullName.name, p.hits[fullName], p.n)
	case t.near && p.n >= 3 && p.mentions*5 >= p.n:
		c.around(freeText, "%d of %d sampled values mention a person, and rows are people's", p.mentions, p.n)
	case p.fewWords():
		c.few()
	case bare && !t.near && p.n >= 3 && p.mentions*10 <= p.n:
		c.verdict.none(likely, "a name of a thing: %d of %d sampled values mention a person, and the table isn't about people", p.mentions, p.n)
	case bare && !t.near && thingWord(splitName(t.Name.Table)):
		c.verdict.none(guessed, "a name of a thing: the table is called after one")
	}
}

func lastWord(words []string) string {
	if len(words) == 0 {
		return ""
	}
	_, head := splitCompound(words[len(words)-1])
	return head
}

// settleText settles columns that are called note, title or description.
func (c *column) settleText() {
	t, p := c.table, &c.values
	title := slices.Contains([]string{"title", "titel", "titre", "titulo", "titolo"}, lastWord(splitName(c.Name)))
	switch {
	case t.person && title && p.phrases*4 <= p.n:
		c.around(jobTitle, "name says a title, and a row of the table is a person")
	case t.personal() && p.fewWords() && p.phrases == 0:
		c.few()
	case t.personal():
		c.around(freeText, "name says %s, and rows are people's", freeText.name)
	case p.n >= 3 && p.mentions*5 >= p.n:
		c.around(freeText, "name says %s; %d of %d sampled values mention a person", freeText.name, p.mentions, p.n)
	case p.n >= 3 && p.mentions*20 <= p.n:
		c.verdict.none(guessed, "%d sampled texts mention hardly a person, and the table isn't about people", p.n)
	}
}

// settleUnnamed settles columns whose name says nothing.
func (c *column) settleUnnamed() {
	t, p := c.table, &c.values
	numbered := slices.ContainsFunc(splitName(c.Name), func(w string) bool { _, head := splitCompound(w); return slices.Contains(ownNumber, head) })
	switch c.Kind {
	case dialect.Text:
		switch {
		case t.person && numbered && !p.fewWords():
			c.around(personNumber, "name says a number or code, and a row of the table is a person")
		case p.fewWords() && p.mentions*4 <= p.n:
			c.few()
		case p.n >= 3 && p.share(fullName) >= 0.5 && t.personal():
			c.around(fullName, "%d of %d sampled values look like %s, and rows are people's", p.hits[fullName], p.n, fullName.name)
		case t.personal() && p.n >= 3 && (p.phrases*2 >= p.n || p.mentions*5 >= p.n):
			c.around(freeText, "%d of %d sampled values are sentences, %d mention a person, and rows are people's", p.phrases, p.n, p.mentions)
		case !t.personal() && numbered && p.mentions == 0:
			c.verdict.none(guessed, "a number or code, and the table isn't about people")
		}
	case dialect.Int, dialect.Decimal, dialect.Float:
		if !t.personal() || numbered && !t.person {
			c.verdict.none(guessed, "a number, and the table isn't about people")
		}
	case dialect.Date, dialect.Timestamp, dialect.TimestampTZ:
		if !t.personal() {
			c.verdict.none(guessed, "a date, and the table isn't about people")
		}
	}
}

// thingWord reports whether words name a thing that has a name without being a person.
func thingWord(words []string) bool {
	for _, w := range words {
		for _, s := range singularForms(w) {
			if things[s] {
				return true
			}
		}
	}
	return false
}

var things = wordSet(`product item category genre country city region language currency brand model role permission team group department project event room station ward branch shop store warehouse
	plan tag type status channel media file folder document template setting course playlist album track song book movie organisation organization company vendor supplier drug medicine
	produkt artikel kategorie land stadt sprache waehrung marke rolle gruppe abteilung projekt raum filiale lager tarif kurs medikament produit categorie pays ville langue devise marque groupe service departement projet salle magasin
	producto categoria pais ciudad idioma moneda marca grupo departamento proyecto sala tienda prodotto paese lingua valuta reparto negozio categorie taal afdeling winkel produto moeda departamento kategoria kraj miasto jezyk dzial sklep`)
