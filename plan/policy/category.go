package policy

// The two words of `pii:` that are no category of personal data.
const (
	PIINone      = "none"      // nothing personal
	PIIUndecided = "undecided" // nobody has decided yet: see Draft
)

// Categories are the words allowed for a column's `pii:`, with their meaning. They are for people,
// and for a receipt's list of erased data; a plan depends on the decisions, never on the category.
func Categories() []Category {
	return []Category{
		{"contact", "e-mail address, phone number, messenger name"},
		{"name", "first, last or full name"},
		{"address", "postal address or part of it"},
		{"identifier", "number or name given to a person: customer number, national ID, user name"},
		{"free-text", "notes, messages: anything may be in it"},
		{"financial", "account, card, payment, income"},
		{"health", "health, and other special categories (GDPR Art. 9)"},
		{"location", "position or movement"},
		{"online", "IP address, device, cookie, user agent"},
		{"birth", "date or place of birth, age"},
		{"credential", "password hash, token, secret question"},
		{"other", "personal, and none of the others"},
		{PIINone, "nothing personal"},
	}
}

// Category is one kind of personal data.
type Category struct{ Name, For string }

func categoryNames() []string {
	var names []string
	for _, c := range Categories() {
		names = append(names, c.Name)
	}
	return names
}
