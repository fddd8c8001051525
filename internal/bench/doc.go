// Package bench measures expunge against what a user would reach for instead:
// one hand-written statement, pt-archiver, a set-based script. It holds a test
// only, so that nothing of it is linked anywhere:
//
//	make bench                                  # 1,000,000 rows, into bench/
//	go test ./internal/bench -run '^TestBench$' -v -timeout 0 -args -rows 100000 -only delete -out /tmp/bench
//
// Both sides of a row run in one test, one after the other, each on data that
// was made afresh and on one server with one set of settings. Absolute times
// move with the machine; the ratio is the result. Expunge's side is a process
// of its own, whose time is that of erase.Run, journal, verification and
// receipt included, and whose peak memory is the kernel's word for it.
//
// No time is asserted. What is asserted is the work: no row left, nothing else
// touched, the same rows gone on both sides, schema and foreign keys as before.
// `go test ./...` runs all of it with 1,000 rows.
package bench
