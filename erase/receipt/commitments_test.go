package receipt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gowebpki/jcs"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

var testKey = bytes.Repeat([]byte{7}, CommitmentKeySize)

func committer(t testing.TB) *Committer {
	t.Helper()
	c, err := NewCommitter(testKey, "run-1")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func batch(t testing.TB, rows ...Row) BatchCommitment {
	t.Helper()
	b, err := committer(t).Batch(slices.Values(rows))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func testRows(n int) []Row {
	rows := make([]Row, n)
	for i := range rows {
		rows[i] = Row{Schema: "public", Table: "invoice", Key: map[string]string{"invoice_id": fmt.Sprint(i)}, Operation: Delete}
	}
	return rows
}

var anyRow = rapid.Custom(func(t *rapid.T) Row {
	return Row{
		Schema:    rapid.String().Draw(t, "schema"),
		Table:     rapid.StringN(1, 8, -1).Draw(t, "table"),
		Key:       rapid.MapOfN(rapid.StringN(1, 8, -1), rapid.String(), 1, 3).Draw(t, "key"),
		Operation: rapid.SampledFrom([]Operation{Delete, Overwrite, Detach}).Draw(t, "operation"),
	}
})

// The engine returns the rows of a batch in any order, and some of them twice when a transaction is
// retried: the root is the same.
func TestRootDoesNotDependOnTheOrderOfRows(t *testing.T) {
	c := committer(t)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(anyRow, 0, 200).Draw(t, "rows")
		want, err := c.Batch(slices.Values(rows))
		if err != nil {
			t.Fatal(err)
		}
		shuffled := rapid.Permutation(append(slices.Clone(rows), rows[:len(rows)/2]...)).Draw(t, "shuffled")
		got, err := c.Batch(slices.Values(shuffled))
		if err != nil {
			t.Fatal(err)
		}
		if got.Root != want.Root || got.Padded != want.Padded {
			t.Fatal("another order of the rows gives another root")
		}
	})
}

// Another process resumes a dead run: it reads committed batches from the journal and makes the
// uncommitted one again, perhaps with its rows in another order. Workers finish in any order.
func TestRootIsTheSameAfterResume(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		batches := rapid.SliceOfN(rapid.SliceOfN(anyRow, 0, 20), 1, 12).Draw(t, "batches")
		undisturbed, err := NewCommitter(testKey, "run-1")
		if err != nil {
			t.Fatal(err)
		}
		var want []BatchCommitment
		for _, rows := range batches {
			b, err := undisturbed.Batch(slices.Values(rows))
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, b)
		}
		died := rapid.IntRange(0, len(batches)).Draw(t, "died")
		journal := make([]BatchCommitment, len(batches))
		for i := range died {
			journal[i] = BatchCommitment{Root: want[i].Root, Padded: want[i].Padded}
		}
		resumed, err := NewCommitter(testKey, "run-1")
		if err != nil {
			t.Fatal(err)
		}
		rest := make([]int, len(batches)-died)
		for i := range rest {
			rest[i] = died + i
		}
		if len(rest) > 0 {
			rest = rapid.Permutation(rest).Draw(t, "workers")
		}
		for _, i := range rest {
			rows := batches[i]
			if len(rows) > 0 {
				rows = rapid.Permutation(rows).Draw(t, "rows")
			}
			if journal[i], err = resumed.Batch(slices.Values(rows)); err != nil {
				t.Fatal(err)
			}
		}
		if *NewCommitments(journal) != *NewCommitments(want) {
			t.Fatal("the root after a resume is another one")
		}
	})
}

// Another program computed the root, from the package's documentation.
func TestRootOfAnotherImplementation(t *testing.T) {
	rows := testRows(300)
	c := NewCommitments([]BatchCommitment{batch(t, rows[:100]...), batch(t), batch(t, rows[100:]...)})
	want := Commitments{
		Algorithm: CommitmentAlgorithm, Leaves: 128 + 64 + 256, Batches: 3,
		Root: "cbf8b96dab445e1d123c9bc89758e09fd21b3e3961c3d4b20669d319e6a92aca",
	}
	if *c != want {
		t.Errorf("commitments %+v, want %+v", *c, want)
	}
}

