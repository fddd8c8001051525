-- A forum sold as a service, without most of its foreign keys. Nobody in it exists.
CREATE TABLE users (
  id INTEGER PRIMARY KEY, uuid UUID NOT NULL UNIQUE, username VARCHAR(40) NOT NULL UNIQUE, email VARCHAR(120) NOT NULL UNIQUE, email_verified_at TIMESTAMP, encrypted_password VARCHAR(100), remember_token VARCHAR(100), otp_secret VARCHAR(40),
  display_name VARCHAR(80), bio TEXT, avatar_url VARCHAR(200), website VARCHAR(200), location VARCHAR(80), time_zone VARCHAR(40), locale VARCHAR(5), dob DATE, gender VARCHAR(10), ssn VARCHAR(11),
  last_sign_in_ip VARCHAR(45), sign_in_count INTEGER, profile JSON, settings JSON, is_admin BOOLEAN, newsletter BOOLEAN, reputation INTEGER, invited_by_id INTEGER REFERENCES users, created_at TIMESTAMP, updated_at TIMESTAMP, deleted_at TIMESTAMP);
CREATE TABLE boards (id INTEGER PRIMARY KEY, slug VARCHAR(60), name VARCHAR(80), position INTEGER, is_private BOOLEAN, created_at TIMESTAMP);
CREATE TABLE threads (id INTEGER PRIMARY KEY, board_id INTEGER NOT NULL REFERENCES boards, user_id INTEGER, title VARCHAR(200), view_count INTEGER, locked BOOLEAN, created_at TIMESTAMP);
CREATE TABLE posts (id INTEGER PRIMARY KEY, thread_id INTEGER NOT NULL REFERENCES threads, author_id INTEGER, body TEXT, edit_reason VARCHAR(120), ip_address VARCHAR(45), score INTEGER, posted_at TIMESTAMP);
CREATE TABLE private_messages (id INTEGER PRIMARY KEY, sender_id INTEGER REFERENCES users, recipient_id INTEGER REFERENCES users, subject VARCHAR(120), body TEXT, read_at TIMESTAMP);
CREATE TABLE reactions (post_id INTEGER NOT NULL REFERENCES posts, user_id INTEGER NOT NULL REFERENCES users, emoji VARCHAR(10), PRIMARY KEY (post_id, user_id));
CREATE TABLE events (id INTEGER PRIMARY KEY, event_type VARCHAR(40), trackable_type VARCHAR(40), trackable_id INTEGER, payload JSON, occurred_at TIMESTAMP);
CREATE TABLE sessions (token_hash CHAR(64) PRIMARY KEY, user_id INTEGER REFERENCES users, user_agent VARCHAR(250), ip VARCHAR(45), device_name VARCHAR(60), country_code CHAR(2), lat DECIMAL(9,6), lng DECIMAL(9,6), last_seen_at TIMESTAMP, expires_at TIMESTAMP);
CREATE TABLE api_keys (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users, label VARCHAR(60), api_key VARCHAR(80), scopes VARCHAR(100), last_used_at TIMESTAMP);
CREATE TABLE subscriptions (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users, plan VARCHAR(20), stripe_customer_id VARCHAR(40), cc VARCHAR(25), last4 CHAR(4), billing_zip VARCHAR(10), billing_name VARCHAR(80), vat_number VARCHAR(20), amount_cents INTEGER, currency CHAR(3), renews_at TIMESTAMP);
CREATE TABLE webhooks (id INTEGER PRIMARY KEY, url VARCHAR(200), secret VARCHAR(80), active BOOLEAN, retries INTEGER);
CREATE TABLE invitations (id INTEGER PRIMARY KEY, inviter_id INTEGER, sent_to VARCHAR(120), token VARCHAR(64), message TEXT, accepted_at TIMESTAMP);
CREATE TABLE page_hits (id INTEGER PRIMARY KEY, visitor VARCHAR(40), path VARCHAR(250), referrer VARCHAR(250), duration_ms INTEGER, at TIMESTAMP);
CREATE TABLE tags (id INTEGER PRIMARY KEY, name VARCHAR(40) UNIQUE, color CHAR(7));
CREATE TABLE thread_tags (thread_id INTEGER NOT NULL REFERENCES threads, tag_id INTEGER NOT NULL REFERENCES tags, PRIMARY KEY (thread_id, tag_id));
CREATE TABLE schema_migrations (version VARCHAR(20) PRIMARY KEY, checksum CHAR(32), applied_at TIMESTAMP);

