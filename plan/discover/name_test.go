package discover

import (
	"slices"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

func TestNamesAreCutIntoWords(t *testing.T) {
	for name, want := range map[string][]string{
		"first_name":      {"first", "name"},
		"FirstName":       {"first", "name"},
		"firstName":       {"first", "name"},
		"FIRST_NAME":      {"first", "name"},
		"First Name":      {"first", "name"},
		"EMailAdresse":    {"e", "mail", "adresse"},
		"HTTPServer2":     {"http", "server", "2"},
		"Straße":          {"strasse"},
		"Geschäftsführer": {"geschaeftsfuehrer"},
		"contraseña":      {"contrasena"},
		"número_teléfono": {"numero", "telefono"},
		"imię":            {"imie"},
		"":                nil,
		"__":              nil,
		`Text "frei"; --`: {"text", "frei"},
	} {
		if diff := cmp.Diff(want, splitName(name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestNamesInManyLanguages(t *testing.T) {
	for kind, names := range map[dialect.Kind]map[*meaning][]string{
		dialect.Text: {
			emailAddress:   {"email", "EMAIL_ADDRESS", "e_mail", "contactEmail", "emailadresse", "courriel", "correo_electronico", "correo", "posta_elettronica", "emailadres", "endereco_de_email", "adres_email", "work_email"},
			phone:          {"tel", "phone", "PhoneNumber", "mobile_no", "fax", "telefonnummer", "rufnummer", "portable", "telefono", "movil", "cellulare", "telefoonnummer", "telemovel", "numer_telefonu", "diensttelefon"},
			firstName:      {"first_name", "fname", "GivenName", "vorname", "prenom", "nome_proprio", "voornaam", "imię", "nickname"},
			lastName:       {"last_name", "surname", "nachname", "nom_de_famille", "apellido1", "apellidos", "cognome", "achternaam", "sobrenome", "nazwisko"},
			fullName:       {"full_name", "CustomerName", "Kundenname", "patientenname", "nom_client", "nome_cliente", "cardholder", "kontoinhaber", "titulaire", "intestatario", "rekeninghouder", "emergency_contact"},
			userName:       {"username", "login", "benutzername", "identifiant", "nombre_usuario", "nome_utente", "gebruikersnaam", "nazwa_uzytkownika"},
			street:         {"street", "addr1", "AddressLine1", "strasse", "hausnr", "rechnungsadresse", "rue", "direccion", "indirizzo", "straat", "endereco", "ulica", "billing_address"},
			city:           {"city", "wohnort", "ville", "poblacion", "citta", "woonplaats", "cidade", "miasto", "BillingCity"},
			postcode:       {"zip", "postcode", "PostalCode", "plz", "cp", "code_postal", "codigo_postal", "cap", "cep", "kod_pocztowy"},
			nationalNumber: {"ssn", "nino", "svnr", "steuer_id", "num_secu", "nir", "dni", "nif", "nie", "codice_fiscale", "bsn", "cpf", "pesel", "national_id"},
			personNumber:   {"customer_no", "Kundennummer", "mitgliedsnummer", "numero_client", "matricule", "num_empleado", "klantnummer", "member_number"},
			iban:           {"iban", "IBAN_nr"},
			card:           {"card_number", "cc_number", "kreditkartennummer", "numero_tarjeta", "pan"},
			ipAddress:      {"ip", "ip_address", "IPAdresse", "remote_addr", "last_login_ip"},
			secret:         {"password", "pwd", "PasswordHash", "kennwort", "mdp", "contraseña", "wachtwoord", "senha", "haslo", "api_key", "reset_token"},
			freeText:       {"notes", "bemerkung", "commentaire", "observaciones", "opmerking", "observacoes", "uwagi", "descrizione"},
			health:         {"diagnosis", "blutgruppe", "groupe_sanguin", "alergias", "diagnosi", "medicijn", "doenca", "rozpoznanie"},
			belief:         {"religion", "konfession", "syndicat", "afiliacion_sindical", "religione", "vakbond", "wyznanie"},
		},
		dialect.Date:    {birthDate: {"dob", "birth_date", "DateOfBirth", "GebDatum", "geburtsdatum", "date_naissance", "fecha_nacimiento", "data_di_nascita", "geboortedatum", "data_nascimento", "data_urodzenia"}},
		dialect.Decimal: {income: {"salary", "gehalt", "salaire_brut", "salario_base", "stipendio", "bruttogehalt", "ordenado", "wynagrodzenie"}, coordinate: {"lat", "longitude", "breitengrad", "latitud"}},
	} {
		for want, list := range names {
			for _, name := range list {
				if got := readName(name, kind); got.meaning != want {
					t.Errorf("%s (%s) means %s, expected %s", name, kind, describe(got), want.name)
				}
			}
		}
	}
}

func TestNamesThatOnlySoundPersonal(t *testing.T) {
	for name, kind := range map[string]dialect.Kind{
		"file_name": dialect.Text, "ProductName": dialect.Text, "hostname": dialect.Text, "order_number": dialect.Text, "email_verified_at": dialect.Timestamp, "email_verified": dialect.Bool,
		"created_at": dialect.Timestamp, "rechnungsdatum": dialect.Date, "fecha_pago": dialect.Date, "price": dialect.Decimal, "status": dialect.Text, "password_changed_at": dialect.Timestamp,
		"image_url": dialect.Text, "table_name": dialect.Text, "checksum": dialect.Text, "quantity": dialect.Int, "is_active": dialect.Bool, "montant": dialect.Decimal, "ilosc": dialect.Int,
	} {
		if got := readName(name, kind); !got.plainly() {
			t.Errorf("%s (%s) means %s, expected nothing personal", name, kind, describe(got))
		}
	}
	for name, kind := range map[string]dialect.Kind{"email_type": dialect.Text, "phone_count": dialect.Int, "email_opt_out": dialect.Bool, "card_type": dialect.Text, "filename": dialect.Int} {
		if got := readName(name, kind); got.strength > hint && !got.plainly() {
			t.Errorf("%s (%s) surely means %s, expected no more than a hint", name, kind, describe(got))
		}
	}
}

func describe(m match) string {
	if m.meaning == nil {
		return "nothing"
	}
	return m.name
}

func allMeanings() []*meaning {
	return slices.Concat(people, places, numbersOfPeople, traces, sensitive, prose, plain)
}

func TestMeaningsAreWellFormed(t *testing.T) {
	categories := map[string]bool{}
	for _, c := range policy.Categories() {
		categories[c.Name] = true
	}
	for _, m := range allMeanings() {
		if m.name == "" || !categories[m.category] || len(m.kinds) == 0 || len(splitTerms(m.terms))+len(splitTerms(m.weak)) == 0 {
			t.Errorf("%q is incomplete, or its category %q is unknown", m.name, m.category)
		}
		if len(m.specs) == 0 && m.category != policy.PIINone {
			t.Errorf("%s has no strategy", m.name)
		}
		for _, text := range m.specs {
			if _, err := anonymise.New(mustSpec(text)); err != nil {
				t.Errorf("%s: strategy %s: %v", m.name, text, err)
			}
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"first_name", "EMailAdresse", "Kundennummer", "ÄÖÜß", "a.b", "", "İ", "x\x80y", "日本"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, w := range splitName(name) {
			for _, r := range w {
				if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
					t.Errorf("a word has the character %U", r)
				}
			}
		}
		readName(name, dialect.Text)
		stripMarks(splitName(name))
		valueLike(name)
	})
}
