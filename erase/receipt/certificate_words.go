package receipt

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// erasedLines returns a line per table, the person's own entry first: a plan's steps lead from the
// leaves to the root, so the order is reversed.
func erasedLines(p *Predicate) []CertificateLine {
	var list []CertificateLine
	at := map[string]int{}
	for _, a := range slices.Backward(p.Actions) {
		if a.Operation == Keep || a.Rows.Affected+a.Rows.AlreadyGone == 0 {
			continue
		}
		table := a.Schema + "\x00" + a.Table
		i, there := at[table]
		if !there {
			i = len(list)
			at[table] = i
			list = append(list, CertificateLine{Table: tableTitle(p, a)})
		}
		list[i].Done = append(list[i].Done, doneWords(a))
	}
	return list
}

// tableTitle distinguishes tables of one name by their schemas.
func tableTitle(p *Predicate, a Action) string {
	if slices.ContainsFunc(p.Actions, func(o Action) bool { return o.Table == a.Table && o.Schema != a.Schema }) && a.Schema != "" {
		return titleOf(a.Table) + " (" + words(a.Schema) + ")"
	}
	return titleOf(a.Table)
}

// doneWords describes one step's effect.
func doneWords(a Action) string {
	n := numberText(a.Rows.Affected)
	var text string
	switch a.Operation {
	case Delete:
		text = n + " deleted"
	case Detach:
		text = n + " disconnected from another entry: " + columnList(a.Columns)
	default: // an overwrite
		text = n + " kept, with this replaced: " + columnList(a.Columns)
	}
	var also []string
	if n := a.Rows.AlreadyGone; n > 0 {
		also = append(also, numberText(n)+" more had gone already")
	}
	if n := a.Rows.Unchecked; n > 0 {
		also = append(also, numberText(n)+" not checked afterwards")
	}
	if n := a.Unchanged; n > 0 {
		also = append(also, count(n, "value", "values")+" came out as before")
	}
	if n := a.Otherwise; n > 0 {
		also = append(also, count(n, "odd value", "odd values")+" replaced by the policy's other rule")
	}
	if len(also) > 0 {
		text += " (" + strings.Join(also, "; ") + ")"
	}
	return text
}

func columnList(list []Column) string {
	var names []string
	for _, c := range list {
		names = append(names, words(c.Name))
	}
	return cmp.Or(strings.Join(names, ", "), "personal data")
}

func keptLine(r Retained) CertificateKept {
	k := CertificateKept{What: titleOf(r.Table), Rows: numberText(r.Rows), Why: r.Reason, Basis: r.Basis}
	if len(r.Columns) > 0 {
		var names []string
		for _, c := range r.Columns {
			names = append(names, words(c))
		}
		k.What += ": " + strings.Join(names, ", ")
	}
	switch {
	case r.Until == "":
		k.Until = "as long as the reason lasts; no date is set"
	case r.Last != "":
		k.Until = dayText(r.Last) + " at the latest"
	default:
		k.Until = untilWords(r.Until)
	}
	return k
}

// endedWords describes rows kept from an earlier erasure, and the reason.
func endedWords(r Retained) string {
	k := keptLine(r)
	return fmt.Sprintf("%s (%s) had been kept until now, for this reason, which has ended: %s.", k.What, k.Rows, strings.TrimSuffix(k.Why, "."))
}

// rule matches the policy's form for the end of a hold: invoice_date + 6y.
var rule = regexp.MustCompile(`^(\S+) \+ ((?:\d+(?:y|mo|w|d|h) ?)+)$`)

var part = regexp.MustCompile(`(\d+)(y|mo|w|d|h)`)

var units = map[string]string{"y": "year", "mo": "month", "w": "week", "d": "day", "h": "hour"}

// untilWords puts a day or a rule into words: 6 years after invoice date.
func untilWords(until string) string {
	m := rule.FindStringSubmatch(until)
	if m == nil {
		return dayText(until)
	}
	var period []string
	for _, p := range part.FindAllStringSubmatch(m[2], -1) {
		unit := units[p[2]]
		if p[1] != "1" {
			unit += "s"
		}
		period = append(period, p[1]+" "+unit)
	}
	return strings.Join(period, " and ") + " after the entry's " + words(m[1])
}

