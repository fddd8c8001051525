// Package erase carries plans out. It overwrites and deletes rows in batches, journals them in the
// target database, verifies the result, and signs a receipt. No other package writes to a database.
//
//	p, err := plan.Build(ctx, db, policy, plan.ScopeSubjects)
//	report, err := erase.Run(ctx, db, p, erase.Options{
//		RunID: "case-2026-0042", Subjects: erase.SubjectKeys("42"), Signers: []receipt.Signer{signer},
//	})
//	st, err := receipt.Open(report.Receipt, verifiers)
//	v, err := erase.Verify(ctx, db, policy, st, erase.VerifyOptions{Subjects: erase.SubjectKeys("42")})
//
// # What it promises
//
//   - Every reported number is counted from committed rows: in every step of
//     a receipt Matched = Affected + AlreadyGone + Left + Held. The receipt lists rows
//     left by mistake, and so does the [LeftError] returned with it.
//   - Exactly once per run ID. A batch and its entry in the journal commit
//     together. To continue a run after a crash, run again with the same ID, plan and
//     subjects; for a finished run this returns its receipt again.
//   - Children are deleted before their parents, the root after them and the rows it owned
//     last. After a crash, all remaining rows can still be found from the root.
//   - No error, log line, event or receipt contains a value, key or identifier,
//     nor does the journal of a finished run, except for held rows (see below).
//   - [Preview] writes nothing, and [Rehearse] rolls back all it writes.
//
// # In reading order
//
// [Options] are the settings of a run, with a [Source] of subjects. [Run] does the work, reports each
// [Event] and refuses by the errors of this package: [ErrDrift], [ErrNotApproved], [HazardError],
// [AccessError] and others. [Preview] and [Rehearse] return a [Result] beforehand. [Verify] compares a
// receipt with the live database afterwards, and [Repair] lists unfinished work. With [JournalDDL] an
// administrator can create the journal beforehand.
//
// # Who reads and who writes
//
// A reader is an order (plan, database, options) together with the schema of the database (reader.go).
// [Preview], [Samples], [Verify] and [Remains] use it. Its transactions are of type dialect.Reader, so
// none of its methods can write.
//
// [Run] opens a session (session.go). The session makes all checks, acquires the run (claim.go) and
// returns a finished run's receipt. An acquired run has a ledger entry (ledger.go) and can be signed
// (seal.go). The run itself (run.go) embeds the reader. Its batchExecutor executes batches
// (execute_batch.go) in transactions: Run commits them, [Rehearse] rolls them back.
//
// Two packages below work without these: internal/closure finds the rows of a batch, decides their
// outcome and applies the steps; internal/journal has the tables for the records of a run.
//
// # A batch
//
// An iterator makes items of a root: given subjects (census.go, stored_forms.go) or ranges of a walk in
// key order (walk.go). Workers take them, each in a transaction of its own (execute.go):
//
//  1. gather: collect and lock the closure of the item's roots, from the
//     root to the leaves, to the fixpoint where the graph has a cycle;
//  2. decide: holds, other subjects' rows and remaining rows keep rows from being deleted;
//  3. apply the plan's steps in order: set references NULL first, then delete rows from
//     the leaves to the root. Values referenced by foreign keys are overwritten together
//     with all rows referring to them;
//  4. check and record: share-lock the run's row, compare its epoch, insert the
//     batch's row, and commit it all;
//  5. verify: in another transaction, deleted rows must be gone, and written values
//     must be stored (verify_committed.go).
//
// A link without an index is scanned once before the first batch, for all subjects
// (unindexed_links.go). Batches find its rows by their keys, besides the link's own condition.
//
// A closure with more rows than a transaction should lock is halved by its roots, down to one root.
// From that, deletes are split off leaf first (oversized.go). Scope everything has no closures, nor has
// an expired row without references: each item is one statement on a range. If another transaction
// changes one of its rows meanwhile, the item is retried with its rows locked first. Leaves that are
// only deleted are not collected; if they were more than a transaction should lock, the batch rolls
// back and works in parts.
//
// A batch locks rows as it finds them. Batches with common rows, of one run or several, can therefore
// deadlock, and the server rolls one of them back. This one and the run's next batches take turns
// (turn.go): their first lock is the journal's row for the database, held by one transaction at a time.
// Batches without conflicts run in parallel.
//
// After the last batch the roots are scanned again (finish.go, scan_subjects.go). The receipt is
// assembled from the journal (statement.go), signed, stored, published, and the run closed (seal.go).
//
// # What a run notices
//
// A run's row has marks of its subjects (subject_marks.go), each under a key of the caller: the one of
// the row commitments, the secret, or one derived from a deterministic signer. If a run is continued or
// repeated with other subjects, it is refused. Without any of its keys it is refused unless all of its
// subjects were deleted and none of the given ones has a row. Subjects deleted and inserted again
// during an interruption count as new (subject_marks.go).
//
// After its locks each batch compares a mark of the catalogue (schema_watch.go). A reference, column or
// trigger created meanwhile ends the run with [ErrDrift], and rolls the batch back. On MySQL and
// MariaDB, seeing a reference from a database without a table of the plan takes the privilege PROCESS.
// [Close] signs the work of a run that can't continue.
//
// # Suspended indexes
//
// In scope everything a root's batches may work without indexes that the plan offers and
// [Options.Allow] allows (suspend.go). The journal stores each before it is dropped, and the run
// restores it when the table is done, also after an error. If the process was killed, the next [Run] or
// [Repair] restores it before anything else (suspend_restore.go), unless a living process holds the
// run. No receipt is signed while an index is suspended.
//
// # Throttles and pauses
//
// A worker with its next item waits, before its transaction begins, until every [Throttle] of
// [Options.Throttles] permits it (throttle.go). It also waits while the run, or everything, is paused
// in the journal by [Pause] (pause.go). Events tell why. Batches in progress are finished, and a
// waiting worker holds no lock. When the context ends, so does the wait, and the run can be continued.
//
// # What is held
//
// When a hold keeps something of a subject from being erased, the batch notes in the journal (ended.go)
// from which row it can be found: usually the subject's own, since held rows keep the rows they refer
// to. The note is the key of a remaining row, the one kind of key kept after a run has closed. Without
// it nobody would know, years later, which rows remain only because of a hold. It is deleted in the
// transaction that deletes the row, or erases the last held part of it.
//
// Scope expired takes its ended roots from the notes (ended.go). A batch gathers their closures twice,
// with the holds as of the run's moment and as of the row's last processing. The difference is now due;
// what was overwritten before isn't overwritten again. Each note says when its row was last processed,
// and a continued run starts from there. Rows added since to an erased row are deleted with it if an
// erasure today would delete them, and not overwritten.
//
// # Files
//
//   - options.go, events.go, report.go, kept.go, errors.go: what a caller gives and gets; run_id.go, due.go: small helpers
//   - subjects.go, subject_text.go: where subjects come from, and how one is written
//   - subject_marks.go, subjects_match.go: whether a run is given its own subjects again
//   - drift.go, hidden.go, grants.go: what a run requires of the schema and the account
//   - identity.go, protect.go: on which database a plan may run
//   - reader.go, periods.go, odd.go: compiled roots of a plan, tenants' periods, irreplaceable values
//   - preview.go, samples.go, remains.go: before a run, and without one
//   - verify.go with verify_kind.go, verify_subjects.go, verify_links.go, verify_holds.go, verify_values.go, oldvalues.go: after a run
//   - session.go, claim.go, run.go, execute.go, execute_batch.go, sources.go: a run
//   - commit.go, seal.go, statement.go, close.go: its evidence
//   - journal.go, repair.go: the journal as callers see it
//   - ledger.go, replay.go: erasures after a restore
package erase