func TestRootDependsOnKeyRunAndRows(t *testing.T) {
	rows := testRows(3)
	want := batch(t, rows...)
	roots := map[Hash]string{want.Root: "the same"}
	add := func(what string, key []byte, run string, rows []Row) {
		t.Helper()
		c, err := NewCommitter(key, run)
		if err != nil {
			t.Fatal(err)
		}
		b, err := c.Batch(slices.Values(rows))
		if err != nil {
			t.Fatal(err)
		}
		if was, ok := roots[b.Root]; ok {
			t.Errorf("%s gives the root of %s", what, was)
		}
		roots[b.Root] = what
	}
	changed := func(f func(*Row)) []Row {
		list := testRows(3)
		f(&list[1])
		return list
	}
	add("another key", bytes.Repeat([]byte{8}, 32), "run-1", rows)
	add("another run", testKey, "run-2", rows)
	add("one row less", testKey, "run-1", rows[:2])
	add("another table", testKey, "run-1", changed(func(r *Row) { r.Table = "order" }))
	add("another schema", testKey, "run-1", changed(func(r *Row) { r.Schema = "" }))
	add("another operation", testKey, "run-1", changed(func(r *Row) { r.Operation = Overwrite }))
	add("another key value", testKey, "run-1", changed(func(r *Row) { r.Key["invoice_id"] = "9" }))
	add("another key column", testKey, "run-1", changed(func(r *Row) { r.Key = map[string]string{"id": "1"} }))
}

// The leaves must not reveal a batch's number of rows.
func TestPadding(t *testing.T) {
	for rows, want := range map[int]int64{0: 64, 1: 64, 64: 64, 65: 128, 128: 128, 129: 256, 5000: 8192} {
		t.Run(fmt.Sprint(rows), func(t *testing.T) {
			b := batch(t, testRows(rows)...)
			if b.Padded != want || int64(len(b.Leaves)) != want {
				t.Errorf("%d leaves, %d padded, want %d", len(b.Leaves), b.Padded, want)
			}
			if !slices.IsSortedFunc(b.Leaves, compareHashes) || len(slices.Compact(slices.Clone(b.Leaves))) != len(b.Leaves) {
				t.Error("leaves are not sorted and different")
			}
		})
	}
}

func TestCommitterRefuses(t *testing.T) {
	if _, err := NewCommitter(testKey[:16], "run-1"); err == nil {
		t.Error("a key of 16 bytes is taken")
	}
	key := map[string]string{"id": "1"}
	for name, row := range map[string]Row{
		"no table":                 {Key: key, Operation: Delete},
		"no key":                   {Table: "t", Operation: Delete},
		"no operation":             {Table: "t", Key: key},
		"a value that isn't UTF-8": {Table: "t", Key: map[string]string{"id": "\xff"}, Operation: Delete},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := committer(t).Batch(slices.Values([]Row{row})); err == nil {
				t.Error("the row is taken")
			}
		})
	}
}

// The canonical form equals that of the library of RFC 8785.
func TestCanonicalRow(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, row Row) {
		got, err := row.canonical()
		if err != nil {
			t.Fatalf("canonical: %v", err)
		}
		text, err := json.Marshal(row)
		if err != nil {
			t.Fatalf("marshal: %v", err)
		}
		want, err := jcs.Transform(text)
		if err != nil {
			t.Fatalf("jcs: %v", err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("canonical form differs:\n%s\n%s", got, want)
		}
	}
	t.Run("keys above U+FFFF", func(t *testing.T) {
		check(t, Row{Table: "t", Key: map[string]string{"\uffee": "1", "\U00010000": "2", "a": "\u2028<>&\x00\x1f\x7f"}, Operation: Delete})
	})
	t.Run("any row", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) { check(t, anyRow.Draw(t, "row")) })
	})
}

// The trees are those of RFC 6962, as package tlog computes them.
func TestMerkleIsTlogs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var stored []Hash
	read := tlog.HashReaderFunc(func(indexes []int64) ([]Hash, error) {
		var out []Hash
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	var leaves []Hash
	for n := range int64(70) {
		want, err := tlog.TreeHash(n, read)
		if err != nil {
			t.Fatal(err)
		}
		root := merkleRoot(slices.Values(leaves))
		if root != want {
			t.Fatalf("root of %d leaves differs", n)
		}
		for i := range leaves {
			if err := tlog.CheckRecord(inclusionPath(leaves, i), n, root, int64(i), leaves[i]); err != nil {
				t.Fatalf("proof of leaf %d of %d: %v", i, n, err)
			}
		}
		var leaf Hash
		for i := range leaf {
			leaf[i] = byte(rng.Uint32())
		}
		hashes, err := tlog.StoredHashesForRecordHash(n, leaf, read)
		if err != nil {
			t.Fatal(err)
		}
		stored, leaves = append(stored, hashes...), append(leaves, leaf)
	}
}

func BenchmarkCommitBatch(b *testing.B) {
	rows := testRows(5000)
	c := committer(b)
	seq := slices.Values(rows)
	for b.Loop() {
		if _, err := c.Batch(seq); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(rows)), "ns/row")
}
