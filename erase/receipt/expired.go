package receipt

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// ErrNotFinal says that a declared backup may still hold the data.
var ErrNotFinal = errors.New("backups may still hold the data")

// Expired returns the facts that finish a receipt once its final day is over: one for each declared
// backup not yet stated as expired, at the end of its own horizon. The signer sets their
// AmendmentID. It returns none if no backup was declared, or all are stated as expired. Before the
// final day is over (UTC), the error wraps ErrNotFinal and names the day.
func Expired(r *Opened, s *State, now time.Time) ([]Fact, error) {
	if s.BackupsGone() {
		return nil, nil
	}
	final, err := time.Parse(time.DateOnly, r.Statement.Predicate.Final)
	if err != nil {
		return nil, fmt.Errorf("%w: the receipt gives no day for when the last one is gone", ErrNotFinal)
	}
	if now.Before(final.AddDate(0, 0, 1)) {
		return nil, fmt.Errorf("%w: the last one is gone after %s", ErrNotFinal, r.Statement.Predicate.Final)
	}
	var facts []Fact
	for _, b := range s.Backups {
		if !b.Expired.IsZero() {
			continue
		}
		until, err := time.Parse(time.DateOnly, cmp.Or(b.Until, r.Statement.Predicate.Final))
		if err != nil {
			return nil, fmt.Errorf("%w: a backup has no day for when it is gone", ErrNotFinal)
		}
		facts = append(facts, Fact{Kind: BackupExpired, At: until.AddDate(0, 0, 1), Backup: b.Name})
	}
	return facts, nil
}
