package discover

import "github.com/expungedb/expunge/dialect"

// places are people's addresses and positions.
var places = []*meaning{street, city, postcode, region, country, coordinate, whereabouts}

var (
	street = &meaning{name: "a street or address", category: "address", kinds: texts,
		terms: `street, street address, street name, address line, address line 1, address line 2, address line 3, address1, address2, address 1, address 2, addr, addr1, addr2, house number, house no, apartment, apt, po box,
			billing address, shipping address, home address, postal address, mailing address, residence, strasse, str, hausnummer, hausnr, haus nr, anschrift, adresse, postadresse, wohnadresse, rechnungsadresse, lieferadresse, adresszusatz, postfach,
			rue, voie, numero rue, complement adresse, adresse postale, domicile, calle, direccion, domicilio, via, indirizzo, straat, straatnaam, huisnummer, huisnr, huis nr, rua, endereco, morada, logradouro, ulica, nr domu, adres, dom`,
		weak:  `address, full address`,
		specs: []string{`{"fake":"street"}`, `"random"`}}
	city = &meaning{name: "a town", category: "address", kinds: texts,
		terms: `city, town, municipality, village, locality, suburb, wohnort, stadt, gemeinde, ort, ortschaft, ortsteil, ville, commune, ciudad, localidad, poblacion, municipio, citta, comune, woonplaats, stad, gemeente, plaats, cidade, localidade, miasto, miejscowosc`,
		specs: []string{`{"fake":"city"}`, `"random"`}}
	postcode = &meaning{name: "a postcode", category: "address", kinds: coded,
		terms: `postcode, post code, postal code, postalcode, zip, zip code, zipcode, plz, postleitzahl, code postal, cp, codigo postal, cod postal, cap, codice postale, codice avviamento postale, cep, codigo de endereco postal, kod pocztowy, pna`,
		specs: []string{`"random"`}}
	region = &meaning{name: "a region", category: "address", kinds: texts,
		terms: `county, province, bundesland, kanton, departement, provincia, provincie, distrito, bairro, uf, wojewodztwo, powiat, neighbourhood, neighborhood, bezirk, arrondissement, landkreis`,
		weak:  `state, region, regione, estado, land, district, stato`,
		specs: []string{`{"fake":"state"}`, `"random"`}}
	country = &meaning{name: "a country", category: "address", kinds: []dialect.Kind{dialect.Text, dialect.Enum},
		weak:  `country, country code, country name, pays, pais, paese, nazione, kraj, staat, code pays`,
		specs: []string{`{"fake":"country"}`, `"random"`}}
	coordinate = &meaning{name: "a position", category: "location", kinds: []dialect.Kind{dialect.Decimal, dialect.Float, dialect.Text, dialect.Unknown, dialect.Int},
		terms: `latitude, longitude, lat, lng, lon, long, geo, geo lat, geo lng, gps, gps lat, gps lon, coordinates, coords, latlng, lat lng, geolocation, geo location, geo point, breitengrad, laengengrad, koordinaten,
			coordonnees, latitud, longitud, coordenadas, latitudine, longitudine, coordinate, breedtegraad, lengtegraad, szerokosc geograficzna, dlugosc geograficzna`,
		specs: []string{`{"noise":{"absolute":0.5}}`, `"random"`, `"null"`}}
	whereabouts = &meaning{name: "whereabouts", category: "location", kinds: texts,
		terms: `last location, current location, home location, check in place, time zone name, user location, standort, aufenthaltsort`,
		weak:  `location, place, lieu, lugar, luogo`,
		specs: []string{`{"fake":"city"}`, `"random"`}}
)
