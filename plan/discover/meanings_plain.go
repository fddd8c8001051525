package discover

import (
	"slices"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan/policy"
)

// plain are meanings without personal data. Some terms are here because they contain
// a shorter personal term (email verified at, file name): the longer term
// decides.
var plain = []*meaning{
	{name: "a number of a thing", category: policy.PIINone, kinds: coded,
		terms: `order number, order no, order nr, invoice number, invoice no, line no, line number, item number, item no, product number, product code, article number, artikelnummer, artikel nr, sku, ean, gtin, isbn, upc, part number, tracking no, tracking number, ticket number, room, room number, zimmer, zimmernummer, bett, bettnummer,
			bestellnummer, rechnungsnummer, belegnummer, auftragsnummer, positionsnummer, position nr, stationsnummer, numero facture, numero commande, numero pedido, numero factura, numero fattura, numero ordine, factuurnummer, ordernummer, numero da fatura, numer faktury, numer zamowienia, version, version number, revision, build,
			shop code, department code, currency code, language code, status code, error code, cost center, kostenstelle, centre cout, centre de cout, centro coste, centro de coste, sort order, sort, seq, sequence, position, ordinal, rank, reihenfolge, orden, ordre, level, depth, batch, batch no, charge, port, http status, priority, prioritaet, prioridad, priorite, codigo departamento, code departement, codigo, code service`},
	{name: "an amount or count", category: policy.PIINone, kinds: numbers,
		terms: `price, unit price, list price, cost, amount, total, subtotal, sum, tax, vat, vat rate, tax rate, discount, fee, shipping cost, freight, balance, quantity, qty, count, number of items, stock, points, score, rating, votes, upvotes, likes, views, view count, hits, capacity, seats, beds, betten, duration, milliseconds, seconds, minutes, hours, days, bytes, size, file size, length, width, depth, volume, ratio, percent, percentage, rate, factor, exchange rate, budget,
			preis, einzelpreis, betrag, summe, gesamt, gesamtbetrag, steuer, mwst, rabatt, menge, anzahl, bestand, punkte, dauer, stunden, tage, kosten, prozent, prix, prix unitaire, montant, quantite, nombre, duree, heures, heures supplementaires, jours, taux, taux horaire legal, cout, precio, importe, cantidad, numero de horas, horas, dias, duracion, impuesto, iva, descuento, prezzo, importo, quantita, totale, ore, giorni, prijs, bedrag, aantal, uren, dagen,
			preco, valor, quantidade, horas extra, cena, kwota, ilosc, liczba, suma, godziny, mes, month, monat, mois, year, jahr, annee, ano, anno, jaar, rok, weeks, kw, retry count, retries, step, steps, timeout, interval, offset, attempts, failed attempts, login count, sign in count, posts count, reputation, max rows, limit, threshold, order count, periodo, exercice, ejercicio`},
	{name: "a flag", category: policy.PIINone, kinds: choices,
		terms: `change password, password change, must change password, password changed, password expired, reset password, active, enabled, disabled account, deleted, archived, visible, hidden, published, verified, email verified, phone verified, confirmed, approved, locked, pinned, featured, default, is default, is active, is admin, admin, is deleted, newsletter, subscribed, opt in, opt out, marketing opt in, paid, sent, read, seen, done, completed, available, in stock, taxable, public, private, required,
			aktiv, geloescht, gesperrt, freigegeben, bezahlt, erledigt, sichtbar, actif, inactif, supprime, valide, paye, activo, pagado, borrado, validado, attivo, pagato, actief, betaald, ativo, pago, aktywny, oplacony, is staff, is superuser, is bot, is private, is public`},
	{name: "a kind, state or setting", category: policy.PIINone, kinds: choices,
		terms: `status, state code, type, kind, category, class, priority, severity, level, stage, phase, mode, method, payment method, shipping method, channel, source, currency, timezone, time zone, tz, language, lang, locale, unit, format, mime type, content type, media type, plan, tier, role, permission, scope, color, colour, size label, tenant, theme, entity type, event type, event name, action, verb, resource type, visibility, encoding, algorithm,
			art, typ, kategorie, aktion, waehrung, sprache, einheit, abteilung, station, fachrichtung, fachabteilung, dringlichkeit, statut, devise, langue, categorie, service, departement code, type contrat, contrat type, nature, tipo, estado pedido, categoria, moneda, idioma, tipo contrato, departamento, seccion, valuta, lingua, reparto, soort, taal, afdeling, situacao, moeda, rodzaj, waluta, jezyk, dzial, department, department name, section, schicht, shift name, table name, column name, auditable type, subject type, model type, queue`},
	{name: "a name of a thing", category: policy.PIINone, kinds: texts,
		terms: `mail host, mail server, mail domain, email host, email server, smtp host, smtp server, imap host, file name, filename, original filename, table name, host name, hostname, domain, domain name, server, server name, product name, item name, category name, brand, brand name, manufacturer, model, model name, tag, tag name, genre, event name, team name, group name, role name, permission name, plan name, department name, project name, channel name, board name, queue name, job name, class name, field name, column name, migration, checksum, etag, md5, sha1, sha256, hash of file, content hash, git sha, commit,
			dateiname, produktname, artikelbezeichnung, bezeichnung, marke, hersteller, stationsname, abteilungsname, gruppenname, nom produit, libelle, intitule, marque, nom service, nom departement, nombre producto, nombre departamento, denominacion, marca, denominazione, productnaam, omschrijving artikel, nome produto, designacao, nazwa produktu, emoji, icon, icon name, image url, thumbnail url, logo, logo url, mime, file path, regexp, regex, pattern, style, interface, protocol, encoding, charset, content encoding, class name, directory, folder`,
		weak: `hash, digest, file`},
	moment,
	day,
	surrogateKey,
}

