package journal

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// Held is the row of what an erasure had to leave to a hold. It names the
// topmost remaining row: all others are found from it once the hold has
// ended. Each run with something left has one.
//
// No other key outlives its run. The named row remains. The transaction
// that deletes it, or frees the last of it, deletes the key too.
type Held struct {
	Digest  string // of Root and Key: it finds a row, whatever its key's length
	Run     string
	Receipt string
	Root    string      // see RootOf
	Key     dialect.Key // of the row
	Since   string      // when the row was last gone through, see SortableTime
	Own     bool        // a hold applied to the row itself then, and not only to what is found from it
}

var heldColumns = []string{"digest", "run", "receipt_id", "root", "row_key", "as_of", "own"}

var errDamagedHeld = errors.New("the journal's note of a held row is damaged")

// RootOf names a table together with the columns of its key: under another key
// the same values mean something else.
func RootOf(table dialect.Name, key []string) string {
	return table.String() + "(" + strings.Join(key, ",") + ")"
}

// HeldDigest is the digest of a root's row.
func HeldDigest(root string, key dialect.Key) string {
	sum := sha256.Sum256([]byte(root + "\x00" + dialect.EncodeKey(key)))
	return hex.EncodeToString(sum[:])
}

// SortableTime writes moments as texts of the same order, in every collation.
func SortableTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }

// SinceTime is Since as a moment.
func (h *Held) SinceTime() time.Time {
	t, _ := time.Parse(time.RFC3339Nano, h.Since)
	return t
}

func (j Reader) readHeld(ctx context.Context, tx dialect.Reader, sel dialect.Select) ([]Held, error) {
	sel.Table, sel.Columns = j.table(heldTable), heldColumns
	var out []Held
	for r, err := range tx.Query(ctx, sel) {
		if err != nil {
			return nil, err
		}
		key, err := dialect.DecodeKey(textOf(r[4]))
		if err != nil {
			return nil, errDamagedHeld
		}
		out = append(out, Held{Digest: textOf(r[0]), Run: textOf(r[1]), Receipt: textOf(r[2]), Root: textOf(r[3]), Key: key, Since: textOf(r[5]), Own: intOf(r[6]) == 1})
	}
	return out, nil
}

// HeldRows reads what is stored of the rows with these digests.
func (j Reader) HeldRows(ctx context.Context, tx dialect.Reader, digests []string, lock dialect.Lock) ([]Held, error) {
	if len(digests) == 0 {
		return nil, nil
	}
	return j.readHeld(ctx, tx, dialect.Select{Where: inColumn("digest", digests), Order: []string{"digest", "run"}, Lock: lock})
}

// HeldPage reads the next n rows of a root, in the order of their digests.
func (j Reader) HeldPage(ctx context.Context, root string, after *Held, n int) (page []Held, err error) {
	where := []dialect.Cond{dialect.Compare{Column: "root", Op: "=", Value: root}}
	if after != nil {
		where = append(where, dialect.After{Columns: []string{"digest", "run"}, Key: dialect.Key{after.Digest, after.Run}})
	}
	err = j.read(ctx, func(tx dialect.Reader) (err error) {
		page, err = j.readHeld(ctx, tx, dialect.Select{Where: where, Order: []string{"digest", "run"}, Limit: n})
		return err
	})
	return page, err
}

// HeldOfReceipt reads the rows left by the erasure of a receipt.
func (j Reader) HeldOfReceipt(ctx context.Context, receipt string) (rows []Held, err error) {
	err = j.read(ctx, func(tx dialect.Reader) (err error) {
		rows, err = j.readHeld(ctx, tx, dialect.Select{
			Where: []dialect.Cond{dialect.Compare{Column: "receipt_id", Op: "=", Value: receipt}}, Order: []string{"digest", "run"},
		})
		return err
	})
	return rows, err
}

// AnyHeld reports whether any row is stored, and whether one is of another root than the given ones.
func (j Reader) AnyHeld(ctx context.Context, roots []string) (stored, others bool, err error) {
	other := dialect.All{}
	for _, r := range roots {
		other = append(other, dialect.Compare{Column: "root", Op: "<>", Value: r})
	}
	err = j.read(ctx, func(tx dialect.Reader) error {
		rows, err := j.readHeld(ctx, tx, dialect.Select{Limit: 1})
		if stored = len(rows) > 0; !stored || err != nil {
			return err
		}
		rows, err = j.readHeld(ctx, tx, dialect.Select{Where: other, Limit: 1})
		others = len(rows) > 0
		return err
	})
	return stored, others, err
}

// HasHeld reports whether any row is stored, also in a database without a journal.
func (j Reader) HasHeld(ctx context.Context) (bool, error) {
	stored, _, err := j.AnyHeld(ctx, nil)
	return stored, unlessMissing(ctx, err)
}

// UnfinishedReceipts are the given receipts with a row still stored.
func (j Reader) UnfinishedReceipts(ctx context.Context, receipts []string) (map[string]bool, error) {
	out := map[string]bool{}
	err := j.read(ctx, func(tx dialect.Reader) error {
		for part := range slices.Chunk(receipts, 1000) {
			for r, err := range tx.Query(ctx, dialect.Select{
				Table: j.table(heldTable), Columns: []string{"receipt_id"}, Where: inColumn("receipt_id", part),
			}) {
				if err != nil {
					return err
				}
				out[textOf(r[0])] = true
			}
		}
		return nil
	})
	return out, err
}

// InsertHeld stores rows.
func (j *Journal) InsertHeld(ctx context.Context, tx dialect.Tx, held []Held) error {
	for part := range slices.Chunk(held, dialect.InsertValues/len(heldColumns)) {
		i := dialect.Insert{Table: j.table(heldTable), Columns: heldColumns}
		for _, h := range part {
			i.Rows = append(i.Rows, dialect.Row{h.Digest, h.Run, h.Receipt, h.Root, dialect.EncodeKey(h.Key), h.Since, flagOf(h.Own)})
		}
		if err := tx.Insert(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// TouchHeld stores when the rows were gone through again, and whether a hold applies to
// them themselves.
func (j *Journal) TouchHeld(ctx context.Context, tx dialect.Tx, digests []string, since string, own bool) error {
	if len(digests) == 0 {
		return nil
	}
	return j.update(ctx, tx, heldTable, map[string]dialect.Value{"as_of": since, "own": flagOf(own)}, inColumn("digest", digests))
}

func flagOf(is bool) dialect.Value {
	if is {
		return int64(1)
	}
	return int64(0)
}

// HeldThemselves are the digests of the rows under a hold of their own.
func HeldThemselves(notes []Held) map[string]bool {
	out := map[string]bool{}
	for _, h := range notes {
		if h.Own {
			out[h.Digest] = true
		}
	}
	return out
}

// DeleteHeld deletes what is stored of the rows.
func (j *Journal) DeleteHeld(ctx context.Context, tx dialect.Tx, digests []string) error {
	if len(digests) == 0 {
		return nil
	}
	_, err := tx.Delete(ctx, dialect.Delete{Table: j.table(heldTable), Where: inColumn("digest", digests)})
	return err
}

// NewestHeld gives each row once, with its latest moment, in the order of those moments.
func NewestHeld(rows []Held) []Held {
	at := map[string]int{}
	var out []Held
	for _, h := range rows {
		i, seen := at[h.Digest]
		if !seen {
			at[h.Digest] = len(out)
			out = append(out, h)
			continue
		}
		out[i].Since = max(out[i].Since, h.Since)
	}
	slices.SortStableFunc(out, func(a, b Held) int { return cmp.Compare(a.Since, b.Since) })
	return out
}
