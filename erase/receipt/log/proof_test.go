package log

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/expungedb/expunge/erase/receipt"
)

func TestEveryReceiptInTheLogCanBeProven(t *testing.T) {
	for _, n := range []int{1, 2, 255, 256, 257, 700} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			_, l := newLog(t, n)
			for i, env := range receipts(0, n) {
				if n > 300 && i%37 != 0 {
					continue
				}
				p, err := l.Prove(env)
				if err != nil {
					t.Fatal(err)
				}
				in, err := VerifyProof(p, env, verifierOf(t, 9))
				if err != nil {
					t.Fatal(err)
				}
				if in.Index != int64(i) || in.Size != int64(n) {
					t.Errorf("entry %d of %d is proven as %d of %d", i, n, in.Index, in.Size)
				}
			}
			if _, err := l.Verify(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestProofIsRefused(t *testing.T) {
	_, l := newLog(t, 300)
	env := receipts(7, 1)[0]
	good, err := l.Prove(env)
	if err != nil {
		t.Fatal(err)
	}
	line := func(i int, text string) []byte {
		lines := strings.Split(string(good), "\n")
		lines[i] = text
		return []byte(strings.Join(lines, "\n"))
	}
	tests := map[string]struct {
		proof, env []byte
		key        byte
		want       error
	}{
		"another receipt":  {good, []byte("x"), 9, ErrNotLogged},
		"another log key":  {good, env, 8, receipt.ErrSignature},
		"another index":    {line(1, "index 8"), env, 9, ErrNotLogged},
		"a huge index":     {line(1, "index 18446744073709551615"), env, 9, ErrNotLogged},
		"a leading zero":   {line(1, "index 07"), env, 9, receipt.ErrMalformed},
		"another version":  {line(0, "c2sp.org/tlog-proof@v2"), env, 9, receipt.ErrMalformed},
		"an altered hash":  {line(2, lineOf(good, 3)), env, 9, ErrNotLogged},
		"carriage returns": {bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), env, 9, receipt.ErrMalformed},
		"nothing":          {nil, env, 9, receipt.ErrMalformed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := VerifyProof(tt.proof, tt.env, verifierOf(t, tt.key)); !errors.Is(err, tt.want) {
				t.Errorf("VerifyProof: %v, want %v", err, tt.want)
			}
		})
	}
}

func lineOf(data []byte, i int) string {
	return strings.Split(string(data), "\n")[i]
}

// A size beyond 2^62 makes package tlog compute for ever.
func TestCheckpointOfAnImpossibleSize(t *testing.T) {
	for _, size := range []string{"4611686018427387905", "9223372036854775807", "18446744073709551616", "-1", "01"} {
		data, err := note.Sign(&note.Note{Text: testOrigin + "\n" + size + "\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"}, signerOf(t, 9))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseCheckpoint(data, verifierOf(t, 9)); !errors.Is(err, receipt.ErrMalformed) {
			t.Errorf("size %s: %v, want receipt.ErrMalformed", size, err)
		}
	}
}

// BenchmarkLog is about a log of 100,000 receipts.
func BenchmarkLog(b *testing.B) {
	const n = 100_000
	dir, l := newLog(b, n)
	var size int64
	for _, f := range files(b, dir) {
		info, err := os.Stat(filepath.Join(dir, f))
		if err != nil {
			b.Fatal(err)
		}
		size += info.Size()
	}
	last := receipts(n-1, n)[0]
	p, err := l.Prove(last)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("append one", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := l.Append(numberedReceipt(fmt.Sprintf("one more %d of %d", i, b.N))); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("append 1000 at once", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := l.Append(receipts(n+i*1000, n+(i+1)*1000)...); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("prove", func(b *testing.B) {
		for b.Loop() {
			if _, err := l.Prove(last); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(len(p)), "bytes/proof")
	})
	b.Run("verify a proof", func(b *testing.B) {
		v := verifierOf(b, 9)
		for b.Loop() {
			if _, err := VerifyProof(p, last, v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify all", func(b *testing.B) {
		for b.Loop() {
			if _, err := l.Verify(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(size), "bytes/log")
	})
}
