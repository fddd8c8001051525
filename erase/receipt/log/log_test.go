package log

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/expungedb/expunge/erase/receipt"
)

const testOrigin = "example.com/erasures"

func keyOf(t testing.TB, n byte) ed25519.PrivateKey {
	t.Helper()
	key, err := receipt.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{n}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signerOf(t testing.TB, n byte) note.Signer {
	t.Helper()
	s, err := NewSigner(testOrigin, keyOf(t, n))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func verifierOf(t testing.TB, n byte) note.Verifier {
	t.Helper()
	v, err := NewVerifier(testOrigin, keyOf(t, n).Public())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// receipts are n different receipts.
func receipts(from, n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = numberedReceipt(fmt.Sprintf("envelope %d", from+i))
	}
	return list
}

var numberedReceipts sync.Map // by ID: many tests need the same

// numberedReceipt is a receipt of that ID.
func numberedReceipt(id string) []byte {
	if env, made := numberedReceipts.Load(id); made {
		return env.([]byte)
	}
	const digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	p := receipt.Predicate{
		ReceiptID: id, Tool: receipt.Tool{Name: "expunge"}, Scope: "expired",
		PlanDigest: digest, PolicyDigest: digest, SchemaFingerprint: digest,
		System: receipt.System{Journal: "5c0c5b6e-3f5e-4d3c-8a53-3a3f0f6f7c22", Engine: "sqlite"},
	}
	s, err := receipt.NewSigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize)))
	if err == nil {
		var env []byte
		if env, err = receipt.Sign(context.Background(), receipt.NewStatement(p), s); err == nil {
			numberedReceipts.Store(id, env)
			return env
		}
	}
	panic(err)
}

// A receipt's hash in an altered tile doesn't make it an entry.
func TestAppendSaysOnlyWhatTheCheckpointProves(t *testing.T) {
	dir, l := newLog(t, 300)
	other := receipts(999, 1)[0]
	tile := filepath.Join(dir, "tile/8/0/000")
	data, err := os.ReadFile(tile)
	if err != nil {
		t.Fatal(err)
	}
	h := entryHash(other)
	copy(data[tlog.HashSize:], h[:])
	if err := os.WriteFile(tile, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if at, err := l.Append(other); !errors.Is(err, ErrDamaged) {
		t.Errorf("Append: %v, %v, want ErrDamaged", at, err)
	}
}

func TestALogTakesReceiptsAndAmendmentsOnly(t *testing.T) {
	dir, l := newLog(t, 3)
	before := files(t, dir)
	good := receipts(9, 1)[0]
	for name, envelope := range map[string][]byte{
		"no JSON":               []byte("envelope 1"),
		"nothing":               nil,
		"another JSON":          []byte(`{"payload":"e30=","payloadType":"application/json","signatures":[{"sig":"AA=="}]}`),
		"no signature":          []byte(`{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[]}`),
		"a payload of no type":  []byte(`{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AA=="}]}`),
		"a receipt that is cut": good[:len(good)-10],
	} {
		if at, err := l.Append(good, envelope); err == nil {
			t.Errorf("%s is entry %v", name, at)
		}
	}
	if after := files(t, dir); !slices.Equal(before, after) {
		t.Errorf("files before %s, after %s", before, after)
	}
}

func newLog(t testing.TB, entries int) (string, *Log) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "log")
	if err := Create(dir, signerOf(t, 9)); err != nil {
		t.Fatal(err)
	}
	l, err := Open(dir, Options{Signer: signerOf(t, 9)})
	if err != nil {
		t.Fatal(err)
	}
	if entries > 0 {
		if _, err := l.Append(receipts(0, entries)...); err != nil {
			t.Fatal(err)
		}
	}
	return dir, l
}

