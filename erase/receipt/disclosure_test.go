package receipt

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// committed is a run of three batches: its receipt and its leaf file.
func committed(t testing.TB) (*Statement, string) {
	t.Helper()
	rows := testRows(300)
	batches := []BatchCommitment{batch(t, rows[:100]...), batch(t, rows[100:101]...), batch(t, rows[101:]...)}
	path := filepath.Join(t.TempDir(), "leaves")
	f, err := OpenLeafFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range slices.Backward(batches) { // workers finish in any order
		if err := f.Batch(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(f.Finish(batches), f.Close()); err != nil {
		t.Fatal(err)
	}
	p := testPredicate()
	p.Commitments = NewCommitments(batches)
	s := NewStatement(p)
	return &s, path
}

func disclose(t testing.TB, s *Statement, path string, key []byte, row Row) (*Disclosure, error) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return Disclose(s, bytes.NewReader(data), key, row)
}

func TestEveryRowCanBeDisclosed(t *testing.T) {
	s, path := committed(t)
	for i, row := range testRows(300) {
		d, err := disclose(t, s, path, testKey, row)
		if err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
		file, err := d.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := ParseDisclosure(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := parsed.Verify(s); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
		if bytes.Contains(file, testKey) {
			t.Fatal("the disclosure reveals the key")
		}
	}
}

func TestWhatIsNotInTheSetCannotBeDisclosed(t *testing.T) {
	s, path := committed(t)
	other, _ := committed(t)
	other.Predicate.Commitments = NewCommitments([]BatchCommitment{batch(t, testRows(2)...)})
	overwritten := testRows(1)[0]
	overwritten.Operation = Overwrite
	without := testStatement()
	in := testRows(1)[0]
	for name, tt := range map[string]struct {
		s    *Statement
		key  []byte
		row  Row
		want error
	}{
		"a row that wasn't erased":     {s, testKey, testRows(301)[300], ErrNotInSet},
		"another operation":            {s, testKey, overwritten, ErrNotInSet},
		"another key":                  {s, bytes.Repeat([]byte{9}, 32), in, ErrNotInSet},
		"another run's receipt":        {other, testKey, in, ErrNotInSet},
		"a receipt without commitment": {&without, testKey, in, ErrNoCommitments},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := disclose(t, tt.s, path, tt.key, tt.row); !errors.Is(err, tt.want) {
				t.Errorf("Disclose: %v, want %v", err, tt.want)
			}
		})
	}
}

func TestAlteredDisclosureIsRefused(t *testing.T) {
	s, path := committed(t)
	for name, change := range map[string]func(*Disclosure){
		"another row":          func(d *Disclosure) { d.Row.Key["invoice_id"] = "1" },
		"another salt":         func(d *Disclosure) { d.Salt = testDigest },
		"no salt":              func(d *Disclosure) { d.Salt = "" },
		"another root":         func(d *Disclosure) { d.Root = testDigest },
		"another batch":        func(d *Disclosure) { d.BatchRoot = testDigest },
		"another index":        func(d *Disclosure) { d.Leaf.Index ^= 1 },
		"another size":         func(d *Disclosure) { d.Leaf.Size *= 2 },
		"a size without end":   func(d *Disclosure) { d.Leaf.Size = math.MaxInt64 },
		"a negative size":      func(d *Disclosure) { d.Leaf.Size = -1 },
		"a negative index":     func(d *Disclosure) { d.Leaf.Index = -1 },
		"a hash less":          func(d *Disclosure) { d.Leaf.Hashes = d.Leaf.Hashes[1:] },
		"a hash more":          func(d *Disclosure) { d.Batch.Hashes = append(d.Batch.Hashes, testDigest) },
		"a hash in upper case": func(d *Disclosure) { d.Leaf.Hashes[0] = "AB" + d.Leaf.Hashes[0][2:] },
		"another batch count":  func(d *Disclosure) { d.Batch.Size++ },
		"no row":               func(d *Disclosure) { d.Row = Row{} },
	} {
		t.Run(name, func(t *testing.T) {
			d, err := disclose(t, s, path, testKey, testRows(1)[0])
			if err != nil {
				t.Fatal(err)
			}
			change(d)
			if err := d.Verify(s); !errors.Is(err, ErrDisclosure) {
				t.Errorf("Verify: %v, want ErrDisclosure", err)
			}
		})
	}
}

