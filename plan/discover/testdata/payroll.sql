-- A payroll of two subsidiaries, one with French names and one with Spanish ones. Nobody in it exists.
CREATE TABLE etablissement (id_etablissement INTEGER PRIMARY KEY, raison_sociale VARCHAR(80), siret VARCHAR(14), ville VARCHAR(60), code_postal CHAR(5));
CREATE TABLE service (id_service INTEGER PRIMARY KEY, libelle VARCHAR(60) NOT NULL, centre_cout VARCHAR(10), id_etablissement INTEGER NOT NULL REFERENCES etablissement);
CREATE TABLE salarie (
  id_salarie INTEGER PRIMARY KEY, matricule VARCHAR(12) NOT NULL UNIQUE, civilite VARCHAR(5), nom VARCHAR(60) NOT NULL, nom_naissance VARCHAR(60), prenom VARCHAR(60) NOT NULL, date_naissance DATE, lieu_naissance VARCHAR(60),
  num_secu VARCHAR(21) UNIQUE, nationalite VARCHAR(30), situation_familiale VARCHAR(20), enfants_a_charge INTEGER, adresse VARCHAR(120), complement_adresse VARCHAR(60), cp CHAR(5), ville VARCHAR(60), pays CHAR(2),
  tel VARCHAR(20), portable VARCHAR(20), courriel VARCHAR(120), date_embauche DATE, date_sortie DATE, type_contrat VARCHAR(5), poste VARCHAR(60), id_service INTEGER REFERENCES service, id_responsable INTEGER REFERENCES salarie,
  handicap BOOLEAN, syndicat VARCHAR(40), observations TEXT, mdp VARCHAR(100), cree_le TIMESTAMP, modifie_le TIMESTAMP, actif BOOLEAN);
CREATE TABLE bulletin (
  id_bulletin INTEGER PRIMARY KEY, id_salarie INTEGER NOT NULL REFERENCES salarie, periode CHAR(7), salaire_brut DECIMAL(10,2), net_a_payer DECIMAL(10,2), heures_supplementaires DECIMAL(6,2), taux DECIMAL(5,2), paye_le DATE);
CREATE TABLE rib (id_rib INTEGER PRIMARY KEY, id_salarie INTEGER NOT NULL REFERENCES salarie, titulaire VARCHAR(80), iban VARCHAR(34), bic VARCHAR(11), date_debut DATE);
CREATE TABLE absence (id_absence INTEGER PRIMARY KEY, id_salarie INTEGER NOT NULL REFERENCES salarie, motif VARCHAR(120), arret_maladie BOOLEAN, date_debut DATE, date_fin DATE, commentaire TEXT);
CREATE TABLE ayant_droit (id_ayant_droit INTEGER PRIMARY KEY, id_salarie INTEGER NOT NULL REFERENCES salarie, nom VARCHAR(60), prenom VARCHAR(60), date_naissance DATE, lien VARCHAR(20));
CREATE TABLE departamento (id INTEGER PRIMARY KEY, denominacion VARCHAR(60), centro_coste VARCHAR(10));
CREATE TABLE empleado (
  id INTEGER PRIMARY KEY, num_empleado VARCHAR(10) NOT NULL UNIQUE, nombre VARCHAR(60), apellido1 VARCHAR(60), apellido2 VARCHAR(60), nif VARCHAR(12) UNIQUE, num_seguridad_social VARCHAR(20), fecha_nacimiento DATE, sexo CHAR(1), estado_civil VARCHAR(20), hijos INTEGER,
  direccion VARCHAR(120), codigo_postal CHAR(5), poblacion VARCHAR(60), provincia VARCHAR(40), telefono VARCHAR(20), movil VARCHAR(20), correo_electronico VARCHAR(120), cuenta_bancaria VARCHAR(34), puesto VARCHAR(60), fecha_alta DATE, fecha_baja DATE,
  salario_base DECIMAL(10,2), irpf DECIMAL(5,2), tipo_contrato VARCHAR(20), departamento_id INTEGER REFERENCES departamento, supervisor_id INTEGER REFERENCES empleado, discapacidad INTEGER, afiliacion_sindical VARCHAR(40), observaciones TEXT, foto BLOB, usuario VARCHAR(30), contraseña VARCHAR(100), activo BOOLEAN);
CREATE TABLE nomina (id INTEGER PRIMARY KEY, empleado_id INTEGER NOT NULL REFERENCES empleado, mes INTEGER, ejercicio INTEGER, salario_bruto DECIMAL(10,2), liquido DECIMAL(10,2), horas_extra DECIMAL(6,2), fecha_pago DATE);
CREATE TABLE baja_medica (id INTEGER PRIMARY KEY, empleado_id INTEGER NOT NULL REFERENCES empleado, diagnostico VARCHAR(120), fecha_inicio DATE, fecha_fin DATE, notas TEXT);
CREATE TABLE fichaje (id INTEGER PRIMARY KEY, empleado_id INTEGER NOT NULL, fecha DATE, hora TIME, direccion_ip VARCHAR(45), latitud DECIMAL(9,6), longitud DECIMAL(9,6));
CREATE TABLE parametre_paie (code VARCHAR(20) PRIMARY KEY, libelle VARCHAR(80), valeur DECIMAL(10,4), date_debut DATE);

