-- A hospital's database as a German vendor would name it. Nobody in it exists.
CREATE TABLE Fachabteilung (
  AbteilungsNr INTEGER PRIMARY KEY, Bezeichnung VARCHAR(80) NOT NULL, Kostenstelle VARCHAR(10), Bettenzahl INTEGER, Standortkuerzel CHAR(3));
CREATE TABLE Station (
  StationsId INTEGER PRIMARY KEY, AbteilungsNr INTEGER NOT NULL REFERENCES Fachabteilung, Stationsname VARCHAR(60), Etage INTEGER, Durchwahl VARCHAR(20));
CREATE TABLE Krankenkasse (
  KassenNr INTEGER PRIMARY KEY, Bezeichnung VARCHAR(80), Aktiv BOOLEAN);
CREATE TABLE Mitarbeiter (
  PersonalNr INTEGER PRIMARY KEY, Anrede VARCHAR(10), Titel VARCHAR(20), Vorname VARCHAR(60) NOT NULL, Nachname VARCHAR(60) NOT NULL, Fachrichtung VARCHAR(40),
  Diensttelefon VARCHAR(30), EMailAdresse VARCHAR(120), Benutzerkennung VARCHAR(30) UNIQUE, KennwortHash VARCHAR(100), Eintrittsdatum DATE, AbteilungsNr INTEGER REFERENCES Fachabteilung);
CREATE TABLE Patient (
  PatientenId INTEGER PRIMARY KEY, PatientenNr VARCHAR(20) NOT NULL UNIQUE, Vorname VARCHAR(60), Nachname VARCHAR(60), Geburtsname VARCHAR(60), GebDatum DATE, Geburtsort VARCHAR(60),
  Geschlecht CHAR(1), Familienstand VARCHAR(20), Staatsangehörigkeit VARCHAR(30), Konfession VARCHAR(30), Strasse VARCHAR(80), HausNr VARCHAR(10), PLZ CHAR(5), Ort VARCHAR(60), Bundesland VARCHAR(40), Land CHAR(2),
  Tel VARCHAR(30), Handy VARCHAR(30), EMail VARCHAR(120), KVNR VARCHAR(20), KassenNr INTEGER REFERENCES Krankenkasse, SteuerId VARCHAR(20), Hausarzt VARCHAR(80), Notfallkontakt VARCHAR(120),
  Blutgruppe VARCHAR(5), Allergien TEXT, Bemerkung TEXT, Lichtbild BLOB, Privatpatient BOOLEAN, AngelegtAm TIMESTAMP, GeaendertAm TIMESTAMP);
CREATE TABLE Aufenthalt (
  AufenthaltsId INTEGER PRIMARY KEY, PatientenId INTEGER NOT NULL REFERENCES Patient, StationsId INTEGER REFERENCES Station, Aufnahmedatum TIMESTAMP, Entlassungsdatum TIMESTAMP, Aufnahmegrund VARCHAR(200), Zimmer VARCHAR(10), Status VARCHAR(20));
CREATE TABLE Diagnose (
  DiagnoseId INTEGER PRIMARY KEY, AufenthaltsId INTEGER NOT NULL REFERENCES Aufenthalt, ICD10 VARCHAR(10), Diagnosetext VARCHAR(300), Sicherheit CHAR(1), GestelltVon INTEGER REFERENCES Mitarbeiter, GestelltAm TIMESTAMP);
CREATE TABLE Laborbefund (
  BefundId INTEGER PRIMARY KEY, PatientenId INTEGER NOT NULL REFERENCES Patient, Laborwert DECIMAL(10,3), Einheit VARCHAR(20), Befundtext TEXT, GemessenAm TIMESTAMP);
CREATE TABLE Arztbrief (
  BriefId INTEGER PRIMARY KEY, PatientenId INTEGER NOT NULL REFERENCES Patient, Betreff VARCHAR(200), Brieftext TEXT, Empfaenger VARCHAR(120), ErstelltAm TIMESTAMP);