// A dead process leaves half a record at the end of its leaf file. The next one removes it and
// continues, and every row can be disclosed in the end.
func TestLeafFileIsContinuedAfterACrash(t *testing.T) {
	s, path := committed(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows := testRows(300)
	batches := []BatchCommitment{batch(t, rows[:100]...), batch(t, rows[100:101]...), batch(t, rows[101:]...)}
	for _, n := range []int{0, 1, len(leafMagic) - 1, len(leafMagic), len(leafMagic) + 1, len(leafMagic) + 5, 1000, 8300, len(whole) - 1, len(whole)} {
		cut := filepath.Join(t.TempDir(), "leaves")
		if err := os.WriteFile(cut, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := OpenLeafFile(cut)
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		var wg sync.WaitGroup
		for _, b := range batches {
			wg.Go(func() {
				if err := f.Batch(b); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := errors.Join(f.Finish(batches), f.Close()); err != nil {
			t.Fatal(err)
		}
		for _, i := range []int{0, 100, 299} {
			d, err := disclose(t, s, cut, testKey, rows[i])
			if err != nil {
				t.Fatalf("cut at %d, row %d: %v", n, i, err)
			}
			if err := d.Verify(s); err != nil {
				t.Errorf("cut at %d, row %d: %v", n, i, err)
			}
		}
	}
}

// The removed part may be longer than the next record.
func TestLeafFileIsCutOffWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "leaves")
	large, small := batch(t, testRows(1000)...), batch(t, testRows(1)...)
	f, err := OpenLeafFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Batch(large), f.Close(), os.Truncate(path, 20_000)); err != nil {
		t.Fatal(err)
	}
	if f, err = OpenLeafFile(path); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Batch(small), f.Close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	records := 0
	for rec, err := range readLeaves(bytes.NewReader(data)) {
		if err != nil {
			t.Fatal(err)
		}
		if rec.Batch == nil || rec.Batch.Root != small.Root {
			t.Error("another record than the one that was written")
		}
		records++
	}
	if records != 1 {
		t.Errorf("%d records, want 1", records)
	}
}

func TestDamagedLeafFile(t *testing.T) {
	s, path := committed(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, at := range map[string]int{"its first line": 0, "a record's kind": len(leafMagic), "a leaf": len(leafMagic) + 100} {
		t.Run(name, func(t *testing.T) {
			data := bytes.Clone(whole)
			data[at] ^= 1
			if _, err := Disclose(s, bytes.NewReader(data), testKey, testRows(1)[0]); !errors.Is(err, ErrLeaves) {
				t.Errorf("Disclose: %v, want ErrLeaves", err)
			}
			bad := filepath.Join(t.TempDir(), "leaves")
			if err := os.WriteFile(bad, data, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := OpenLeafFile(bad); !errors.Is(err, ErrLeaves) {
				t.Errorf("OpenLeafFile: %v, want ErrLeaves", err)
			}
		})
	}
}

// An unfinished file has no order yet, and nothing can be disclosed.
func TestUnfinishedLeafFile(t *testing.T) {
	s, path := committed(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Disclose(s, bytes.NewReader(whole[:len(whole)-1]), testKey, testRows(1)[0]); !errors.Is(err, ErrNotInSet) {
		t.Errorf("Disclose: %v, want ErrNotInSet", err)
	}
}

func TestLeafFileIsItsOwnersOnly(t *testing.T) {
	_, path := committed(t)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode().Perm())
	}
}
