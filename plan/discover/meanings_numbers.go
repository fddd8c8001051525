package discover

import "github.com/expungedb/expunge/dialect"

// numbersOfPeople are the numbers given to people by a state, a bank or the controller.
var numbersOfPeople = []*meaning{nationalNumber, document, taxNumber, personNumber, vehicle, iban, card, bankAccount, income}

var (
	nationalNumber = &meaning{name: "a national number", category: "identifier", kinds: coded,
		terms: `ssn, social security number, social security no, social security, national id, national id number, national insurance number, nino, ni number, identity number, id number, personal id number, personal number,
			sozialversicherungsnummer, sv nummer, svnr, sv nr, versicherungsnummer, rentenversicherungsnummer, krankenversichertennummer, versichertennummer, versicherten nr, kvnr, steuer id, steueridnr, steuer idnr, steueridentifikationsnummer, idnr,
			numero securite sociale, numero de securite sociale, num secu, no secu, nss, nir, numero insee, insee, numero seguridad social, num seguridad social, naf, dni, nie, nif, nif nie, numero documento, documento identidad, documento,
			codice fiscale, cod fiscale, codfisc, cf, bsn, burgerservicenummer, sofinummer, cpf, rg, numero de contribuinte, pesel, nip, numer dowodu, personnummer, cpr, oib, amka, jmbg, ahv, ahv nummer, nhs number, nhs no, medicare number, mrn, medical record number`,
		specs: []string{`"random"`}}
	document = &meaning{name: "a document's number", category: "identifier", kinds: coded,
		terms: `passport, passport number, passport no, driving licence, driver license, drivers license, driver licence, license number, licence number, id card, id card number, id document, visa number,
			reisepass, reisepassnummer, passnummer, ausweisnummer, personalausweis, ausweis nr, fuehrerschein, fuehrerscheinnummer, passeport, numero passeport, permis de conduire, carte identite, pasaporte, carnet, passaporto, patente,
			paspoort, paspoortnummer, rijbewijs, passaporte, carteira de identidade, paszport, numer paszportu, prawo jazdy, dowod osobisty`,
		specs: []string{`"random"`}}
	taxNumber = &meaning{name: "a tax number", category: "identifier", kinds: coded,
		terms: `tax id, tax number, tax no, tin, vat no, vat number, vat id, vatin, ust id, ustid, ustidnr, ust idnr, steuernummer, steuer nr, numero fiscal, numero tva, tva intracommunautaire, siret, partita iva, p iva, piva, btw nummer, btw nr, contribuinte, cif`,
		specs: []string{`"random"`}}
	personNumber = &meaning{name: "a number given to a person", category: "identifier", kinds: coded,
		terms: `customer number, customer no, member number, member no, membership number, loyalty number, loyalty no, loyalty card, frequent flyer, patient number, patient no, employee number, employee no, staff number, badge number, badge no, library card,
			student number, account number of customer, kundennummer, kunden nr, mitgliedsnummer, mitglieds nr, patientennummer, personalnummer, personal nr, matrikelnummer, numero client, numero adherent, matricule, numero matricule, numero empleado, num empleado,
			numero socio, numero cliente, matricola, klantnummer, personeelsnummer, lidnummer, matricula, numer klienta, external user id, legacy user id, subscriber number`,
		specs: []string{`"random"`}}
	vehicle = &meaning{name: "a vehicle's number", category: "identifier", kinds: texts,
		terms: `license plate, licence plate, number plate, plate number, registration plate, vin, vehicle identification number, kennzeichen, kfz kennzeichen, plaque immatriculation, immatriculation, targa, kenteken, numer rejestracyjny`,
		weak:  `placa, matricula vehiculo`,
		specs: []string{`"random"`}}
	iban = &meaning{name: "an IBAN", category: "financial", kinds: texts,
		terms: `iban, iban number, kontonummer iban, iban nr`,
		specs: []string{`"iban"`, `"random"`}}
	card = &meaning{name: "a payment card's number", category: "financial", kinds: coded,
		terms: `card number, card no, cc number, cc no, credit card, credit card number, creditcard, debit card, pan, kreditkarte, kreditkartennummer, kartennummer, numero carte, carte bancaire, carte de credit, numero tarjeta, tarjeta, tarjeta credito,
			carta di credito, numero carta, kaartnummer, cartao, cartao de credito, numero do cartao, numer karty`,
		specs: []string{`"card"`, `"random"`}}
	bankAccount = &meaning{name: "a bank account or payment detail", category: "financial", kinds: coded,
		terms: `account number, account no, bank account, bank account number, routing number, sort code, bic, swift, bic swift, kontonummer, konto nr, bankkonto, bankleitzahl, blz, bankverbindung, rib, compte bancaire, numero compte, cuenta bancaria, numero cuenta,
			cuenta, conto corrente, numero conto, rekeningnummer, rekeningnr, bankrekening, conta bancaria, agencia, numer konta, konto bankowe, paypal, paypal email, stripe customer id, stripe id, card last4, last4, last four, card last digits, cvv, cvc, card expiry, expiry card, mandate reference, bank name`,
		specs: []string{`"random"`}}
	income = &meaning{name: "an income", category: "financial", kinds: []dialect.Kind{dialect.Int, dialect.Decimal, dialect.Float, dialect.Text},
		terms: `salary, base salary, wage, wages, hourly wage, income, annual income, bonus, gross pay, net pay, gross salary, net salary, commission, pension, credit score, net worth, gehalt, grundgehalt, monatsgehalt, bruttogehalt, nettogehalt, brutto, netto, lohn, stundenlohn,
			einkommen, salaire, salaire brut, salaire net, salaire base, remuneration, prime, net a payer, brut, sueldo, salario, salario bruto, salario neto, salario base, nomina, ingresos, irpf, retencion, liquido, stipendio, reddito, retribuzione, salaris, loon, brutoloon, nettoloon, inkomen,
			renda, ordenado, vencimento base, wynagrodzenie, pensja, pobory, zarobki, credit limit, steuerklasse, tax class`,
		specs: []string{`{"noise":{"relative":0.2}}`, `"random"`}}
)