CREATE TABLE Rechnung (
  RechnungsNr INTEGER PRIMARY KEY, PatientenId INTEGER NOT NULL REFERENCES Patient, Rechnungsanschrift VARCHAR(200), IBAN VARCHAR(34), Kontoinhaber VARCHAR(80), Gesamtbetrag DECIMAL(10,2), Rechnungsdatum DATE, Bezahlt BOOLEAN);
CREATE TABLE Zugriffsprotokoll (
  ProtokollId INTEGER PRIMARY KEY, PatientenId INTEGER, PersonalNr INTEGER, IPAdresse VARCHAR(45), Aktion VARCHAR(20), Zeitpunkt TIMESTAMP);
CREATE TABLE Medikament (PZN INTEGER PRIMARY KEY, Handelsname VARCHAR(80), Wirkstoff VARCHAR(80), Preis DECIMAL(8,2));
CREATE TABLE Verordnung (
  VerordnungsId INTEGER PRIMARY KEY, AufenthaltsId INTEGER NOT NULL REFERENCES Aufenthalt, PZN INTEGER REFERENCES Medikament, Dosierung VARCHAR(80), Hinweis VARCHAR(200), VerordnetAm TIMESTAMP);

INSERT INTO Fachabteilung VALUES (1,'Innere Medizin','KST100',60,'HH1'),(2,'Chirurgie','KST200',44,'HH1'),(3,'Neurologie','KST300',30,'HH2'),(4,'Pädiatrie','KST400',25,'HH2');
INSERT INTO Station VALUES (1,1,'I-1',1,'4101'),(2,1,'I-2',2,'4102'),(3,2,'C-1',3,'4201'),(4,3,'N-1',4,'4301');
INSERT INTO Krankenkasse VALUES (1,'Hanseatische Ersatzkasse',1),(2,'Betriebskasse Nord',1),(3,'Allgemeine Kasse',0);
INSERT INTO Mitarbeiter VALUES
 (1,'Frau','Dr. med.','Karin','Schröder','Innere','040 555 101','karin.schroeder@klinik.example','kschroed','$2a$10$abcdefghijklmnopqrstuv','2009-04-01',1),
 (2,'Herr',NULL,'Uwe','Krause','Pflege','040 555 102','uwe.krause@klinik.example','ukrause','$2a$10$bcdefghijklmnopqrstuvw','2015-10-01',1),
 (3,'Frau','Prof. Dr.','Ingrid','Lorenz','Chirurgie','040 555 103','ingrid.lorenz@klinik.example','ilorenz','$2a$10$cdefghijklmnopqrstuvwx','2001-01-15',2);
INSERT INTO Patient VALUES
 (1,'P-10001','Anna','Becker','Maier','1961-03-12','Kiel','w','verheiratet','deutsch','ev','Lindenweg','12a','22085','Hamburg','Hamburg','DE','040 1234567','0171 1234567','anna.becker@post.example','A123456780',1,'86095742719','Dr. Vogt','Max Becker 0171 7654321','A+','Penizillin','Möchte vor Terminen angerufen werden.',x'8950',0,'2023-01-05 10:00:00','2024-01-05 10:00:00'),
 (2,'P-10002','Jonas','Lehmann',NULL,'1984-11-02','Bremen','m','ledig','deutsch',NULL,'Hafenstraße','3','28195','Bremen','Bremen','DE','0421 998877',NULL,'j.lehmann@post.example','B234567891',2,'47036892816','Dr. Pohl','Petra Lehmann 0421 112233','0-',NULL,NULL,NULL,0,'2023-02-05 10:00:00','2024-02-05 10:00:00'),
 (3,'P-10003','Fatima','Haddad','Ali','1975-07-21','Beirut','w','geschieden','libanesisch','islamisch','Marktplatz','7','20095','Hamburg','Hamburg','DE','040 777888','0160 998877','f.haddad@post.example','C345678902',1,'65929970489','Dr. Vogt',NULL,'B+','Nüsse, Pollen','Dolmetscher für Arabisch nötig, Tochter Aisha kann übersetzen.',NULL,0,'2023-03-05 10:00:00','2024-03-05 10:00:00'),
 (4,'P-10004','Werner','Schulz',NULL,'1939-01-30','Danzig','m','verwitwet','deutsch','kath','Am Deich','22','25541','Brunsbüttel','Schleswig-Holstein','DE','04852 3344',NULL,NULL,'D456789013',3,'26954371827','Dr. Brandt','Tochter Ulrike 04852 5566','AB+','keine','Hört schlecht, bitte laut sprechen.',NULL,1,'2023-04-05 10:00:00','2024-04-05 10:00:00');
