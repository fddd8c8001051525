package erase

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/expungedb/expunge/dialect"
)

// heldRow is the journal's row of what an erasure had to leave to a hold: the
// topmost of the rows that remain, from which all others are found once the
// hold has ended. There is one for each run that left something of it.
//
// It is the only key that outlives its run. The row that it names remains, and
// it goes in the transaction in which the row does, or in which nothing of the
// row is held any more.
type heldRow struct {
	Digest  string // of Root and Key: what a row is looked up by, whatever its key's length
	Run     string
	Receipt string
	Root    string      // rootOf the row's table
	Key     dialect.Key // of the row
	Since   string      // the moment as of which the row was last gone through, see sortable
	Own     bool        // a hold applied to the row itself then, and not only to what is found from it
}

var heldColumns = []string{"digest", "run", "receipt_id", "root", "row_key", "as_of", "own"}

// rootOf names a table together with the columns of its key: under another key
// the same values mean something else.
func rootOf(t *table) string {
	name := t.Name.String() + "("
	for i, c := range t.Key {
		if i > 0 {
			name += ","
		}
		name += c
	}
	return name + ")"
}

func heldDigest(t *table, key dialect.Key) string {
	sum := sha256.Sum256([]byte(rootOf(t) + "\x00" + dialect.EncodeKey(key)))
	return hex.EncodeToString(sum[:])
}

// sortableTime writes a moment so that texts are ordered as the moments are, in
// every collation.
func sortableTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }

func (h *heldRow) since() time.Time {
	t, _ := time.Parse(time.RFC3339Nano, h.Since)
	return t
}

func (j *journal) readHeld(ctx context.Context, tx dialect.Tx, sel dialect.Select) ([]heldRow, error) {
	sel.Table, sel.Columns = j.db.JournalTable(heldTable), heldColumns
	var out []heldRow
	for r, err := range tx.Query(ctx, sel) {
		if err != nil {
			return nil, err
		}
		key, err := dialect.DecodeKey(textOf(r[4]))
		if err != nil {
			return nil, errDamagedHeld
		}
		out = append(out, heldRow{Digest: textOf(r[0]), Run: textOf(r[1]), Receipt: textOf(r[2]), Root: textOf(r[3]), Key: key, Since: textOf(r[5]), Own: intOf(r[6]) == 1})
	}
	return out, nil
}

// heldRows reads what is noted of the rows with these digests.
func (j *journal) heldRows(ctx context.Context, tx dialect.Tx, digests []string, lock dialect.Lock) ([]heldRow, error) {
	if len(digests) == 0 {
		return nil, nil
	}
	return j.readHeld(ctx, tx, dialect.Select{Where: inColumn("digest", digests), Order: []string{"digest", "run"}, Lock: lock})
}

// heldPage reads the next n rows of a root that are noted, in the order of
// their digests.
func (j *journal) heldPage(ctx context.Context, root string, after *heldRow, n int) (page []heldRow, err error) {
	where := []dialect.Cond{dialect.Compare{Column: "root", Op: "=", Value: root}}
	if after != nil {
		where = append(where, dialect.After{Columns: []string{"digest", "run"}, Key: dialect.Key{after.Digest, after.Run}})
	}
	err = j.inTx(ctx, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) (err error) {
		page, err = j.readHeld(ctx, tx, dialect.Select{Where: where, Order: []string{"digest", "run"}, Limit: n})
		return err
	})
	return page, err
}

// heldOfReceipt reads what is noted under a receipt.
func (j *journal) heldOfReceipt(ctx context.Context, receipt string) (rows []heldRow, err error) {
	err = j.inTx(ctx, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) (err error) {
		rows, err = j.readHeld(ctx, tx, dialect.Select{
			Where: []dialect.Cond{dialect.Compare{Column: "receipt_id", Op: "=", Value: receipt}}, Order: []string{"digest", "run"},
		})
		return err
	})
	return rows, err
}

// anyHeld reports whether anything is noted, and whether there are rows of
// other roots than those.
func (j *journal) anyHeld(ctx context.Context, roots []string) (any, others bool, err error) {
	other := dialect.All{}
	for _, r := range roots {
		other = append(other, dialect.Compare{Column: "root", Op: "<>", Value: r})
	}
	err = j.inTx(ctx, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) error {
		rows, err := j.readHeld(ctx, tx, dialect.Select{Limit: 1})
		if any = len(rows) > 0; !any || err != nil {
			return err
		}
		rows, err = j.readHeld(ctx, tx, dialect.Select{Where: other, Limit: 1})
		others = len(rows) > 0
		return err
	})
	return any, others, err
}

// hasNotes is anyHeld where the journal may not have been made.
func (j *journal) hasNotes(ctx context.Context) (bool, error) {
	any, _, err := j.anyHeld(ctx, nil)
	return any, unlessMissing(ctx, err)
}

// unfinishedReceipts are those of the receipts of which something is noted still.
func (j *journal) unfinishedReceipts(ctx context.Context, receipts []string) (map[string]bool, error) {
	out := map[string]bool{}
	err := j.inTx(ctx, dialect.TxOptions{ReadOnly: true}, func(tx dialect.Tx) error {
		for part := range slices.Chunk(receipts, 1000) {
			for r, err := range tx.Query(ctx, dialect.Select{
				Table: j.db.JournalTable(heldTable), Columns: []string{"receipt_id"}, Where: inColumn("receipt_id", part),
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

func inColumn(column string, values []string) []dialect.Cond {
	in := dialect.In{Columns: []string{column}}
	for _, v := range values {
		in.Keys = append(in.Keys, dialect.Key{v})
	}
	return []dialect.Cond{in}
}

// insertHeld notes rows.
func (j *journal) insertHeld(ctx context.Context, tx dialect.Tx, held []heldRow) error {
	for part := range slices.Chunk(held, dialect.InsertValues/len(heldColumns)) {
		i := dialect.Insert{Table: j.db.JournalTable(heldTable), Columns: heldColumns}
		for _, h := range part {
			i.Rows = append(i.Rows, dialect.Row{h.Digest, h.Run, h.Receipt, h.Root, dialect.EncodeKey(h.Key), h.Since, flagOf(h.Own)})
		}
		if err := tx.Insert(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// touchHeld notes that the rows were gone through again, and whether a hold applies to
// them themselves.
func (j *journal) touchHeld(ctx context.Context, tx dialect.Tx, digests []string, since string, own bool) error {
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

// heldThemselves are the digests of the rows to which a hold applied themselves.
func heldThemselves(notes []heldRow) map[string]bool {
	out := map[string]bool{}
	for _, h := range notes {
		if h.Own {
			out[h.Digest] = true
		}
	}
	return out
}

// deleteHeld forgets the rows.
func (j *journal) deleteHeld(ctx context.Context, tx dialect.Tx, digests []string) error {
	if len(digests) == 0 {
		return nil
	}
	_, err := tx.Delete(ctx, dialect.Delete{Table: j.db.JournalTable(heldTable), Where: inColumn("digest", digests)})
	return err
}

// newestNotes gives each row once, with the moment as of which it was last gone
// through, ordered by that moment.
func newestNotes(rows []heldRow) []heldRow {
	at := map[string]int{}
	var out []heldRow
	for _, h := range rows {
		i, seen := at[h.Digest]
		if !seen {
			at[h.Digest] = len(out)
			out = append(out, h)
			continue
		}
		out[i].Since = max(out[i].Since, h.Since)
	}
	slices.SortStableFunc(out, func(a, b heldRow) int { return cmp.Compare(a.Since, b.Since) })
	return out
}
