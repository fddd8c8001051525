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
	after        // the server has committed, and its answer is lost
	anywhere     // the next message, whatever it is, doesn't reach the server
)

// wire stands between a client and a server, and breaks the connection of the next COMMIT on request.
type wire struct {
	proxy *toxiproxy.Proxy
	next  atomic.Int32 // the cut
	cuts  atomic.Int32 // made so far
	there *direction   // of the connection being opened
}

// wires are those of running tests, by the names of their proxies: toxics are made from JSON.
var wires sync.Map

// through returns a URL of the database by way of a wire.
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

// poison adds a toxic to all connections, to the server (upstream) and back (downstream).
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

// commitToxic breaks a connection before or after a COMMIT. It reads just enough of the protocols of
// PostgreSQL and MySQL: one statement is sent at a time, as plain text.
type commitToxic struct {
	Wire string `json:"wire"`
}

// direction is one of a connection's two.
type direction struct {
	*wire
	back bool
	deaf *atomic.Bool // the server's next answer is lost
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
				for range stub.Input { // later messages are lost
				}
				return
			}
			stub.Output <- chunk
		}
	}
}

// breaks reports whether the connection breaks instead of sending these bytes.
func (d *direction) breaks(sent []byte) bool {
	if d.back {
		return d.deaf.Load() // these bytes are the answer to the COMMIT
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
