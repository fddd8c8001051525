package main

import (
	"database/sql"
	"errors"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// openClub makes a small database in memory.
func openClub() (*sql.DB, error) {
	pool, err := sql.Open("sqlite", ":memory:?_pragma=foreign_keys(1)")
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1) // a second connection would be another database in memory
	_, err = pool.Exec(`
		CREATE TABLE member (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
		CREATE TABLE booking (id INTEGER PRIMARY KEY, member_id INTEGER NOT NULL REFERENCES member, court INTEGER NOT NULL, note TEXT);
		CREATE TABLE court (id INTEGER PRIMARY KEY, surface TEXT NOT NULL);
		CREATE INDEX booking_member ON booking (member_id);
		INSERT INTO court VALUES (1, 'clay'), (2, 'grass');
		INSERT INTO member VALUES (1, 'ada@example.com', 'Ada'), (2, 'bob@example.com', 'Bob');
		INSERT INTO booking VALUES (10, 1, 1, 'knee still hurts'), (11, 1, 2, NULL), (12, 2, 1, NULL);`)
	if err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return pool, nil
}