func checkpoint(t testing.TB, l *Log) []byte {
	t.Helper()
	c, err := l.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The log is the same after appending one at a time or all at once, without superfluous partial
// tiles.
func TestAppendOneAtATime(t *testing.T) {
	dir, one := newLog(t, 240)
	for i, env := range receipts(240, 30) {
		at, err := one.Append(env)
		if err != nil {
			t.Fatal(err)
		}
		if at[0] != int64(240+i) {
			t.Fatalf("entry %d has the index %d", 240+i, at[0])
		}
	}
	other, atOnce := newLog(t, 270)
	if !bytes.Equal(checkpoint(t, one), checkpoint(t, atOnce)) {
		t.Error("the checkpoints differ")
	}
	if a, b := files(t, dir), files(t, other); !slices.Equal(a, b) {
		t.Errorf("the files differ:\n%s\n%s", a, b)
	}
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			list = append(list, strings.TrimPrefix(path, dir))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// A run that died between appending and marking its journal appends again.
func TestAppendAgainAddsNothing(t *testing.T) {
	_, l := newLog(t, 300)
	before := checkpoint(t, l)
	again := append(receipts(5, 2), receipts(5, 2)...)
	at, err := l.Append(again...)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(at, []int64{5, 6, 5, 6}) {
		t.Errorf("indexes %v, want 5 6 5 6", at)
	}
	if !bytes.Equal(before, checkpoint(t, l)) {
		t.Error("the log has grown")
	}
	twice := receipts(300, 1)[0]
	if at, err = l.Append(twice, twice); err != nil || !slices.Equal(at, []int64{300, 300}) {
		t.Errorf("indexes %v, %v, want 300 300", at, err)
	}
}

// Damage, a rollback and a fork need different reactions, so the errors must distinguish them, with
// and without a published checkpoint.
func TestWhatCanHappenToALog(t *testing.T) {
	const entries = 300
	tests := []struct {
		name string
		do   func(t *testing.T, dir string, old []byte)
		want error
		// published: the caller holds the newest checkpoint.
		published bool
		// full: only Verify finds it, since the files that an append needs are right.
		full bool
	}{
		{name: "nothing", published: true},
		{name: "nothing that was published", full: true},
		{name: "an altered hash in the newest tile", want: ErrDamaged, full: true,
			do: func(t *testing.T, dir string, _ []byte) { flip(t, dir, "tile/8/0/001.p/44", 3) }},
		{name: "an altered hash in an old tile", want: ErrDamaged, full: true,
			do: func(t *testing.T, dir string, _ []byte) { flip(t, dir, "tile/8/0/000", 77) }},
		{name: "an altered hash in an upper tile", want: ErrDamaged, full: true,
			do: func(t *testing.T, dir string, _ []byte) { flip(t, dir, "tile/8/1/000.p/1", 0) }},
		{name: "a tile that is gone", want: ErrDamaged, full: true,
			do: func(t *testing.T, dir string, _ []byte) { remove(t, dir, "tile/8/0/000") }},
		{name: "a tile that is too short", want: ErrDamaged, full: true,
			do: func(t *testing.T, dir string, _ []byte) { put(t, dir, "tile/8/0/000", []byte("short")) }},
		{name: "an older checkpoint put back", want: ErrRolledBack,
			do: func(t *testing.T, dir string, old []byte) { put(t, dir, checkpointFile, old) }},
		{name: "an older checkpoint put back, and one published", want: ErrRolledBack, published: true,
			do: func(t *testing.T, dir string, old []byte) { put(t, dir, checkpointFile, old) }},
		{name: "the whole log put back", want: ErrRolledBack, published: true,
			do: func(t *testing.T, dir string, _ []byte) { replace(t, dir, receipts(0, 100)) }},
		{name: "the whole log put back, but for an append that was cut off", want: ErrRolledBack,
			do: func(t *testing.T, dir string, _ []byte) {
				replace(t, dir, receipts(0, 100))
				put(t, dir, pendingFile, pending{size: entries, leaves: []tlog.Hash{{1}}}.marshalText())
			}},
		{name: "the checkpoint gone", want: ErrRolledBack,
			do: func(t *testing.T, dir string, _ []byte) { remove(t, dir, checkpointFile) }},
		{name: "another history of the same size", want: ErrFork, published: true,
			do: func(t *testing.T, dir string, _ []byte) { replace(t, dir, receipts(1, entries)) }},
		{name: "another history that is longer", want: ErrFork, published: true,
			do: func(t *testing.T, dir string, _ []byte) { replace(t, dir, receipts(1, entries+50)) }},
		{name: "a continued history", published: true,
			do: func(t *testing.T, dir string, _ []byte) { replace(t, dir, receipts(0, entries+50)) }},
		{name: "a checkpoint by another key", want: receipt.ErrSignature,
			do: func(t *testing.T, dir string, _ []byte) {
				if _, err := writeCheckpoint(dir, signerOf(t, 8), Checkpoint{Origin: testOrigin, Root: emptyRoot}); err != nil {
					t.Fatal(err)
				}
			}},
		{name: "a checkpoint that isn't one", want: receipt.ErrMalformed,
			do: func(t *testing.T, dir string, _ []byte) { put(t, dir, checkpointFile, []byte("hello\n")) }},
		{name: "a pending file that isn't one", want: ErrDamaged,
			do: func(t *testing.T, dir string, _ []byte) { put(t, dir, pendingFile, []byte("hello\n")) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, l := newLog(t, 200)
			old := checkpoint(t, l)
			if _, err := l.Append(receipts(200, entries-200)...); err != nil {
				t.Fatal(err)
			}
			o := Options{Signer: signerOf(t, 9)}
			if tt.published {
				o.Published = checkpoint(t, l)
			}
			if tt.do != nil {
				tt.do(t, dir, old)
			}
			l, err := Open(dir, o)
			if err == nil && tt.full {
				_, err = l.Verify()
			}
			if !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			for _, other := range []error{ErrDamaged, ErrRolledBack, ErrFork} {
				if !errors.Is(tt.want, other) && errors.Is(err, other) {
					t.Errorf("the error is also %v", other)
				}
			}
		})
	}
}

// A damaged tile that an append needs stops the append; the log isn't changed.
func TestAppendToADamagedLog(t *testing.T) {
	dir, l := newLog(t, 300)
	flip(t, dir, "tile/8/0/001.p/44", 3)
	before := files(t, dir)
	if _, err := l.Append(receipts(300, 1)...); !errors.Is(err, ErrDamaged) {
		t.Fatalf("Append: %v, want ErrDamaged", err)
	}
	after := slices.DeleteFunc(files(t, dir), func(f string) bool { return f == "/"+pendingFile })
	if !slices.Equal(before, after) {
		t.Errorf("files before %s, after %s", before, after)
	}
}

func flip(t *testing.T, dir, file string, entry int) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	data[entry*len(tlog.Hash{})] ^= 1
	put(t, dir, file, data)
}

func put(t *testing.T, dir, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, file), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, dir, file string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, file)); err != nil {
		t.Fatal(err)
	}
}

