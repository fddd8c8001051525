// Package closure finds the rows of one batch, decides what becomes of each, and applies the plan's steps to them.
// It works in the transaction of its caller, and knows neither runs nor the journal.
//
//   - compile.go, root.go: a Root: a root of the plan, compiled for the schema
//   - overwrite.go, follow.go, odd.go: a Writer: one overwrite step, with the rows to follow it
//   - gather.go: a Closure: all rows reached from given roots, collected and locked
//   - decide.go: the decision about each row: delete, overwrite or keep
//   - apply.go, triggers.go: the steps on these rows, and on rows written by triggers meanwhile
//   - result.go: what a batch did, and what to check after its commit
//   - range_step.go: a step on a range of a table, without a closure
//   - split.go: deletes split off a closure larger than a transaction may be
//   - unindexed_links.go: links without an index, scanned once for all subjects
//   - entry_points.go, collect_again.go: held rows from where scope expired starts, and what is due of them
//   - search.go: what is found from given subjects, for a verification
//
// A Closure is made of a dialect.Reader. Only what is given a dialect.Tx writes: RunSteps, RangeStep and Split.
package closure
