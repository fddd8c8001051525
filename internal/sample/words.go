package sample

import "strings"

// The words of rows. Some have accents, apostrophes or letters outside of ASCII, as people's names
// do.
var (
	firstNames = []string{"Ada", "Björn", "Chloé", "Dmitri", "Eun-ji", "Fatima", "Grace", "Håkon", "Inês", "Jamal", "Keiko", "Łukasz",
		"María", "Nkechi", "Oisín", "Priya", "Quentin", "Renée", "Søren", "Thảo", "Uwe", "Valentina", "Wanjiru", "Xavier", "Yusuf", "Zoë"}
	lastNames = []string{"Achebe", "Bergström", "Castaño", "D'Angelo", "Eriksson", "Fischer", "García", "Haddad", "Ivanova", "Jensen",
		"Kowalczyk", "Lindqvist", "Müller", "Nguyễn", "O'Neill", "Petrović", "Quispe", "Rossi", "Šimić", "Takahashi", "Usman", "van der Berg"}
	streets   = []string{"Acacia Road", "Bahnhofstraße", "Calle Mayor", "Dorpsstraat", "Elm Street", "Föhrenweg", "Grande Rue", "Hafengasse"}
	cities    = []string{"Aarhus", "Bergen", "Córdoba", "Dublin", "Évora", "Freiburg", "Gdańsk", "Helsinki", "İzmir", "Jönköping"}
	countries = []string{"DE", "DK", "ES", "FI", "FR", "GB", "IE", "NO", "PL", "PT", "SE", "TR"}
	tenants   = []string{"acme", "globex", "initech"}
	goods     = []string{"Bicycle bell", "Candle", "Desk lamp", "Envelope", "Fountain pen", "Garden hose", "Hat", "Ink", "Jug", "Kettle"}
)

// asciiOnly keeps the letters that every mail address may have.
func asciiOnly(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 'A' || r > 'z' || r > 'Z' && r < 'a' {
			return -1
		}
		return r
	}, s)
}
