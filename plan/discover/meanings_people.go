package discover

import (
	"github.com/expungedb/expunge/dialect"
)

// people are identity and contact data.
var people = []*meaning{emailAddress, phone, messenger, firstName, lastName, fullName, userName, birthDate, birthPlace, age,
	gender, company, jobTitle, hireDate, portrait, nationality, civilStatus}

var (
	emailAddress = &meaning{name: "an e-mail address", category: "contact", kinds: texts,
		terms: `email, e mail, mail, email address, send to, bcc, cc, reply to, contact info, mail address, emailadresse, mailadresse, e mail adresse, courriel, adresse email, adresse mail, correo,
			correo electronico, posta elettronica, indirizzo email, emailadres, pec, endereco de email, adres email, adres e mail, poczta, mel`,
		specs: []string{`{"fake":"email"}`, `"random"`}}
	phone = &meaning{name: "a phone number", category: "contact", kinds: coded,
		terms: `phone, pager, phone number, phone no, telephone, tel, telno, tel no, mobile, mobile phone, mobile number, cell, cell phone, cellphone, fax, fax number, landline, msisdn,
			telefon, telefonnummer, telefon nr, handy, handynummer, mobil, mobilnummer, mobiltelefon, rufnummer, festnetz, telefax,
			telephone portable, portable, tel portable, numero telephone, telefono, movil, celular, numero telefono, cellulare, telefoon, telefoonnummer,
			mobiel, telefone, telemovel, numer telefonu, telefon komorkowy, komorka, whatsapp`,
		weak:  `extension, durchwahl, poste telephonique, anexo, toestel`,
		specs: []string{`"random"`}}
	messenger = &meaning{name: "a messenger or profile name", category: "contact", kinds: texts,
		terms: `vcard, skype, skype id, twitter, twitter handle, facebook, instagram, linkedin, telegram, mastodon, xing, discord, icq, handle, slack id, github, github username`,
		weak:  `website, homepage, blog`,
		specs: []string{`"random"`}}
	firstName = &meaning{name: "a first name", category: "name", kinds: texts,
		terms: `first name, fname, given name, forename, christian name, middle name, middle initial, second name, nickname, nick, gecos, preferred name, initials,
			vorname, rufname, prenom, prenoms, primer nombre, nombre de pila, nome proprio, voornaam, voorletters, initialen, roepnaam, nome de batismo, imie, imiona, drugie imie, spitzname, surnom, apodo, soprannome`,
		specs: []string{`{"fake":"first-name"}`, `"random"`}}
	lastName = &meaning{name: "a last name", category: "name", kinds: texts,
		terms: `last name, lname, surname, family name, maiden name, nachname, familienname, zuname, geburtsname, nom de famille, nom famille, nom de naissance, nom naissance, nom usage,
			apellido, apellidos, primer apellido, segundo apellido, apellido1, apellido2, apellido 1, apellido 2, cognome, achternaam, tussenvoegsel, voorvoegsel, familienaam, sobrenome, apelido, nome de familia, nazwisko, nazwisko rodowe`,
		specs: []string{`{"fake":"last-name"}`, `"random"`}}
	fullName = &meaning{name: "a person's name", category: "name", kinds: texts,
		terms: `full name, fullname, display name, real name, legal name, contact name, contact person, recipient, recipient name, addressee, cardholder, card holder, cardholder name, account holder, holder name,
			billing name, shipping name, ship name, bill to name, ship to name, payee, payer name, beneficiary, beneficiary name, next of kin, emergency contact, guardian, spouse, spouse name,
			person name, author name, owner name, sender name, signature name, signed by, attending physician, physician, surgeon,
			empfaenger, ansprechpartner, kontoinhaber, karteninhaber, vollstaendiger name, notfallkontakt, angehoeriger, angehoerige, hausarzt, behandelnder arzt, ehepartner,
			nom complet, nom prenom, nom et prenom, titulaire, destinataire, beneficiaire, conjoint, personne a contacter, nombre completo, nombre y apellidos, titular, destinatario, beneficiario, conyuge,
			nome completo, nome e cognome, nominativo, intestatario, volledige naam, rekeninghouder, ontvanger, contactpersoon, titular da conta, imie i nazwisko, odbiorca, posiadacz`,
		weak:  `name, nom, nombre, nome, naam, nazwa, author, owner, artist, composer, manager, creator, sender, contact, responsable, verantwortlicher`,
		specs: []string{`{"fake":"name"}`, `"random"`}}
	userName = &meaning{name: "a user name", category: "identifier", kinds: texts,
		terms: `user name, username, login, login name, user login, screen name, account name, benutzername, nutzername, anmeldename, benutzerkennung, identifiant, nom utilisateur, nom d utilisateur, pseudo,
			nombre usuario, nombre de usuario, nome utente, gebruikersnaam, inlognaam, nome de usuario, nome de utilizador, nazwa uzytkownika`,
		weak:  `uid, slug, alias, logon, usuario, utilisateur, benutzer`,
		specs: []string{`{"fake":"username"}`, `"random"`}}
	birthDate = &meaning{name: "a date of birth", category: "birth", kinds: []dialect.Kind{dialect.Date, dialect.Timestamp, dialect.TimestampTZ, dialect.Text, dialect.Int},
		terms: `dob, birth date, birthdate, date of birth, birthday, birth day, birth year, year of birth, born, born on, born at, geburtsdatum, geburtstag, geburtsjahr, geb datum, gebdatum, geboren, geboren am,
			date naissance, date de naissance, naissance, dt nasc, data nasc, nasc, dat nais, date nais, date nee, data ur, geb, geb dat, annee naissance, ne le, fecha nacimiento, fecha de nacimiento, fec nac, fecha nac, nacimiento, data di nascita, data nascita, nascita,
			geboortedatum, geboorte datum, geboortejaar, data de nascimento, data nascimento, nascimento, data urodzenia, rok urodzenia, death date, date of death, sterbedatum, todesdatum, date deces`,
		specs: []string{`{"shift":{"within":180}}`, `"random"`}}
	birthPlace = &meaning{name: "a place of birth", category: "birth", kinds: texts,
		terms: `birth place, birthplace, place of birth, birth city, birth country, geburtsort, geburtsland, lieu naissance, lieu de naissance, lugar nacimiento, lugar de nacimiento, luogo di nascita, luogo nascita,
			geboorteplaats, naturalidade, local de nascimento, miejsce urodzenia`,
		specs: []string{`{"fake":"city"}`, `"random"`}}
	age = &meaning{name: "an age", category: "birth", kinds: numbers,
		terms: `age, alter, lebensalter, edad, eta, leeftijd, idade, wiek`,
		specs: []string{`{"noise":{"absolute":5}}`, `"random"`}}
	gender = &meaning{name: "a gender", category: "other", kinds: choices,
		terms: `gender, sex, geschlecht, anrede, salutation, sexe, civilite, sexo, genero, sesso, genere, geslacht, plec, pronouns, honorific, title of courtesy, name prefix, saludo, tratamiento`,
		specs: []string{`"pick"`, `"random"`}}
	company = &meaning{name: "a company", category: "other", kinds: texts,
		terms: `employer, arbeitgeber, employeur, empleador, datore di lavoro, werkgever, empregador, pracodawca`,
		weak:  `company, company name, firma, firmenname, entreprise, societe, raison sociale, empresa, azienda, bedrijf, bedrijfsnaam, organisation, organization`,
		specs: []string{`{"fake":"company"}`, `"random"`}}
	jobTitle = &meaning{name: "a job title", category: "other", kinds: texts,
		terms: `job title, jobtitle, occupation, profession, beruf, stellenbezeichnung, poste, fonction, cargo, puesto, ocupacion, profesion, professione, beroep, functie, profissao, zawod, stanowisko, metier, emploi, education, school, university`,
		weak:  `position, job, role title`,
		specs: []string{`{"fake":"job-title"}`, `"random"`}}
	hireDate = &meaning{name: "a date of employment", category: "other", kinds: moments,
		terms: `hire date, hired on, hired at, date hired, joined company, termination date, terminated on, eintrittsdatum, austrittsdatum, einstellungsdatum, date embauche, date d embauche, date entree, date sortie,
			fecha alta, fecha de alta, fecha baja, fecha contratacion, fecha ingreso, data assunzione, datum in dienst, data de admissao, data zatrudnienia, wedding date, anniversary, hochzeitstag`,
		specs: []string{`{"shift":{"within":180}}`, `"random"`}}
	portrait = &meaning{name: "a picture or mark of a person", category: "other", kinds: blobs,
		terms: `avatar, photo, portrait, profile picture, profile image, profile photo, picture url, avatar url, photo url, headshot, selfie, signature, signature image, fingerprint, face id, voice print, id scan, passport scan,
			passbild, lichtbild, foto, unterschrift, fingerabdruck, photo identite, firma escaneada, fotografia, pasfoto, handtekening, assinatura, zdjecie`,
		weak:  `picture, image, scan`,
		specs: []string{`"null"`, `"random"`}}
	nationality = &meaning{name: "a nationality", category: "other", kinds: choices,
		terms: `nationality, citizenship, nationalitaet, staatsangehoerigkeit, nationalite, nacionalidad, nazionalita, cittadinanza, nationaliteit, nacionalidade, obywatelstwo, native language, mother tongue, muttersprache`,
		specs: []string{`{"fake":"country"}`, `"pick"`, `"random"`}}
	civilStatus = &meaning{name: "a family status", category: "other", kinds: []dialect.Kind{dialect.Text, dialect.Enum, dialect.Int},
		terms: `marital status, civil status, family status, familienstand, situation familiale, situation matrimoniale, etat civil, estado civil, stato civile, burgerlijke staat, stan cywilny, number of children, children, kinder,
			enfants, enfants a charge, hijos, kinderzahl, dependents`,
		specs: []string{`"pick"`, `"random"`}}
)
