//go:build unix

// Command prepare makes what the tests' servers need and this machine's
// packages don't have (testdb.Prepare), so that the tests, whose packages run side
// by side, don't wait for it. Where it can't be made it says why and succeeds:
// the tests that need it then say what to do.
package main

import (
	"fmt"
	"os"

	"github.com/expungedb/expunge/internal/testdb"
)

func main() {
	if os.Getenv("EXPUNGE_TEST_MYSQL") != "" && os.Getenv("EXPUNGE_TEST_POSTGRES") != "" {
		return
	}
	if err := testdb.Prepare(os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "prepare: no newer servers:", err)
	}
}
