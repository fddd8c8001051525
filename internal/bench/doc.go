// Package bench measures expunge against a user's alternatives: one hand-written statement,
// pt-archiver, a set-based script. It holds a test only, so that no binary links it:
//
//	make bench                                  # 1,000,000 rows, into bench/
//	go test ./internal/bench -run '^TestBench$' -v -timeout 0 -args -rows 100000 -only delete -out /tmp/bench
//
// Both sides of a row run in one test, one after the other, each on fresh data and on one server
// with one set of settings. Absolute times vary with the machine; the ratio is the result.
// Expunge's side is a process of its own: its time is that of erase.Run, journal, verification and
// receipt included, and its peak memory is the kernel's figure.
//
// The test asserts no time. It asserts the work: no row left, nothing else touched, the same rows
// deleted on both sides, schema and foreign keys as before. `go test ./...` runs all of it with
// 1,000 rows.
package bench
