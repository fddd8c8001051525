package discover

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
)

// settle decides the remaining columns by their context: whether a row is a person or
// belongs to one, and the other columns of the table.
func (d *database) settle() {
	for _, t := range d.tables {
		for _, c := range t.columns {
			if c.verdict.category == "" && !c.verdict.open && c.Unsupported == "" && !t.refersBy(c.Name) {
				c.settle()
			}
		}
	}
}

// personal reports whether the table's rows are people, belong to people, or contain data to
// reach or recognise people.
func (t *table) personal() bool {
	return t.person || t.near || t.personalShare() >= 0.15 && t.has(emailAddress, phone, firstName, lastName, fullName, userName, ipAddress, cookie, personalURL)
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
		case p.n >= 5 && !t.person && p.mentions == 0 && p.looksLikeNothing():
			c.verdict.none(guessed, "name says %s, and none of %d sampled values says anything of a person", surrogateKey.name, p.n)
		}
	case moment:
	case street:
		if t.personal() || p.n == 0 {
			c.around(street, "name says %s", street.name)
		}
	case health:
		c.settleHealth()
	case nil:
		c.settleUnnamed()
	case personalURL:
		c.settleURL()
	default:
		switch {
		case c.Kind == dialect.Bool || p.fewWords():
			c.few()
		case c.named.plainly(): // and its values mention people
			if t.personal() {
				c.around(freeText, "%d of %d sampled values mention a person", p.mentions, p.n)
			}
		case t.personal():
			c.around(m, "name may say %s, and rows are people's", m.name)
		case p.n >= 5 && p.mentions == 0 && p.hits[m] == 0:
			c.verdict.none(guessed, "name may say %s, none of %d sampled values looks like one, and the table isn't about people", m.name, p.n)
		}
	}
}

// settleHealth decides measures and disabled. Measures are health data only in rows of people, or
// beside other health data; disabled also needs the latter.
func (c *column) settleHealth() {
	t := c.table
	switch {
	case c.isMeasureOfThing(), containsWord(c.words, "disabled") && !t.has(health):
		c.verdict.none(likely, "a size or a switch: nothing beside it says anything of a body")
	case t.personal() || t.has(health):
		c.around(health, "name says %s, of a row that is a person's", health.name)
	default:
		c.verdict.none(guessed, "a measure, and the table isn't about people")
	}
}

// isMeasureOfThing reports whether another column is a width, length, depth or position.
func (c *column) isMeasureOfThing() bool {
	return slices.ContainsFunc(c.table.columns, func(o *column) bool {
		return o != c && slices.ContainsFunc(o.words, func(w string) bool {
			return containsWord([]string{"width", "length", "depth", "x", "y", "breite", "laenge", "tiefe", "largeur", "longueur", "ancho", "largo", "larghezza", "breedte"}, w)
		})
	})
}

// settleURL decides addresses of pages and files.
func (c *column) settleURL() {
	t, p := c.table, &c.values
	switch {
	case p.fewWords():
		c.few()
	case p.n >= 5 && p.mentions == 0 && p.hits[personalURL] == 0 && !t.person:
		c.verdict.none(guessed, "none of %d sampled addresses identifies a person", p.n)
	case t.personal():
		c.around(personalURL, "name may say %s, and rows are people's", personalURL.name)
	}
}

// around sets the verdict to a meaning with the confidence of its context.
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

// settleName decides columns called name or author.
func (c *column) settleName() {
	t, p := c.table, &c.values
	bare := slices.Contains(ownName, lastWord(splitName(c.Name))) || len(c.words) > 0 && about[c.words[len(c.words)-1]]
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
	case bare && p.n >= 5 && p.mentions == 0 && p.hits[fullName] == 0:
		c.verdict.none(guessed, "a name of a thing: none of %d sampled values mentions a person", p.n)
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

// settleText decides columns called note, title or description.
func (c *column) settleText() {
	t, p := c.table, &c.values
	title := slices.Contains([]string{"title", "titel", "titre", "titulo", "titolo"}, lastWord(splitName(c.Name)))
	switch {
	case t.person && title && p.phrases*4 <= p.n:
		c.around(jobTitle, "name says a title, and a row of the table is a person")
	case t.personal() && p.fewWords() && p.phrases == 0 && !proseWord(c.words):
		c.few()
	case t.personal() && p.n >= 5 && p.phrases == 0 && p.mentions == 0 && p.hits[secret] == 0 && !proseWord(c.words):
		c.verdict.none(guessed, "none of %d sampled values is a sentence or mentions a person", p.n)
	case t.personal():
		c.around(freeText, "name says %s, and rows are people's", freeText.name)
	case p.n >= 3 && p.mentions*5 >= p.n:
		c.around(freeText, "name says %s; %d of %d sampled values mention a person", freeText.name, p.mentions, p.n)
	case p.n >= 3 && p.mentions*20 <= p.n:
		c.verdict.none(guessed, "%d sampled texts mention hardly a person, and the table isn't about people", p.n)
	}
}

// proseWord reports whether a name means texts written by people, whatever the sample
// contains.
func proseWord(words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool {
		return slices.ContainsFunc(singularForms(w), func(s string) bool { return writtenWords[s] })
	})
}

var writtenWords = wordSet(`note comment remark message body text feedback review answer memo bio signature subject content observation
	notiz bemerkung anmerkung kommentar nachricht freitext inhalt betreff commentaire remarque contenu objet nota comentario observacion mensaje contenido asunto commento messaggio contenuto oggetto opmerking bericht inhoud onderwerp observacao mensagem conteudo uwaga komentarz wiadomosc tresc`)

// settleUnnamed decides columns with an unknown name.
func (c *column) settleUnnamed() {
	t, p := c.table, &c.values
	numbered := slices.ContainsFunc(c.words, func(w string) bool { _, head := splitCompound(w); return slices.Contains(ownNumber, head) })
	switch c.kind {
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
		case !t.personal() && p.n >= 5 && p.mentions == 0 && p.looksLikeNothing():
			c.verdict.none(guessed, "none of %d sampled values says anything of a person, and the table isn't about people", p.n)
		case !t.personal() && p.binary > 0 && p.n == 0:
			c.verdict.none(guessed, "bytes that are no text, and the table isn't about people")
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

// thingWord reports whether one of the words means a thing with a name, such as a product.
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
