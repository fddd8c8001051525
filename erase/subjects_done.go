package erase

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/plan"
)

// doneSubjects knows, in a run that is continued, which subjects it has deleted already:
// one of them who is inserted again meanwhile is not erased once more, but counted as arrived.
// A batch's entry has a keyed digest of each until the run closes. Without the key of the
// run's first mark nobody is known.
type doneSubjects struct {
	key     []byte // nil: not held
	columns []*dialect.Column
	before  map[string]bool // those that an earlier process of the run has deleted
}

// doneSize is the length of a digest: that two of a million are alike has odds of 1 to 10^17.
const doneSize = 12

func (d *doneSubjects) digest(k dialect.Key) string {
	mac := hmac.New(sha256.New, d.key)
	mac.Write([]byte("expunge-subject-done/v1\x00" + foldKey(k, d.columns)))
	return string(mac.Sum(nil)[:doneSize])
}

// deletedBefore reports whether an earlier process of the run has deleted the subject.
func (d *doneSubjects) deletedBefore(k dialect.Key) bool {
	return len(d.before) > 0 && d.before[d.digest(k)]
}

// encode writes the digests of the subjects that a batch deletes.
func (d *doneSubjects) encode(keys []dialect.Key) string {
	if d.key == nil || len(keys) == 0 {
		return ""
	}
	var all []byte
	for _, k := range keys {
		all = append(all, d.digest(k)...)
	}
	return base64.StdEncoding.EncodeToString(all)
}

// knowDone finds the key of the run's first mark among those that are held, and reads what earlier batches deleted.
func (e *executor) knowDone(ctx context.Context, row *runRow, entries []batchRecord) error {
	if e.plan.Scope != plan.ScopeSubjects || row.Marks == "" {
		return nil
	}
	var marks []subjectMark
	if err := json.Unmarshal([]byte(row.Marks), &marks); err != nil || len(marks) == 0 {
		return fmt.Errorf("the journal's row of the run is damaged")
	}
	for _, k := range e.markKeys(ctx) {
		if markKeyID(k, e.RunID) == marks[0].Key {
			e.done.key = k
		}
	}
	t := e.schema.Table(e.plan.Subject.Table)
	for _, name := range e.plan.Subject.Key {
		e.done.columns = append(e.done.columns, t.Column(name))
	}
	e.done.before = map[string]bool{}
	for _, d := range entries {
		all, err := base64.StdEncoding.DecodeString(d.Done)
		if err != nil || len(all)%doneSize != 0 {
			return fmt.Errorf("the journal's batch %d/%d/%d is damaged", d.Root, d.Seq, d.Part)
		}
		for ; len(all) > 0 && e.done.key != nil; all = all[doneSize:] {
			e.done.before[string(all[:doneSize])] = true
		}
	}
	return nil
}
