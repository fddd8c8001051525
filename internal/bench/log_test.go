//go:build unix

package bench

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/expungedb/expunge/erase/receipt"
	"github.com/expungedb/expunge/erase/receipt/log"
)

// logEntries is the maximum number of receipts in the log; the number of rows if that is less.
const logEntries = 100_000

// logging measures the log of receipts, without a database: the cost of one more, of a proof and of
// a check.
func logging(t *testing.T, _ *engine, n int) []result {
	n = min(n, logEntries)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := receipt.GenerateKey(nil)
	must(err)
	signer, err := log.NewSigner("bench.example/erasures", key)
	must(err)
	verifier, err := log.NewVerifier("bench.example/erasures", key.Public())
	must(err)
	dir := filepath.Join(t.TempDir(), "log")
	must(log.Create(dir, signer))
	l, err := log.Open(dir, log.Options{Signer: signer})
	must(err)
	by, err := receipt.NewSigner(key)
	must(err)
	digest := strings.Repeat("ab", 32)
	numbered := func(id string) []byte {
		envelope, err := receipt.Sign(t.Context(), receipt.NewStatement(receipt.Predicate{
			ReceiptID: id, Tool: receipt.Tool{Name: "expunge"}, Scope: "expired", PlanDigest: digest, PolicyDigest: digest, SchemaFingerprint: digest,
			System: receipt.System{Journal: "bench", Engine: "sqlite"},
		}), by)
		must(err)
		return envelope
	}
	envelopes := make([][]byte, n)
	for i := range envelopes {
		envelopes[i] = numbered(fmt.Sprintf("receipt %d", i))
	}
	all := timed(func() { _, err = l.Append(envelopes...) })
	must(err)
	last := numbered("one more")
	r := result{Work: fmt.Sprintf("a receipt more in a log of %d", n), Engine: "–", GoalText: "≤ 1 s, proof checked ≤ 10 ms", Rows: 1}
	r.Expunge = timed(func() { _, err = l.Append(last) })
	must(err)
	var proof []byte
	proved := timed(func() { proof, err = l.Prove(last) })
	must(err)
	checked := timed(func() { _, err = log.VerifyProof(proof, last, verifier) })
	must(err)
	var c *log.Checkpoint
	read := timed(func() { c, err = l.Verify() })
	must(err)
	if c.Size != int64(n)+1 {
		t.Errorf("the log has %d entries, want %d", c.Size, n+1)
	}
	r.Intact = "the whole log verifies"
	r.Note = fmt.Sprintf("all %d at once in %.2f s; proof of %d bytes made in %.1f ms, checked in %.2f ms; %.1f MiB on disk, read and verified in %.2f s",
		n, all.Seconds(), len(proof), millis(proved), millis(checked), mebibytes(sizeOf(t, dir)), read.Seconds())
	r.meets(r.Expunge <= time.Second && checked <= 10*time.Millisecond)
	return []result{r}
}

func millis(d time.Duration) float64 { return 1000 * d.Seconds() }

// sizeOf is the total size of a folder's files, in bytes.
func sizeOf(t *testing.T, dir string) (sum int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}
