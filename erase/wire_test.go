package erase_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"
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
// next COMMIT where it is told to.
type wire struct {
	proxy *toxiproxy.Proxy
	next  atomic.Int32 // the cut
	cuts  atomic.Int32 // made so far
	there *direction   // of the connection that is being opened
}

// wires are those of the tests that run, by the names of their proxies:
// toxics are made of JSON.
var wires sync.Map

// through returns a URL of the database that leads over a wire.
func through(t testing.TB, to string) (*wire, string) {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	w := &wire{proxy: toxiproxy.NewProxy(server, t.Name(), "127.0.0.1:0", u.Host)}
	wires.Store(t.Name(), w)
	w.poison(t, "commit", map[string]any{"wire": t.Name()}, "upstream", "downstream")
	if err := w.proxy.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.proxy.Stop()
		wires.Delete(t.Name())
	})
	u.Host = w.proxy.Listen
	if strings.HasPrefix(u.Scheme, "postgres") {
		q := u.Query()
		q.Set("sslmode", "disable")
		u.RawQuery = q.Encode()
	}
	return w, u.String()
}

// poison adds a toxic to all connections' ways to the server (upstream) and
// back (downstream).
func (w *wire) poison(t testing.TB, kind string, attributes map[string]any, streams ...string) {
	t.Helper()
	for _, stream := range streams {
		toxic, err := json.Marshal(map[string]any{"type": kind, "stream": stream, "attributes": attributes})
		if err == nil {
			_, err = w.proxy.Toxics.AddToxicJson(bytes.NewReader(toxic))
		}
		if err != nil {
			t.Fatal(fmt.Errorf("toxic %s: %w", kind, err))
		}
	}
}

func init() { toxics.Register("commit", new(commitToxic)) }

// commitToxic breaks a connection before or after a COMMIT. The protocols of
// PostgreSQL and MySQL are read only as far as that needs: one statement goes out at a time, its
// text as it is.
type commitToxic struct {
	Wire string `json:"wire"`
}

// direction is one of a connection's two.
type direction struct {
	*wire
	back bool
	deaf *atomic.Bool // the server's next answer doesn't arrive
}

// NewState implements toxics.StatefulToxic. Connections are opened one after
// the other, each first in the direction of the server.
func (c *commitToxic) NewState() any {
	found, _ := wires.Load(c.Wire)
	w := found.(*wire)
	if there := w.there; there != nil {
		w.there = nil
		return &direction{wire: w, back: true, deaf: there.deaf}
	}
	w.there = &direction{wire: w, deaf: new(atomic.Bool)}
	return w.there
}

// Pipe implements toxics.Toxic.
func (c *commitToxic) Pipe(stub *toxics.ToxicStub) {
	d := stub.State.(*direction)
	for {
		select {
		case <-stub.Interrupt:
			return
		case chunk := <-stub.Input:
			if chunk == nil {
				stub.Close()
				return
			}
			if d.breaks(chunk.Data) {
				stub.Close()
				for range stub.Input { // what else is on its way is lost
				}
				return
			}
			stub.Output <- chunk
		}
	}
}

// breaks reports whether the connection breaks instead of carrying what was sent.
func (d *direction) breaks(sent []byte) bool {
	if d.back {
		return d.deaf.Load() // what was sent is the answer to the COMMIT
	}
	next := cut(d.next.Load())
	if next == never || next != anywhere && !bytes.Contains(bytes.ToLower(sent), []byte("commit")) {
		return false
	}
	if !d.next.CompareAndSwap(int32(next), int32(never)) {
		return false // another connection's
	}
	d.cuts.Add(1)
	d.deaf.Store(next == after)
	return next != after
}