INSERT INTO Aufenthalt VALUES (1,1,1,'2024-01-02 08:00:00','2024-01-09 11:00:00','Brustschmerz','112','entlassen'),(2,2,3,'2024-02-02 08:00:00','2024-02-05 11:00:00','Leistenbruch','201','entlassen'),(3,3,1,'2024-03-02 08:00:00',NULL,'Unklares Fieber','114','stationär'),(4,4,4,'2024-04-02 08:00:00',NULL,'Sturz zu Hause','305','stationär');
INSERT INTO Diagnose VALUES (1,1,'I20.9','Angina pectoris, nicht näher bezeichnet','G',1,'2024-01-03 09:00:00'),(2,2,'K40.9','Leistenhernie ohne Einklemmung','G',3,'2024-02-02 09:00:00'),(3,3,'R50.9','Fieber unklarer Ursache','V',1,'2024-03-03 09:00:00');
INSERT INTO Laborbefund VALUES (1,1,5.2,'mmol/l','unauffällig','2024-01-03 07:00:00'),(2,2,4.1,'mmol/l','leicht erniedrigt, Kontrolle in zwei Wochen','2024-02-03 07:00:00'),(3,3,18.4,'G/l','deutlich erhöht, Rücksprache mit Frau Dr. Schröder','2024-03-03 07:00:00');
INSERT INTO Arztbrief VALUES (1,1,'Entlassung Anna Becker','Sehr geehrter Herr Kollege, wir berichten über Ihre Patientin Anna Becker.','Dr. Peter Vogt','2024-01-09 12:00:00'),(2,2,'Entlassung Jonas Lehmann','Sehr geehrte Frau Kollegin, der Eingriff verlief ohne Komplikationen.','Dr. Sabine Pohl','2024-02-05 12:00:00');
INSERT INTO Rechnung VALUES (1,1,'Anna Becker, Lindenweg 12a, 22085 Hamburg','DE89370400440532013000','Anna Becker',310.00,'2024-01-10',1),(2,2,'Jonas Lehmann, Hafenstraße 3, 28195 Bremen','DE02120300000000202051','Jonas Lehmann',90.00,'2024-02-10',0);
INSERT INTO Zugriffsprotokoll VALUES (1,1,1,'10.1.2.3','lesen','2024-01-03 09:00:00'),(2,1,2,'10.1.2.4','lesen','2024-01-04 09:00:00'),(3,2,3,'10.1.2.5','ändern','2024-02-03 09:00:00'),(4,4,1,'10.1.2.3','lesen','2024-04-03 09:00:00');
INSERT INTO Medikament VALUES (100001,'Dolostop 500','Paracetamol',3.10),(100002,'Cardioprot 5','Ramipril',8.90),(100003,'Infectan','Amoxicillin',12.40);
INSERT INTO Verordnung VALUES (1,1,100002,'1-0-0','nüchtern','2024-01-03 10:00:00'),(2,3,100003,'1-1-1','mit viel Wasser nehmen','2024-03-03 10:00:00'),(3,4,100001,'bei Bedarf','höchstens vier am Tag','2024-04-03 10:00:00');