INSERT INTO users VALUES
 (1,'0b0d2f5e-6c0a-4a1e-9d52-0f1c2d3e4f50','rvega','rosa.vega@mail.example','2023-01-02 10:00:00','$2a$12$abcdefghijklmnopqrstuv','tok_a1b2c3d4e5f6g7h8','JBSWY3DPEHPK3PXP','Rosa Vega','Gardener and amateur astronomer from Leeds.','https://cdn.example/a/1.png','https://rosa.example','Leeds','Europe/London','en','1987-06-01','female','219-09-9999','203.0.113.5',12,
  '{"legalName": "Rosa Maria Vega", "phones": [{"type": "home", "number": "+44 113 496 0001"}], "employer": {"name": "Northern Nurseries"}, "height_cm": 168}','{"theme": "dark", "per_page": 20}',1,1,340,NULL,'2022-01-01 10:00:00','2024-01-01 10:00:00',NULL),
 (2,'1c1e3f6f-7d1b-4b2f-8e63-1a2d3e4f5a61','tomh','tom.harris@mail.example','2023-01-03 10:00:00','$2a$12$bcdefghijklmnopqrstuvw','tok_b2c3d4e5f6g7h8i9',NULL,'Tom Harris','I build model railways in my spare time.','https://cdn.example/a/2.png',NULL,'Bristol','Europe/London','en','1979-02-17','male','078-05-1121','203.0.113.6',3,
  '{"legalName": "Thomas Harris", "phones": [], "employer": {"name": "Harris and Sons"}, "height_cm": 181}','{"theme": "light", "per_page": 50}',0,0,12,1,'2022-02-01 10:00:00','2024-02-01 10:00:00',NULL),
 (3,'2d2f4a7a-8e2c-4c3a-9f74-2b3e4f5a6b72','mei','mei.tanaka@mail.example',NULL,'$2a$12$cdefghijklmnopqrstuvwx',NULL,NULL,'Mei Tanaka',NULL,NULL,'https://mei.example/blog','Kyoto','Asia/Tokyo','ja','1995-12-24',NULL,NULL,'203.0.113.7',44,
  '{"legalName": "Mei Tanaka", "phones": [{"type": "mobile", "number": "+81 90 1234 5678"}], "employer": null, "height_cm": 160}','{"theme": "dark", "per_page": 20}',0,1,87,1,'2022-03-01 10:00:00','2024-03-01 10:00:00',NULL),
 (4,'3e3a5b8b-9f3d-4d4b-8a85-3c4f5a6b7c83','olek','olek.nowak@mail.example','2023-01-05 10:00:00','$2a$12$defghijklmnopqrstuvwxy','tok_d4e5f6g7h8i9j0k1',NULL,'Olek Nowak','Cyclist. Ask me about gears.',NULL,NULL,'Gdańsk','Europe/Warsaw','pl','1990-04-30','male','457-55-5462','203.0.113.8',7,
  '{"legalName": "Aleksander Nowak", "phones": [], "employer": {"name": "Velo Studio"}, "height_cm": 177}','{"theme": "dark", "per_page": 100}',0,1,5,2,'2022-04-01 10:00:00','2024-04-01 10:00:00',NULL);
