package journal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"github.com/expungedb/expunge/dialect"
)

// Deleted knows the subjects deleted by earlier processes of a run. The run doesn't erase a subject
// inserted again since, and counts it as new. Until the run closes, a batch's row has a keyed digest of
// each. Without the key, the digests identify nobody.
type Deleted struct {
	key     []byte // nil: not held
	columns []*dialect.Column
	before  map[string]bool // the digests of earlier batches
}

// deletedSize is the length of a digest: the odds for two alike in a million are 1 to 10^17.
const deletedSize = 12

// ReadDeleted reads what the batches of a run say. The key is that of the run's first mark, nil
// where it is not held; the columns are those of the subjects' key.
func ReadDeleted(key []byte, columns []*dialect.Column, batches []Batch) (Deleted, error) {
	d := Deleted{key: key, columns: columns, before: map[string]bool{}}
	for i := range batches {
		all, err := base64.StdEncoding.DecodeString(batches[i].Done)
		if err != nil || len(all)%deletedSize != 0 {
			return d, batches[i].damaged()
		}
		for ; len(all) > 0 && key != nil; all = all[deletedSize:] {
			d.before[string(all[:deletedSize])] = true
		}
	}
	return d, nil
}

// Contains reports whether an earlier process of the run has deleted the subject.
func (d *Deleted) Contains(k dialect.Key) bool {
	return len(d.before) > 0 && d.before[d.digest(k)]
}

// Encode writes the digests of the subjects that a batch deletes, for Batch.Done.
func (d *Deleted) Encode(keys []dialect.Key) string {
	if d.key == nil || len(keys) == 0 {
		return ""
	}
	var all []byte
	for _, k := range keys {
		all = append(all, d.digest(k)...)
	}
	return base64.StdEncoding.EncodeToString(all)
}

func (d *Deleted) digest(k dialect.Key) string {
	mac := hmac.New(sha256.New, d.key)
	mac.Write([]byte("expunge-subject-done/v1\x00" + foldKey(k, d.columns)))
	return string(mac.Sum(nil)[:deletedSize])
}
