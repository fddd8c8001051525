package discover

import "github.com/expungedb/expunge/dialect"

// traces are data from people's devices.
var traces = []*meaning{ipAddress, macAddress, userAgent, device, cookie, personalURL, searchTerm}

// sensitive are the data whose leak harms people most.
var sensitive = []*meaning{secret, health, belief}

// prose are free texts: they may contain anything.
var prose = []*meaning{freeText}

var (
	ipAddress = &meaning{name: "an IP address", category: "online", kinds: []dialect.Kind{dialect.Inet, dialect.Text, dialect.Int, dialect.Bytes},
		terms: `ip, ip address, ip addr, ipaddr, ipv4, ipv6, remote ip, remote addr, remote address, client ip, last ip, last login ip, sign in ip, current sign in ip, last sign in ip, signup ip, registration ip, host address, ip adresse, adresse ip, direccion ip, indirizzo ip, ip adres, endereco ip, adres ip, x forwarded for`,
		specs: []string{`{"fake":"ipv4-address"}`, `"random"`}}
	macAddress = &meaning{name: "a MAC address", category: "online", kinds: []dialect.Kind{dialect.Inet, dialect.Text, dialect.Bytes},
		terms: `mac, mac address, mac addr, hardware address, mac adresse, wifi mac, bluetooth address, bssid`,
		specs: []string{`{"fake":"mac-address"}`, `"random"`}}
	userAgent = &meaning{name: "a user agent", category: "online", kinds: texts,
		terms: `user agent, useragent, browser, browser name, browser version, ua, http user agent, client software, navigateur, navegador, os version, operating system`,
		specs: []string{`"null"`, `{"fake":"user-agent"}`, `"random"`}}
	device = &meaning{name: "a device", category: "online", kinds: []dialect.Kind{dialect.Text, dialect.UUID, dialect.Bytes},
		terms: `device id, device uuid, device token, push token, fcm token, apns token, device name, device fingerprint, browser fingerprint, imei, imsi, udid, idfa, gaid, advertising id, adid, hardware id, serial number of device, geraete id, geraetekennung, android id`,
		weak:  `device`,
		specs: []string{`"random"`}}
	cookie = &meaning{name: "a cookie or visitor's mark", category: "online", kinds: []dialect.Kind{dialect.Text, dialect.UUID},
		terms: `cookie, cookie id, visitor, visitor id, tracking id, ga client id, analytics id, anonymous id, session key, session data, browser id, client id of analytics, gclid, fbclid, fingerprint hash`,
		specs: []string{`"random"`}}
	personalURL = &meaning{name: "a page that someone visited, or their own", category: "online", kinds: texts,
		terms: `referer, referrer, referer url, referrer url, landing page, page url, visited url, request uri, request url, request path, query string, profile url, personal website`,
		weak:  `url, uri, link, path, page, href, website url, adresse web, lien, enlace`,
		specs: []string{`"random"`}}
	searchTerm = &meaning{name: "what someone looked for", category: "online", kinds: texts,
		terms: `search term, search query, search text, search phrase, search keywords, suchbegriff, recherche, busqueda, zoekterm`,
		weak:  `query, q, search`,
		specs: []string{`"random"`}}

	secret = &meaning{name: "a credential", category: "credential", kinds: []dialect.Kind{dialect.Text, dialect.Bytes, dialect.UUID, dialect.Int},
		terms: `snmp community, password, passwd, pwd, pass, passphrase, password hash, hashed password, encrypted password, password digest, password salt, salt, pw, pw hash, pin, pin code, pincode, otp, otp secret, totp, totp secret, mfa secret, two factor secret, secret, secret key,
			api key, apikey, api token, access token, refresh token, auth token, token, token hash, remember token, session token, reset token, reset password token, confirmation token, invitation token, bearer, private key, ssh key, public key, activation key, activation code, confirmation code, verification code, license key, recovery code, recovery codes, backup codes,
			security question, security answer, secret question, secret answer, passwort, kennwort, passwort hash, sicherheitsfrage, sicherheitsantwort, geheimnis, mot de passe, mdp, jeton, contrasena, clave, clave acceso, parola, parola chiave, wachtwoord, senha, palavra passe, haslo, haslo hash, webhook secret, client secret, magic link`,
		specs: []string{`"random"`}}
	health = &meaning{name: "health data", category: "health", kinds: everyKind,
		terms: `diagnosis, diagnoses, diagnosis code, icd, icd10, icd code, icd 10, symptom, symptoms, allergy, allergies, medication, medications, dosage, prescription, therapy, disability, blood type, blood group, blood pressure, bmi, heart rate, pulse,
			body lab result, test result, vaccination, vaccine, pregnant, pregnancy, smoker, insurance number, health insurance, sick days, sick leave, medical history, anamnesis, mental health,
			diagnose, diagnosen, diagnosetext, befund, befunde, befundtext, symptome, allergie, allergien, medikament, medikamente, medikation, dosierung, rezept, behinderung, grad der behinderung, schwerbehindert, blutgruppe, blutdruck, laborwert, laborwerte, impfung, impfstatus, schwanger, raucher,
			krankenkasse, krankheitstage, krankmeldung, anamnese, vorerkrankungen, aufnahmegrund, aufnahmedatum, entlassungsdatum, aufnahme am, entlassen am, op datum, pflegegrad,
			diagnostic, symptomes, ordonnance, groupe sanguin, arret maladie, maladie, handicap, mutuelle, diagnostico, alergia, alergias, medicamento, tratamiento, receta, grupo sanguineo, baja medica, discapacidad, enfermedad, minusvalia,
			diagnosi, sintomi, farmaco, terapia, gruppo sanguigno, ricetta, malattia, disabilita, medicijn, behandeling, bloedgroep, ziekte, ziekteverzuim, sintomas, tratamento, tipo sanguineo, doenca, rozpoznanie, diagnoza, objawy, leki, choroba, grupa krwi, niepelnosprawnosc`,
		weak:  `disabled, weight, height, temperature, condition, pulse, treatment, findings, drug, gewicht, groesse, temperatur, puls, poids, taille, peso, altura, messwert, behandlung, therapie, traitement, motif absence`,
		specs: []string{`"pick"`, `"random"`, `"null"`}}
	belief = &meaning{name: "a belief, membership or origin", category: "health", kinds: choices,
		terms: `religion, religious, denomination, faith, ethnicity, ethnic group, race, political party, political views, trade union, union member, union membership, sexual orientation, sexuality, konfession, religionszugehoerigkeit, kirchensteuer, gewerkschaft, ethnie, herkunft, partei,
			syndicat, confession, orientation sexuelle, origine, sindicato, afiliacion sindical, etnia, orientacion sexual, religione, iscrizione sindacale, orientamento sessuale, geloof, vakbond, etniciteit, religiao, sindicato filiado, wyznanie, zwiazek zawodowy, criminal record, vorstrafen, casier judiciaire`,
		specs: []string{`"pick"`, `"random"`, `"null"`}}

	freeText = &meaning{name: "free text", category: "free-text", kinds: []dialect.Kind{dialect.Text, dialect.XML},
		terms: `bio, biography, about me, self description, cover letter, resume, cv, lebenslauf, private message, chat message, message body, message text, email body, mail body, gift note, gift message, transcript, complaint, beschwerde, arztbrief, brieftext, personal note`,
		weak: `header, headers, old value, new value, old values, new values, changes, note, notes, comment, comments, remark, remarks, message, body, text, content, description, desc, details, detail, subject, reason, feedback, review, answer, reply, post, caption, summary, memo, history, log, data, payload, title, headline, about, instructions, special instructions, delivery instructions, free text, excerpt,
			bemerkung, bemerkungen, anmerkung, anmerkungen, notiz, notizen, kommentar, nachricht, beschreibung, inhalt, betreff, grund, begruendung, freitext, hinweis, hinweise, titel, verlauf, bericht,
			commentaire, commentaires, remarque, remarques, observation, observations, texte, contenu, objet, motif, titre, comentario, comentarios, observacion, observaciones, nota, notas, mensaje, descripcion, texto, contenido, asunto, motivo, titulo,
			commento, note interne, messaggio, descrizione, testo, contenuto, oggetto, titolo, opmerking, opmerkingen, bericht tekst, omschrijving, toelichting, inhoud, onderwerp, reden, observacoes, observacao, mensagem, descricao, conteudo, assunto, uwagi, uwaga, komentarz, wiadomosc, opis, tresc, temat, powod, notatka, notatki, obs`,
		specs: []string{`"null"`, `"random"`}}
)