// replace replaces the log in dir with one of other entries, by the same key.
func replace(t *testing.T, dir string, envelopes [][]byte) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := Create(dir, signerOf(t, 9)); err != nil {
		t.Fatal(err)
	}
	l, err := Open(dir, Options{Signer: signerOf(t, 9)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(envelopes...); err != nil {
		t.Fatal(err)
	}
}

// The process dies ahead of each write of an append in turn. A reader still sees a valid log; the
// next writer finishes the append or it never began.
func TestAppendIsCutOffAnywhere(t *testing.T) {
	stop := errors.New("the process died")
	for n := 0; ; n++ {
		dir, l := newLog(t, 250)
		published := checkpoint(t, l)
		writes, last := 0, ""
		l.before = func(file string) error {
			if writes++; writes > n {
				last = file
				return stop
			}
			return nil
		}
		_, err := l.Append(receipts(250, 20)...)
		if err == nil {
			if n < 5 {
				t.Fatalf("an append has only %d writes", n)
			}
			return
		}
		if !errors.Is(err, stop) {
			t.Fatalf("stopped ahead of write %d: %v", n, err)
		}
		reader, err := Open(dir, Options{Verifier: verifierOf(t, 9), Published: published})
		if err != nil {
			t.Fatalf("stopped ahead of %s: a reader gets %v", last, err)
		}
		if _, err := reader.Verify(); err != nil {
			t.Fatalf("stopped ahead of %s: a reader gets %v", last, err)
		}
		next, err := Open(dir, Options{Signer: signerOf(t, 9), Published: published})
		if err != nil {
			t.Fatalf("stopped ahead of %s: %v", last, err)
		}
		// The next opening for writing finishes an append whose entries are named.
		state, err := next.Verify()
		if err != nil {
			t.Fatalf("stopped ahead of %s: %v", last, err)
		}
		if begun := last != pendingFile; begun != (state.Size == 270) {
			t.Errorf("stopped ahead of %s: %d entries", last, state.Size)
		}
		if _, err := next.Append(receipts(250, 21)...); err != nil {
			t.Fatalf("stopped ahead of %s: %v", last, err)
		}
		got, err := next.Verify()
		if err != nil {
			t.Fatalf("stopped ahead of %s: %v", last, err)
		}
		_, undisturbed := newLog(t, 271)
		want, err := undisturbed.Verify()
		if err != nil {
			t.Fatal(err)
		}
		if *got != *want {
			t.Errorf("stopped ahead of %s: the log came out as another one", last)
		}
	}
}

// Several processes append at once: each entry is there once.
func TestAppendersAtOnce(t *testing.T) {
	dir, _ := newLog(t, 0)
	done := make(chan error)
	const writers, each = 4, 5
	for w := range writers {
		l, err := Open(dir, Options{Signer: signerOf(t, 9)})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			var err error
			for i := range each {
				_, e := l.Append(receipts(w*each+i, 1)...)
				err = errors.Join(err, e)
			}
			done <- err
		}()
	}
	for range writers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	l, err := Open(dir, Options{Verifier: verifierOf(t, 9)})
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Verify()
	if err != nil {
		t.Fatal(err)
	}
	if c.Size != writers*each {
		t.Errorf("%d entries, want %d", c.Size, writers*each)
	}
}