INSERT INTO etablissement VALUES (1,'Atelier du Nord SARL','73282932000074','Lille','59000'),(2,'Atelier du Sud SARL','73282932000082','Nîmes','30000');
INSERT INTO service VALUES (1,'Comptabilité','CC10',1),(2,'Production','CC20',1),(3,'Logistique','CC30',2);
INSERT INTO salarie VALUES
 (1,'M0001','Mme','Lefebvre','Moreau','Camille','1985-05-14','Arras','2 85 05 62 041 123 14','française','mariée',2,'12 rue des Lilas',NULL,'59800','Lille','FR','03 20 11 22 33','06 11 22 33 44','camille.lefebvre@atelier.example','2012-03-01',NULL,'CDI','Comptable',1,NULL,0,'CFDT','Temps partiel le mercredi','$2y$10$abcdefghijklmnopqrstuv','2020-01-01 08:00:00','2024-01-01 08:00:00',1),
 (2,'M0002','M.','Rousseau',NULL,'Julien','1990-09-02','Lens','1 90 09 62 498 045 42','française','célibataire',0,'3 place du Marché','Bât. B','62300','Lens','FR','03 21 44 55 66','06 99 88 77 66','julien.rousseau@atelier.example','2018-09-15',NULL,'CDI','Opérateur',2,1,0,NULL,NULL,'$2y$10$bcdefghijklmnopqrstuvw','2020-01-01 08:00:00','2024-01-01 08:00:00',1),
 (3,'M0003','Mme','Garnier',NULL,'Nathalie','1978-12-30','Nîmes','2 78 12 30 189 067 71','belge','divorcée',1,'45 avenue Foch',NULL,'30000','Nîmes','FR',NULL,'07 12 34 56 78','nathalie.garnier@atelier.example','2005-01-03','2023-06-30','CDD','Magasinière',3,1,1,NULL,'A demandé un aménagement de poste','$2y$10$cdefghijklmnopqrstuvwx','2020-01-01 08:00:00','2024-01-01 08:00:00',0);
INSERT INTO bulletin VALUES (1,1,'2024-01',2900.00,2250.10,0,12.5,'2024-01-31'),(2,2,'2024-01',2100.00,1640.55,4.5,12.5,'2024-01-31'),(3,3,'2023-06',2000.00,1560.00,0,12.5,'2023-06-30');
INSERT INTO rib VALUES (1,1,'Camille Lefebvre','FR1420041010050500013M02606','PSSTFRPPLIL','2012-03-01'),(2,2,'Julien Rousseau','FR7630006000011234567890189','AGRIFRPP','2018-09-15');
INSERT INTO absence VALUES (1,1,'Grippe',1,'2024-02-01','2024-02-05','Certificat reçu par courrier le 3'),(2,2,'Congé paternité',0,'2024-03-01','2024-03-28',NULL);
INSERT INTO ayant_droit VALUES (1,1,'Lefebvre','Hugo','2015-04-12','enfant'),(2,1,'Lefebvre','Louise','2018-08-20','enfant');
INSERT INTO departamento VALUES (1,'Contabilidad','CC40'),(2,'Almacén','CC50'),(3,'Ventas','CC60');
INSERT INTO empleado VALUES
 (1,'E001','Lucía','García','Romero','12345678Z','28 1234567840','1982-02-11','M','casada',2,'Calle Mayor 12, 3B','28013','Madrid','Madrid','915550101','655010203','lucia.garcia@taller.example','ES9121000418450200051332','Contable','2010-05-03',NULL,2400.00,15.5,'indefinido',1,NULL,0,'CCOO','Prefiere teletrabajo los viernes',NULL,'lgarcia','$2y$10$defghijklmnopqrstuvwxy',1),
 (2,'E002','Javier','Muñoz','Ortega','X1234567L','08 7654321065','1991-07-29','H','soltero',0,'Avenida de la Paz 4','08001','Barcelona','Barcelona','935550102','655020304','javier.munoz@taller.example','ES7921000813610123456789','Mozo de almacén','2019-11-18',NULL,1500.00,8.2,'temporal',2,1,33,NULL,NULL,NULL,'jmunoz','$2y$10$efghijklmnopqrstuvwxyz',1),
 (3,'E003','Carmen','Navarro','Gil','87654321X','41 2345678912','1975-10-05','M','divorciada',1,'Plaza Nueva 9','41001','Sevilla','Sevilla','955550103','655030405','carmen.navarro@taller.example','ES6621000418401234567891','Comercial','2003-02-01','2022-12-31',2100.00,14.0,'indefinido',3,1,0,NULL,'Causó baja voluntaria',NULL,'cnavarro','$2y$10$fghijklmnopqrstuvwxyza',0);
INSERT INTO nomina VALUES (1,1,1,2024,2400.00,1890.20,0,'2024-01-31'),(2,2,1,2024,1500.00,1310.00,6.0,'2024-01-31'),(3,3,12,2022,2100.00,1700.00,0,'2022-12-31');
INSERT INTO baja_medica VALUES (1,1,'Lumbalgia','2024-02-12','2024-02-20','Revisión el día 20 con su médico'),(2,3,'Fractura de muñeca','2022-05-01','2022-06-15',NULL);
INSERT INTO fichaje VALUES (1,1,'2024-01-02','08:01:00','192.0.2.10',40.416800,-3.703800),(2,2,'2024-01-02','07:55:00','192.0.2.11',41.385100,2.173400),(3,1,'2024-01-03','08:04:00','192.0.2.10',40.416900,-3.703700);
INSERT INTO parametre_paie VALUES ('PLAFOND','Plafond mensuel',3864.0000,'2024-01-01'),('SMIC','Salaire minimum',11.6500,'2024-01-01');
