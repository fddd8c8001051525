//go:build unix

// Command prepare makes the test servers missing from this machine's packages (testdb.Prepare), so
// that the tests don't wait for it: their packages run side by side. If it fails, it prints the
// reason and succeeds; a test without its server then says what to do.
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
