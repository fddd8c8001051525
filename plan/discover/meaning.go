package discover

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// meaning is one kind of data in a column.
type meaning struct {
	name     string // for reasons: "an e-mail address"
	category string
	// terms are its names in columns, of one or more words: "first name" is
	// first_name, FirstName and firstname. weak terms can also mean something
	// else; the rest of the table decides.
	terms, weak string
	kinds       []dialect.Kind // kinds of its columns
	// specs are the strategies to try, the best one first.
	specs []string
}

// Kinds of columns for meanings.
var (
	texts     = []dialect.Kind{dialect.Text}
	choices   = []dialect.Kind{dialect.Text, dialect.Enum, dialect.Set, dialect.Int, dialect.Bool}
	numbers   = []dialect.Kind{dialect.Int, dialect.Decimal, dialect.Float}
	coded     = []dialect.Kind{dialect.Text, dialect.Int, dialect.Decimal}
	moments   = []dialect.Kind{dialect.Date, dialect.Timestamp, dialect.TimestampTZ}
	blobs     = []dialect.Kind{dialect.Bytes, dialect.Text}
	everyKind = []dialect.Kind{ // all kinds with a rule
		dialect.Text, dialect.Int, dialect.Decimal, dialect.Float, dialect.Bool, dialect.Date, dialect.Time, dialect.Timestamp, dialect.TimestampTZ,
		dialect.Enum, dialect.Set, dialect.UUID, dialect.Bytes, dialect.Bits, dialect.Interval, dialect.JSON, dialect.Inet, dialect.XML, dialect.Unknown,
	}
)

// strength is the weight of a name as evidence.
type strength int

const (
	silent strength = iota
	hint            // a weak term
	part            // the name contains a term
	whole           // the name is a term
)

// match is the meaning of a name.
type match struct {
	*meaning
	strength strength
}

// plainly reports whether the name means no personal data.
func (m match) plainly() bool { return m.meaning != nil && m.category == policy.PIINone }

type entry struct {
	*meaning
	weak bool
}

// lexicon maps all terms, without spaces, to their meanings. A term can have several
// meanings with different kinds.
var lexicon = func() map[string][]entry {
	out := map[string][]entry{}
	for _, list := range [][]*meaning{people, places, numbersOfPeople, traces, sensitive, prose, plain} {
		for _, m := range list {
			for _, t := range splitTerms(m.terms) {
				out[t] = append(out[t], entry{m, false})
			}
			for _, t := range splitTerms(m.weak) {
				out[t] = append(out[t], entry{m, true})
			}
		}
	}
	return out
}()

func splitTerms(list string) []string {
	var out []string
	for t := range strings.SplitSeq(list, ",") {
		if t = strings.Join(splitName(t), ""); t != "" {
			out = append(out, t)
		}
	}
	return out
}

// about are words for properties of a thing: an email_type is no e-mail
// address.
var about = map[string]bool{}

func init() {
	for _, w := range strings.Fields(`type typ typ status count flag enabled verified confirmed sent opt optin optout consent template format
		visible public hidden required allowed active valid is has can should num nb nbr anzahl nombre cantidad liczba version length size label
		change changed must needs attempts rules policy strength expires cache regexp regex pattern prefix suffix source protocol method`) {
		about[w] = true
	}
}

// readName returns the meaning of a column's name. The longest term in it decides, the
// last one among equals. A weak term yields to any term with one personal
// meaning.
func readName(name string, kind dialect.Kind) match {
	words := cutCompounds(splitName(name))
	var best match
	longest, end := 0, 0
	for i := range words {
		for j := i + 1; j <= len(words); j++ {
			run := strings.Join(words[i:j], "")
			for _, e := range lexicon[run] {
				if !slices.Contains(e.kinds, kind) {
					continue
				}
				found := match{e.meaning, e.strength(words, j-i)}
				surer := found.surely() && best.strength == hint
				behind := found.strength == hint && best.strength == hint && i >= end // contact title is a title
				if surer || behind || len(run) >= longest && (found.strength > hint || !best.surely()) {
					best, longest, end = found, len(run), j
				}
			}
		}
	}
	return best.orHolder(words, kind)
}

// surely reports whether the name has one meaning, a personal one.
func (m match) surely() bool { return m.strength > hint && !m.plainly() }

// strength returns the weight of a term with n of the name's words.
func (e entry) strength(words []string, n int) strength {
	switch {
	case e.weak:
		return hint
	case n == len(words):
		return whole
	case e.category != policy.PIINone && (about[words[0]] || about[words[len(words)-1]]):
		return hint
	}
	return part
}

// cutCompounds splits unknown compound words in two.
func cutCompounds(words []string) []string {
	var out []string
	for _, w := range words {
		if _, known := lexicon[w]; !known {
			if first, head := splitCompound(w); first != "" {
				out = append(out, first, head)
				continue
			}
		}
		out = append(out, w)
	}
	return out
}

// orHolder also recognises "customer name" and "Kundennummer": a word for a person
// together with a word for a name or number.
func (m match) orHolder(words []string, kind dialect.Kind) match {
	if len(words) < 2 || m.strength > hint && !m.plainly() || kind != dialect.Text && kind != dialect.Int && kind != dialect.Decimal {
		return m
	}
	head, holder := words[len(words)-1], personWord(words[len(words)-2])
	if holder == 0 { // nom du client, nome do cliente
		head, holder = words[0], personWord(words[len(words)-1])
	}
	switch {
	case holder == 0:
	case kind == dialect.Text && slices.Contains(ownName, head):
		return match{fullName, part}
	case slices.Contains(ownNumber, head):
		return match{personNumber, part}
	}
	return m
}

var (
	ownName   = []string{"name", "nom", "nombre", "nome", "naam", "nazwa", "naam"}
	ownNumber = []string{"no", "nr", "number", "nummer", "num", "numero", "code", "ref", "reference", "kennung", "matricule", "numer"}
)

// personWords ranks words for people. A table with a higher rank is more likely the
// subject table.
var personWords = func() map[string]float64 {
	out := map[string]float64{}
	for rank, words := range map[float64]string{
		1: `customer client user member patient subscriber shopper kunde kunden benutzer nutzer mitglied patient klient
			utilisateur adherent abonne usuario cliente miembro paciente socio utente paziente klant gebruiker lid patiënt
			utilizador assinante klient uzytkownik pacjent`,
		0.9: `person people contact individual guest student donor applicant candidate passenger driver resident pupil citizen account profile
			kontakt gast schueler student buerger personne contact eleve etudiant persona contacto alumno estudiante contatto studente
			persoon contactpersoon leerling pessoa contato aluno osoba kontakt uczen`,
		0.7: `employee staff worker personnel author buyer owner mitarbeiter angestellter arzt aerzte pfleger salarie salaries employe collaborateur
			empleado trabajador dipendente lavoratore medewerker werknemer funcionario empregado colaborador pracownik agent doctor nurse teacher`,
	} {
		for _, w := range strings.Fields(words) {
			out[foldCase(w)] = max(out[foldCase(w)], rank) // the highest rank among the languages
		}
	}
	return out
}()

// personWord returns the rank of a word for people, 0 for any other.
func personWord(word string) float64 {
	for _, w := range singularForms(word) {
		if rank, ok := personWords[w]; ok {
			return rank
		}
	}
	return 0
}
