package sqlconn

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// server is a driver's connection that counts its pings, and its own connector.
type server struct {
	driver.Conn
	asked  int
	answer error
}

func (s *server) Connect(context.Context) (driver.Conn, error) { return s, nil }
func (s *server) Driver() driver.Driver                        { return nil }
func (s *server) Close() error                                 { return nil }

func (s *server) Ping(context.Context) error {
	s.asked++
	return s.answer
}

func TestKeepAlive(t *testing.T) {
	for _, test := range []struct {
		name   string
		idle   time.Duration
		answer error
		want   int
	}{
		{name: "nothing is asked at first", idle: KeepAliveEvery - time.Second},
		{name: "now and then", idle: 10*KeepAliveEvery + time.Second, want: 10},
		{name: "an error doesn't end it", idle: 3*KeepAliveEvery + time.Second, answer: errors.New("busy"), want: 3},
		{name: "a connection that is lost isn't asked again", idle: 3*KeepAliveEvery + time.Second, answer: driver.ErrBadConn, want: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{answer: test.answer}
				pool := sql.OpenDB(s)
				defer pool.Close()
				conn, err := pool.Conn(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				stop := KeepAlive(conn)
				time.Sleep(test.idle)
				stop()
				stop() // harmless
				time.Sleep(10 * KeepAliveEvery)
				if s.asked != test.want {
					t.Errorf("the server is asked %d times, want %d", s.asked, test.want)
				}
			})
		})
	}
}