INSERT INTO boards VALUES (1,'general','General',1,0,'2021-01-01 10:00:00'),(2,'help','Help and Support',2,0,'2021-01-01 10:00:00'),(3,'staff-room','Staff Room',3,1,'2021-01-01 10:00:00');
INSERT INTO threads VALUES (1,1,1,'Which telescope should I buy?',120,0,'2023-01-01 10:00:00'),(2,2,2,'Cannot log in since Tuesday',40,0,'2023-01-02 10:00:00'),(3,1,4,'Gears for long climbs',15,0,'2023-01-03 10:00:00');
INSERT INTO posts VALUES (1,1,1,'I have a small garden in Leeds and about 300 pounds.',NULL,'203.0.113.5',3,'2023-01-01 10:00:00'),(2,1,3,'Rosa, try a Dobsonian, they are easy to carry.',NULL,'203.0.113.7',5,'2023-01-01 11:00:00'),(3,2,2,'My mail is tom.harris@mail.example, can somebody help?','removed my number','203.0.113.6',0,'2023-01-02 10:00:00'),(4,3,4,'What do you ride in the Alps?',NULL,'203.0.113.8',1,'2023-01-03 10:00:00');
INSERT INTO private_messages VALUES (1,1,3,'Thanks','Thank you for the hint, Mei!','2023-01-02 10:00:00'),(2,2,1,'Login','Could you reset it for me? Tom',NULL),(3,4,2,'Railways','Which scale do you build in?',NULL);
INSERT INTO reactions VALUES (1,3,'star'),(2,1,'heart'),(4,2,'star');
INSERT INTO events VALUES (1,'post.created','Post',1,'{"actor": {"id": 1, "email": "rosa.vega@mail.example"}, "ip": "203.0.113.5"}','2023-01-01 10:00:00'),(2,'user.login','User',2,'{"actor": {"id": 2, "email": "tom.harris@mail.example"}, "ip": "203.0.113.6"}','2023-01-02 10:00:00'),(3,'post.created','Post',4,'{"actor": {"id": 4, "email": "olek.nowak@mail.example"}, "ip": "203.0.113.8"}','2023-01-03 10:00:00'),(4,'user.login','User',3,'{"actor": {"id": 3, "email": "mei.tanaka@mail.example"}, "ip": "203.0.113.7"}','2023-01-04 10:00:00');
INSERT INTO sessions VALUES
 ('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',1,'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/120.0','203.0.113.5','rosa-laptop','GB',53.8008,-1.5491,'2024-01-01 10:00:00','2024-02-01 10:00:00'),
 ('60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',2,'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Safari/605.1','203.0.113.6','Toms iMac','GB',51.4545,-2.5879,'2024-01-02 10:00:00','2024-02-02 10:00:00'),
 ('fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13',3,'Mozilla/5.0 (Linux; Android 13) Chrome/119.0','203.0.113.7','Pixel von Mei','JP',35.0116,135.7681,'2024-01-03 10:00:00','2024-02-03 10:00:00');
INSERT INTO api_keys VALUES (1,1,'backup script','sk_live_abcdefgh12345678','read','2024-01-01 10:00:00'),(2,4,'my bot','sk_live_ijklmnop87654321','read write',NULL);
INSERT INTO subscriptions VALUES (1,1,'pro','cus_Nabc123','4111 1111 1111 1111','1111','LS1 4AP','Rosa Vega','GB123456789',900,'GBP','2024-06-01 10:00:00'),(2,3,'basic','cus_Nabd124','5555 5555 5555 4444','4444','600-8001','Mei Tanaka',NULL,300,'JPY','2024-06-02 10:00:00'),(3,4,'pro','cus_Nabe125','4012 8888 8888 1881','1881','80-001','Olek Nowak','PL1234567890',900,'PLN','2024-06-03 10:00:00');
INSERT INTO webhooks VALUES (1,'https://hooks.example/incoming','whsec_1234567890',1,3),(2,'https://other.example/hook','whsec_0987654321',0,5);
INSERT INTO invitations VALUES (1,1,'ana.silva@mail.example','8b1a9953c4611296a827abf8c47804d7','Come and join us, Ana!',NULL),(2,1,'leo.rossi@mail.example','5d41402abc4b2a76b9719d911017c592','You will like it here.','2023-05-01 10:00:00'),(3,2,'kim.lee@mail.example','7d793037a0760186574b0282f2f435e7',NULL,NULL);
INSERT INTO page_hits VALUES (1,'v-7f3a9c','/u/rvega/posts?page=2','https://search.example/?q=telescope',1200,'2024-01-01 10:00:00'),(2,'v-7f3a9c','/users/2','/u/rvega/posts',300,'2024-01-01 10:01:00'),(3,'v-11b2d0','/search?q=harris',NULL,800,'2024-01-02 10:00:00');
INSERT INTO tags VALUES (1,'astronomy','#112233'),(2,'cycling','#445566'),(3,'support','#778899');
INSERT INTO thread_tags VALUES (1,1),(3,2),(2,3);
INSERT INTO schema_migrations VALUES ('20220101000000','d41d8cd98f00b204e9800998ecf8427e','2022-01-01 00:00:00'),('20230101000000','0cc175b9c0f1b6a831c399e269772661','2023-01-01 00:00:00'),('20240101000000','92eb5ffee6ae2fec3ad71c777531578f','2024-01-01 00:00:00');