// copyTerms says when the last backup expires, and what is known of each copy.
func copyTerms(p *Predicate, s *State) (backups string, list []CertificateTerm) {
	switch {
	case len(s.Backups) == 0:
		backups = "No backups were declared."
	case s.BackupsGone():
		last := slices.MaxFunc(s.Backups, func(a, b BackupState) int { return a.Expired.Compare(b.Expired) })
		backups = "All declared backups that held the data are gone, the last one since " + formatDay(last.Expired) + "."
	case p.Final != "":
		backups = "Backups may still hold the data. The last declared one is gone after " + dayText(p.Final) + "."
	default:
		backups = "Backups may still hold the data, and no date was given for when they are gone."
	}
	for _, b := range s.Backups {
		text := "no date given"
		switch {
		case !b.Expired.IsZero():
			text = "gone since " + formatDay(b.Expired)
		case b.Until != "":
			text = "holds the data until " + dayText(b.Until) + " at the latest"
		}
		list = append(list, CertificateTerm{"Backup “" + b.Name + "”", text})
	}
	for _, r := range s.Recipients {
		text := "had received the data; not stated yet that it was told of the erasure"
		if !r.Told.IsZero() {
			text = "had received the data and was told of the erasure on " + formatDay(r.Told)
		}
		if r.Category != "" && r.Category != "recipient" {
			text = r.Category + "; " + text
		}
		list = append(list, CertificateTerm{"Recipient “" + r.Name + "”", text})
	}
	if c := p.Copies; c != nil {
		for _, r := range c.Replicas {
			list = append(list, CertificateTerm{"Copy “" + r.Name + "”", "follows the database; it was not looked at"})
		}
		for _, name := range c.Publications {
			list = append(list, CertificateTerm{"Feed “" + name + "”", "passes changes on to other systems"})
		}
	}
	for _, r := range s.Replays {
		list = append(list, CertificateTerm{"Restored backup", "the database was restored from a backup of " + formatDay(r.Backup) +
			", which brought the data back, and the data was erased again"})
	}
	return backups, list
}

// residueTerms describes the traces below the level that programs can read.
func residueTerms(r Residue) (intro string, list []CertificateTerm) {
	const why = "When an entry is deleted, a database may leave traces of it in its files until it uses the space again. " +
		"Programs that use the database can't read them. "
	if len(r.Stores) == 0 {
		return why + "Whether there are such traces was not looked into.", nil
	}
	for _, s := range r.Stores {
		text := LevelWords(s.Level)
		if s.Level != NotAssessed {
			text += " (level " + s.Level + ")"
		}
		for _, m := range s.Remains {
			text += "; still there: " + m.What
			if m.Until != "" {
				text += ", until " + dayText(m.Until)
			}
		}
		if s.Evidence != "" {
			text += "; looked at: " + s.Evidence
		}
		list = append(list, CertificateTerm{titleOf(s.Name), text})
	}
	return why + "This was looked into, and other places were not:", list
}

// checkSentences are the steps for anybody to check the receipt.
func checkSentences(r *Opened, s *State) []string {
	signed := "Ask for the public key that it was signed with, from a place that you trust. Its ID is " + strings.Join(r.Verified, " or ") + "."
	if len(r.Verified) > 1 {
		signed = "Ask for the public keys that it was signed with, from places that you trust. Their IDs are " + strings.Join(r.Verified, " and ") + "."
	}
	command := "Run: expunge verify receipt.json --pub key.pub.pem"
	if s.Amendments > 0 {
		command += " --amendment amendment.json"
	}
	list := []string{
		"Ask for the receipt file. Its SHA-256 is " + r.Digest + ".",
		signed,
		command + ". It must answer that the receipt is genuine. " +
			"The receipt is a DSSE envelope with an in-toto statement, so other programs can check it too.",
	}
	if s.Amendments > 0 {
		list = slices.Insert(list, 1, "Ask for what was stated about it later, which is told here as well: "+
			count(int64(s.Amendments), "file", "files")+", the newest of "+formatDay(s.Last)+". Each is signed like the receipt.")
	}
	if r.Statement.Predicate.Commitments != nil {
		list = append(list, "The receipt does not name the people whose entries they were. If you want to see that an entry of yours was among those erased, ask for a disclosure of it: "+
			"a small file that proves it to you, by --disclosure disclosure.json.")
	}
	return list
}

func complaintSentence(p *Predicate) string {
	who := cmp.Or(p.Controller, "the organisation that gave you this certificate")
	return fmt.Sprintf("If you think that something is missing or wrong, write to %s and name the receipt number. "+
		"You can also complain to your data protection authority (GDPR, Article 77).", who)
}
