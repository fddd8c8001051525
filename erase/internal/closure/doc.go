// Package closure finds the rows of one batch, decides what becomes of each, and applies the plan's steps to them.
// It works in the transaction of its caller, and knows neither runs nor the journal.
//
//   - compile.go, root.go: a Root, which is a root of the plan compiled for the schema
//   - overwrite.go, follow.go, odd.go: a Writer, which is one overwrite step with the rows that follow it
//   - gather.go: a Closure, which collects and locks all rows that the plan reaches from given roots
//   - decide.go: which of the collected rows are deleted, overwritten, kept
//   - apply.go, triggers.go: the steps on these rows, and on rows that triggers have written meanwhile
//   - result.go: what a batch did, and what to check after its commit
//   - range_step.go: a step on a range of a table, without a closure
//   - split.go: deletes that are split off a closure which is larger than a transaction may be
//   - unindexed_links.go: links without an index, scanned once for all subjects
//   - entry_points.go, collect_again.go: from which rows scope expired finds what a hold kept, and what is due of it
//   - search.go: what is found from given subjects, for a verification
//
// A Closure is made of a dialect.Reader. Only what is given a dialect.Tx writes: RunSteps, RangeStep and Split.
package closure
