package erase_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cut says where a connection breaks.
type cut int32

const (
	never    cut = iota
	before       // a COMMIT doesn't reach the server
	after        // the server has committed, and its answer doesn't arrive
	anywhere     // whatever is sent next doesn't reach the server
)

// wire stands between a client and a server, and breaks the connection of the
// next COMMIT where it is told to. The protocols of PostgreSQL and MySQL are read only
// as far as that needs: one statement goes out at a time, its text as it is.
type wire struct {
	listener net.Listener
	server   string
	delay    time.Duration // of everything that is sent
	next     atomic.Int32  // the cut
	cuts     atomic.Int32  // made so far
	open     sync.WaitGroup
}

// through returns a URL of the database that leads over a wire.
func through(t testing.TB, to string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l, server: u.Host}
	u.Host = l.Addr().String()
	if strings.HasPrefix(u.Scheme, "postgres") {
		q := u.Query()
		q.Set("sslmode", "disable")
		u.RawQuery = q.Encode()
	}
	w.open.Go(w.accept)
	t.Cleanup(func() {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		w.open.Wait()
	})
	return w, u.String()
}

func (w *wire) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.open.Go(func() { w.carry(client) })
	}
}

func (w *wire) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", w.server)
	if err != nil {
		return
	}
	defer server.Close()
	var deaf atomic.Bool // the server's next answer doesn't arrive
	w.open.Go(func() {
		defer client.Close()
		b := make([]byte, 1<<16)
		for {
			n, err := server.Read(b)
			if err != nil || deaf.Load() {
				return // what was read is the answer to the COMMIT
			}
			if _, err := client.Write(b[:n]); err != nil {
				return
			}
		}
	})
	b := make([]byte, 1<<16)
	for {
		n, err := client.Read(b)
		if err != nil {
			return
		}
		time.Sleep(w.delay)
		switch next := cut(w.next.Load()); {
		case next == anywhere, next != never && bytes.Contains(bytes.ToLower(b[:n]), []byte("commit")):
			if !w.next.CompareAndSwap(int32(next), int32(never)) {
				break // another connection's
			}
			w.cuts.Add(1)
			if next != after {
				return
			}
			deaf.Store(true)
		}
		if _, err := server.Write(b[:n]); err != nil {
			return
		}
		if deaf.Load() {
			_, _ = io.Copy(io.Discard, client) // until the answer was swallowed
			return
		}
	}
}