// A reader of a log doesn't lock it. A simultaneous append is no damage and no rollback, and a
// proof belongs to its own checkpoint.
func TestReadersBesideAnAppender(t *testing.T) {
	dir, writer := newLog(t, 200)
	done := make(chan error, 1)
	go func() {
		var err error
		for i := range 120 { // past the end of a tile
			_, e := writer.Append(receipts(200+i, 1)...)
			err = errors.Join(err, e)
		}
		done <- err
	}()
	verifier := verifierOf(t, 9)
	read := func() error {
		l, err := Open(dir, Options{Verifier: verifier})
		if err != nil {
			return err
		}
		if _, err := l.Verify(); err != nil {
			return err
		}
		envelope := receipts(150, 1)[0]
		proof, err := l.Prove(envelope)
		if err != nil {
			return err
		}
		_, err = VerifyProof(proof, envelope, verifier)
		return err
	}
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
			if err := read(); err != nil {
				t.Error(err)
			}
		}
	}
}

// The tiles of an old checkpoint are contained in those that replaced them.
func TestTilesOfAnOldCheckpoint(t *testing.T) {
	_, l := newLog(t, 200)
	old, err := l.Verify()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 54, 1, 3} { // to 201, 255, 256 and 259 entries
		if _, err := l.Append(receipts(1000+n*100, n)...); err != nil {
			t.Fatal(err)
		}
		for _, tile := range tlog.NewTiles(tileHeight, 0, old.Size) {
			if _, err := tlog.ReadTileData(tile, l.hashReader(*old)); err != nil {
				t.Errorf("%d entries later: %s: %v", n, tile.Path(), err)
			}
		}
	}
}

func TestLogRefuses(t *testing.T) {
	dir, _ := newLog(t, 1)
	if err := Create(dir, signerOf(t, 9)); err == nil {
		t.Error("Create overwrites a log")
	}
	if _, err := Open(filepath.Join(dir, "nothing"), Options{Signer: signerOf(t, 9)}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of nothing: %v", err)
	}
	reader, err := Open(dir, Options{Verifier: verifierOf(t, 9)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Append([]byte("x")); err == nil {
		t.Error("a log that was opened for reading is appended to")
	}
	if _, err := reader.Prove([]byte("x")); !errors.Is(err, ErrNotLogged) {
		t.Errorf("Prove: %v, want ErrNotLogged", err)
	}
}
