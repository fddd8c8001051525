package discover

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
)

// role is a person's relation to a row with a reference to them. Lower values are closer to
// ownership.
type role int

const (
	owns    role = iota // user, customer, author, sender: the row is theirs
	made                // creator: theirs if the table has personal columns
	meets               // friend, recipient: it is about them, too
	handled             // assignee, approver, updated_by: they processed it
)

var (
	ownWords = wordSet(`user customer member client account patient person requester requestor applicant author owner holder sender buyer payer poster writer submitter reporter subscriber student guest participant
		kunde benutzer nutzer mitglied besitzer absender autor antragsteller utilisateur auteur proprietaire expediteur demandeur usuario cliente propietario remitente solicitante utente mittente autore proprietario
		gebruiker klant afzender eigenaar remetente autor uzytkownik klient nadawca wlasciciel`)
	madeWords   = wordSet(`creator createdby inviter maker uploader inserter ersteller createur creador creatore`)
	handleWords = wordSet(`assignee assigned approver approved granter grantor moderator reviewer editor manager supervisor agent operator handler referrer modifier updater deleter admin administrator staff employee responsible
		bearbeiter genehmiger pruefer sachbearbeiter responsable approbateur verantwortlicher behandelaar`)
)

// roleOf returns the role in the name of the reference's column. A name with only the subject
// table's word (user_id) means ownership.
func (d *database) roleOf(r reference) role {
	w := cutCompounds(splitName(r.columns[len(r.columns)-1]))
	for len(w) > 0 && containsWord(marks, w[len(w)-1]) {
		w = w[:len(w)-1]
	}
	if len(w) > 1 && w[len(w)-1] == "by" {
		if containsWord([]string{"created", "made", "entered", "submitted", "added", "posted", "written", "uploaded"}, w[len(w)-2]) {
			return made
		}
		return handled
	}
	for len(w) > 1 && slices.Contains(d.subjectWords(), w[len(w)-1]) {
		w = w[:len(w)-1]
	}
	if len(w) == 0 {
		return meets
	}
	switch word := w[len(w)-1]; {
	case ownWords[word] || slices.Contains(d.subjectWords(), word):
		return owns
	case madeWords[word]:
		return made
	case handleWords[word]:
		return handled
	}
	return meets
}

// isAudit reports whether the reference to the subject names the creator or a processor of a
// row.
func (d *database) isAudit(r reference) bool {
	return r.to == d.subject && d.roleOf(r) != owns && d.roleOf(r) != meets
}

// owners returns the references to the likeliest owner of a row, given all its references to
// the subject. Without a result none of them is an owner; with several a person has to choose.
func (d *database) owners(t *table, refs []reference) []reference {
	personal := slices.ContainsFunc(t.columns, func(c *column) bool { return c.verdict.personal() })
	weight := func(r reference) int {
		role := d.roleOf(r)
		if role == made && personal {
			role = owns
		}
		out := int(role) * 8
		if slices.ContainsFunc(r.columns, func(name string) bool { return t.column(name).Nullable }) {
			out += 4
		}
		switch r.onDelete {
		case dialect.SetNull, dialect.SetDefault:
			out += 2
		case dialect.Cascade:
		default:
			out++
		}
		return out
	}
	var best []reference
	for _, r := range refs {
		switch {
		case weight(r) >= int(handled)*8, d.roleOf(r) == made && !personal:
		case len(best) == 0 || weight(r) < weight(best[0]):
			best = []reference{r}
		case weight(r) == weight(best[0]):
			best = append(best, r)
		}
	}
	return best
}
