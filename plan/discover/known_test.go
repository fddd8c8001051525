package discover

import "testing"

func TestTablesOfToolsAreKnownByTheirShape(t *testing.T) {
	db := open(t)
	if _, err := db.Exec(`CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
		CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY, version_id INTEGER, is_applied BOOLEAN, tstamp TIMESTAMP);
		CREATE TABLE flyway_schema_history (installed_rank INTEGER PRIMARY KEY, version TEXT, description TEXT, script TEXT, checksum INTEGER, installed_by TEXT);
		CREATE TABLE migrations (id INTEGER PRIMARY KEY, what TEXT);
		CREATE TABLE river_job (id INTEGER PRIMARY KEY, args JSON, attempt INTEGER, max_attempts INTEGER, queue TEXT, priority INTEGER, scheduled_at TIMESTAMP, kind TEXT);
		CREATE TABLE mail_jobs (id INTEGER PRIMARY KEY, payload TEXT, attempts INTEGER, queue TEXT, available_at INTEGER);
		CREATE TABLE web_sessions (id VARCHAR(128) PRIMARY KEY, payload TEXT NOT NULL, last_activity INTEGER);
		INSERT INTO river_job VALUES (1, '{"size": 3}', 1, 5, 'default', 1, '2026-01-01 10:00:00', 'resize');
		INSERT INTO mail_jobs VALUES (1, '{"to": "ada@mail.example"}', 1, 'mail', 1), (2, '{"to": "bob@mail.example"}', 1, 'mail', 1), (3, '{"to": "eve@mail.example"}', 1, 'mail', 1)`); err != nil {
		t.Fatal(err)
	}
	d := draftOf(t, db, Options{})
	got := categories(d)
	for column, want := range map[string]string{
		"goose_db_version.version_id": "none", "flyway_schema_history.description": "none", "flyway_schema_history.installed_by": "none",
		"river_job.args": "undecided", "mail_jobs.payload": "contact", "web_sessions.payload": "online", "web_sessions.id": "credential",
		"migrations.what": "undecided", // the same name, but other columns than a tool's
	} {
		if got[column] != want {
			t.Errorf("%s is %s, expected %s", column, got[column], want)
		}
	}
	for _, rule := range d.Policy.Tables {
		if rule.Name == "goose_db_version" && rule.PII != "none" {
			t.Errorf("goose_db_version is no single word in the policy")
		}
	}
}