var (
	moment = &meaning{name: "a technical moment", category: policy.PIINone, kinds: slices.Concat(moments, []dialect.Kind{dialect.Time, dialect.Interval, dialect.Int, dialect.Text}),
		terms: `created, created at, created on, create date, creation date, date created, updated, updated at, updated on, modified, modified at, modified on, last modified, changed, changed at, mtime, atime, ctime, last used, last change, last access, deleted at, archived at, published at, inserted at, imported at, synced at, expires, expires at, expiry, expiry date, valid from, valid until, valid to, start, start date, starts at, end, end date, ends at, due, due date, due at, date, time, timestamp, ts, at, on, datetime,
			email verified at, verified at, confirmed at, sent at, read at, delivered at, shipped at, paid at, placed at, order date, invoice date, payment date, registered, last update, last updated, registered at, registered on, joined at, joined on, signed up at, sign up date, last login, last login at, last seen, last seen at, last active at, logged at, logged in at, viewed at, happened at, occurred at, posted at, edited at, closed at, opened at, started at, finished at, completed at, processed at, run at, locked at, locked until, password changed at, reset sent at,
			erstellt, erstellt am, angelegt am, geaendert, geaendert am, aktualisiert am, geloescht am, datum, zeit, zeitpunkt, uhrzeit, beginn, ende, von, bis, gueltig ab, gueltig bis, rechnungsdatum, bestelldatum, faellig am, bezahlt am, termin, gemessen am, cree le, date creation, date modification, modifie le, date debut, date fin, debut, fin, date facture, date paiement, paye le, horodatage, heure, date, fecha, hora, fecha creacion, fecha modificacion, creado, creado el, actualizado, fecha inicio, fecha fin, inicio, fecha pago, fecha factura, fecha pedido, pagado el,
			ora, data creazione, data modifica, creato il, inizio, fine, aangemaakt, aangemaakt op, gewijzigd, gewijzigd op, tijd, begin, einde, criado em, atualizado em, data de criacao, utworzono, zmieniono, data utworzenia, poczatek, koniec`}
	// day is the Italian and Portuguese word for a date. For texts it would be the English word data.
	day          = &meaning{name: "a technical moment", category: policy.PIINone, kinds: slices.Concat(moments, []dialect.Kind{dialect.Int}), terms: `data`}
	surrogateKey = &meaning{name: "a surrogate key", category: policy.PIINone, kinds: slices.Concat(coded, []dialect.Kind{dialect.UUID, dialect.Bytes}),
		terms: `id, uuid, guid, key, pk, row id, oid, uid number, object id, external id, parent id, correlation id, request id, trace id, job id, batch id, transaction id, schluessel, identificador`}
)
