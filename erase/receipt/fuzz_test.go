package receipt

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// For any envelope, Open returns one of its documented errors, or a statement that remains the same
// when it is signed anew.
func FuzzOpen(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(vectorDir, "*.json"))
	if err != nil || len(files) < 20 {
		f.Fatalf("%d seeds, %v: the vectors have been moved or lost", len(files), err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	s, v := testSigner(f, 1)
	f.Fuzz(func(t *testing.T, data []byte) {
		st, err := Open(data, v)
		if err != nil {
			if !known(err) {
				t.Fatalf("an error of no known kind: %v", err)
			}
			return
		}
		if _, err := Sign(t.Context(), *st, s); err != nil {
			t.Fatal(err)
		}
	})
}

func known(err error) bool {
	for _, e := range verdicts {
		if e != nil && errors.Is(err, e) {
			return true
		}
	}
	return false
}

// The fuzzer can't sign, so here it makes the signed bytes.
func FuzzPayload(f *testing.F) {
	seeds := []any{testStatement(), NewStatement(smallPredicate())}
	for _, fact := range testFacts() {
		seeds = append(seeds, NewAmendment(testDigest, fact))
	}
	for _, v := range seeds {
		b, err := encodeJSON(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"_type":"` + StatementType + `","_type":"","predicateType":"` + PredicateType + `"}`))
	s, v := testSigner(f, 1)
	o := OpenOptions{Verifiers: []Verifier{v}}
	f.Fuzz(func(t *testing.T, payload []byte) {
		env := signed(t, payload, s)
		if st, err := Open(env, v); err == nil {
			again, err := Sign(t.Context(), *st, s)
			if err != nil {
				t.Fatal(err)
			}
			identical(t, again, s, v)
		} else if !known(err) {
			t.Fatalf("an error of no known kind: %v", err)
		}
		if a, err := OpenAmendment(env, o); err == nil {
			if _, err := SignAmendment(t.Context(), a.Amendment, s); err != nil {
				t.Fatal(err)
			}
		} else if !known(err) {
			t.Fatalf("an error of no known kind: %v", err)
		}
	})
}

// identical: the package writes the same bytes again after reading its own output.
func identical(t *testing.T, env []byte, s Signer, v Verifier) {
	t.Helper()
	st, err := Open(env, v)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Sign(t.Context(), *st, s)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(env, again) {
		t.Fatalf("written again it differs:\n%s\n%s", env, again)
	}
}

func FuzzDisclosure(f *testing.F) {
	s, path := committed(f)
	d, err := disclose(f, s, path, testKey, testRows(1)[0])
	if err != nil {
		f.Fatal(err)
	}
	good, err := d.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(bytes.Replace(good, []byte(`"size":128`), []byte(`"size":9223372036854775807`), 1))
	f.Add([]byte(`{"type":"` + DisclosureType + `"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ParseDisclosure(data)
		if err != nil {
			return
		}
		if d.Verify(s) == nil && d.Row.Table != "invoice" {
			t.Fatal("a row is proven that isn't in the set")
		}
		b, err := d.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseDisclosure(b)
		if err != nil && d.Row.Key != nil && d.Leaf.Hashes != nil && d.Batch.Hashes != nil {
			t.Fatal(err)
		}
		if err == nil {
			if c, err := again.Marshal(); err != nil || !bytes.Equal(b, c) {
				t.Fatal("written again it differs")
			}
		}
	})
}

func FuzzLeafFile(f *testing.F) {
	_, path := committed(f)
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good[:3000])
	f.Add(good[len(good)-200:])
	f.Add([]byte(leafMagic + "b\xff\xff\xff\xff"))
	f.Add([]byte(leafMagic + "o\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var orders, batches []BatchCommitment
		for rec, err := range readLeaves(bytes.NewReader(data)) {
			switch {
			case err != nil:
				if !errors.Is(err, ErrLeaves) {
					t.Fatalf("an error of no known kind: %v", err)
				}
				return
			case rec.Batch != nil:
				if merkleRoot(slices.Values(rec.Batch.Leaves)) != rec.Batch.Root {
					t.Fatal("a batch has another root than its leaves")
				}
				batches = append(batches, *rec.Batch)
			default:
				orders = rec.Order
			}
		}
		if len(batches) == 0 || len(data) > 1<<16 {
			return
		}
		// Written again, it is read as the same.
		again := filepath.Join(t.TempDir(), "leaves")
		l, err := OpenLeafFile(again)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batches {
			if b.Padded > 0 {
				if err := l.Batch(b); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := l.Finish(orders); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		written, err := os.ReadFile(again)
		if err != nil {
			t.Fatal(err)
		}
		var last []BatchCommitment
		for rec, err := range readLeaves(bytes.NewReader(written)) {
			if err != nil {
				t.Fatal(err)
			}
			last = rec.Order
		}
		if commitmentRoot(last) != commitmentRoot(orders) {
			t.Fatal("the order came back as another one")
		}
	})
}

func FuzzKeys(f *testing.F) {
	key, err := GenerateKey(bytes.NewReader(bytes.Repeat([]byte{1}, 32)))
	if err != nil {
		f.Fatal(err)
	}
	private, err := MarshalPrivateKey(key)
	if err != nil {
		f.Fatal(err)
	}
	public, err := MarshalPublicKey(key.Public())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(private)
	f.Add(public)
	f.Add([]byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if k, err := ParsePrivateKey(data); err == nil {
			b, err := MarshalPrivateKey(k)
			if err != nil {
				t.Fatal(err)
			}
			again, err := ParsePrivateKey(b)
			if err != nil {
				t.Fatal(err)
			}
			if c, err := MarshalPrivateKey(again); err != nil || !bytes.Equal(b, c) {
				t.Fatal("written again it differs")
			}
		}
		if k, err := ParsePublicKey(data); err == nil {
			b, err := MarshalPublicKey(k)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ParsePublicKey(b); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func FuzzCommitmentKey(f *testing.F) {
	k, err := NewCommitmentKey("run-1", bytes.NewReader(bytes.Repeat([]byte{7}, CommitmentKeySize)))
	if err != nil {
		f.Fatal(err)
	}
	data, err := k.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(bytes.Replace(data, []byte("07"), []byte("7"), 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := ParseCommitmentKey(data)
		if err != nil {
			return
		}
		b, err := k.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParseCommitmentKey(b); err != nil || !bytes.Equal(again.Key, k.Key) || again.RunID != k.RunID {
			t.Fatalf("written again it differs: %v", err)
		}
	})
}
