package ledger_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"filippo.io/age"
	"github.com/expungedb/expunge/erase/ledger"
)

// With Options.Ledger, a run does the first half of this itself; Replay does the second.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "ledger")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	// Keep the identity off the machine that erases.
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		panic(err)
	}

	l, err := ledger.Open(dir, identity.Recipient())
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if err := l.Begin(ctx, header("case-1", 8), subjects("42", "43")); err != nil {
		panic(err)
	}
	if err := l.Committed(ctx, named("case-1"), mark(9)); err != nil {
		panic(err)
	}

	backup := time.Date(2026, time.January, 1, 3, 0, 0, 0, time.UTC)
	for e, err := range l.Reader(identity).Entries(backup) {
		if err != nil {
			panic(err)
		}
		fmt.Println(e.RunID, "ended", e.Mark.Closed.Format(time.TimeOnly))
		for s, err := range e.Subjects() {
			fmt.Println(s, err)
		}
	}
	dropped, err := l.Expire(time.Date(2026, time.February, 1, 0, 0, 0, 0, time.UTC))
	fmt.Println("dropped:", dropped, err)
	// Output:
	// case-1 ended 09:00:00
	// 42 <nil>
	// 43 <nil>
	// dropped: 1 <nil>
}
