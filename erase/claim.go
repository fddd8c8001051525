package erase

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/expungedb/expunge/dialect"
	"github.com/expungedb/expunge/erase/internal/journal"
)

// claim makes this process the run's holder until release, and identifies the database.
func (s *session) claim(ctx context.Context) (database *journal.Database, release func(), err error) {
	give, err := s.db.Claim(ctx, "run "+s.RunID)
	if errors.Is(err, dialect.ErrClaimed) {
		return nil, nil, s.errRunningElsewhere(ctx)
	}
	if err != nil {
		return nil, nil, err
	}
	release = func() { _ = give() } // the engine releases the claim with the session at the latest
	if database, err = s.identifyDatabase(ctx); err != nil {
		release()
		return nil, nil, err
	}
	return database, release, nil
}

// describeProcess names the run's holder for another process.
func (s *session) describeProcess() string {
	who := fmt.Sprintf("process %d since %s", os.Getpid(), s.Now().UTC().Format("2006-01-02 15:04:05Z"))
	if s.Actor != "" {
		who = s.Actor + ", " + who
	}
	runes := []rune(who)
	return string(runes[:min(len(runes), 200)])
}

func (s *session) errRunningElsewhere(ctx context.Context) error {
	row, err := s.journal.Find(ctx)
	if err != nil || row == nil {
		return ErrRunning
	}
	return fmt.Errorf("%w: %s", ErrRunning, row.Holder)
}
