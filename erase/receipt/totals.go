package receipt

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"github.com/gowebpki/jcs"
)

// totalsDigest is the subject's digest of a receipt without row commitments: the SHA-256, in hex,
// of the journal's totals in canonical form (RFC 8785).
//
// The form is {"actions":[…],"retained":[…]}. Actions has one object per action in the receipt's
// order, {step, schema, table, operation, matched, affected, alreadyGone, left, held, arrived,
// unchecked}, with unchanged and otherwise where they aren't 0. Retained has one per retained
// entry, {schema, table, rows}. Counts are decimal strings, because numbers are doubles in RFC
// 8785.
func totalsDigest(actions []Action, retained []Retained) string {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	type object = map[string]string
	totals := map[string][]object{"actions": {}, "retained": {}}
	for _, a := range actions {
		o := object{
			"step": a.Step, "schema": a.Schema, "table": a.Table, "operation": string(a.Operation),
			"matched": n(a.Rows.Matched), "affected": n(a.Rows.Affected), "alreadyGone": n(a.Rows.AlreadyGone),
			"left": n(a.Rows.Left), "held": n(a.Rows.Held), "arrived": n(a.Rows.Arrived),
			"unchecked": n(a.Rows.Unchecked),
		}
		if a.Unchanged != 0 {
			o["unchanged"] = n(a.Unchanged)
		}
		if a.Otherwise != 0 {
			o["otherwise"] = n(a.Otherwise)
		}
		totals["actions"] = append(totals["actions"], o)
	}
	for _, r := range retained {
		totals["retained"] = append(totals["retained"], object{"schema": r.Schema, "table": r.Table, "rows": n(r.Rows)})
	}
	sum := sha256.Sum256(canonical(totals))
	return hex.EncodeToString(sum[:])
}

// canonical is v in the canonical form of RFC 8785. v contains only maps, slices and strings, which
// always have one.
func canonical(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic("receipt: canonical form of a value that isn't made of strings: " + err.Error())
	}
	text, err = jcs.Transform(text)
	if err != nil {
		panic("receipt: canonical form: " + err.Error())
	}
	return text
}
