package discover

import (
	"slices"
	"strings"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// meaning is one thing that a column can hold.
type meaning struct {
	name     string // for reasons: "an e-mail address"
	category string
	// terms are what columns that hold it are called, of one or more words:
	// "first name" is first_name, FirstName and firstname. weak ones can also
	// mean something else, which the rest of the table settles.
	terms, weak string
	kinds       []dialect.Kind // as which it is stored
	// specs are the strategies to try, the best one first.
	specs []string
}

// Kinds that meanings are stored as.
var (
	texts     = []dialect.Kind{dialect.Text}
	choices   = []dialect.Kind{dialect.Text, dialect.Enum, dialect.Set, dialect.Int, dialect.Bool}
	numbers   = []dialect.Kind{dialect.Int, dialect.Decimal, dialect.Float}
	coded     = []dialect.Kind{dialect.Text, dialect.Int, dialect.Decimal}
	moments   = []dialect.Kind{dialect.Date, dialect.Timestamp, dialect.TimestampTZ}
	blobs     = []dialect.Kind{dialect.Bytes, dialect.Text}
	everyKind = []dialect.Kind{ // all that has a rule
		dialect.Text, dialect.Int, dialect.Decimal, dialect.Float, dialect.Bool, dialect.Date, dialect.Time, dialect.Timestamp, dialect.TimestampTZ,
		dialect.Enum, dialect.Set, dialect.UUID, dialect.Bytes, dialect.Bits, dialect.Interval, dialect.JSON, dialect.Inet, dialect.XML, dialect.Unknown,
	}
)

// strength is how much a name says.
type strength int

const (
	silent strength = iota
	hint            // a weak term
	part            // a term is in the name
	whole           // the name is a term
)

// match is what a name says.
type match struct {
	*meaning
	strength strength
}

// plainly reports whether the name says that nothing personal is there.
func (m match) plainly() bool { return m.meaning != nil && m.category == policy.PIINone }

type entry struct {
	*meaning
	weak bool
}

// lexicon is all terms without their spaces. A term can have several meanings
// that are stored in different ways.
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

// about are words that make a name one of something about the thing: an
// email_type is no e-mail address.
var about = map[string]bool{}

func init() {
	for _, w := range strings.Fields(`type typ typ status count flag enabled verified confirmed sent opt optin optout consent template format
		visible public hidden required allowed active valid is has can should num nb nbr anzahl nombre cantidad liczba version length size label
		change changed must needs attempts rules policy strength expires cache regexp regex pattern prefix suffix source protocol method`) {
		about[w] = true
	}
}

// readName finds the meaning of a column's name: that of the longest run of
// words which is a term, the last one of equals. A weak term gives way to any
// that has one meaning.
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
				behind := found.strength == hint && best.strength == hint && i >= end // a contact's title is a title
				if surer || behind || len(run) >= longest && (found.strength > hint || !best.surely()) {
					best, longest, end = found, len(run), j
				}
			}
		}
	}
	return best.orHolder(words, kind)
}

// surely reports whether the name has one meaning, and a personal one.
func (m match) surely() bool { return m.strength > hint && !m.plainly() }

// strength is how much a term says that is n of a name's words.
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

// cutCompounds cuts words in two that aren't known as they are.
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

// orHolder understands "customer name" and "Kundennummer": a word for a person
// with one for what is theirs.
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

// personWords rank words for people: the higher, the more likely a table of
// that name holds the subjects.
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
			out[foldCase(w)] = max(out[foldCase(w)], rank) // in one language more than in another
		}
	}
	return out
}()

// personWord is the rank of a word for people, 0 for any other.
func personWord(word string) float64 {
	for _, w := range singularForms(word) {
		if rank, ok := personWords[w]; ok {
			return rank
		}
	}
	return 0
}
