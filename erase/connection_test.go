package erase_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/expungedb/expunge/erase"
	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/internal/testdb"
	"github.com/expungedb/expunge/plan"
	"github.com/google/go-cmp/cmp"
)

// cut says where a connection breaks.
type cut int32

const (
	never  cut = iota
	before     // a COMMIT doesn't reach the server
	after      // the server has committed, and its answer doesn't arrive
)

// wire stands between a client and a PostgreSQL server, and breaks the
// connection of the next COMMIT where it is told to. The protocol is read only
// as far as that needs: one statement goes out at a time.
type wire struct {
	listener net.Listener
	server   string
	next     atomic.Int32 // the cut
	cuts     atomic.Int32 // made so far
	open     sync.WaitGroup
}

// through returns a URL of the database that leads over a wire.
func through(t *testing.T, to string) (*wire, string) {
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
	q := u.Query()
	q.Set("sslmode", "disable")
	u.RawQuery = q.Encode()
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
		if bytes.Contains(bytes.ToLower(b[:n]), []byte("commit")) {
			switch cut(w.next.Swap(int32(never))) {
			case before:
				w.cuts.Add(1)
				return
			case after:
				w.cuts.Add(1)
				deaf.Store(true)
			}
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

func TestACommitOfWhichTheAnswerIsLostCountsOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		cut  cut
		want int64 // attempts beside the first
	}{
		{"undisturbed", never, 0}, {"before it reaches the server", before, 1}, {"after the server has committed", after, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := openTarget(t, testdb.Postgres(t).URL)
			db.club(t)
			w, url := through(t, db.URL)
			far := openTarget(t, url)
			p := db.plan(t, overwrites, plan.Subjects())
			o := options(p, "r", "1", "2")
			o.Workers = 1
			armed := sync.OnceFunc(func() { w.next.Store(int32(c.cut)) })
			env, err := erase.RunAt(t.Context(), far.DB, p, o, func(point string) {
				if point == "journaled" {
					armed()
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if (c.cut != never) != (w.cuts.Load() == 1) {
				t.Fatalf("%d connections were cut", w.cuts.Load())
			}
			st := opened(t, env)
			if d := cmp.Diff(map[string]receipt.Rows{
				"delete remark": {Matched: 3, Affected: 3}, "delete visit": {Matched: 3, Affected: 3}, "delete letter": {Matched: 2, Affected: 2},
				"overwrite member": {Matched: 2, Affected: 2},
			}, done(st)); d != "" {
				t.Error(d)
			}
			if got := st.Predicate.Commits; got.Batches != 1 || got.Retries != c.want {
				t.Errorf("%d batches, %d attempts more, want 1 and %d", got.Batches, got.Retries, c.want)
			}
			if n := db.count(t, "SELECT count(*) FROM visit"); n != 1 {
				t.Errorf("%d visits are left", n)
			}
			db.closed(t)
		})
	}
}
