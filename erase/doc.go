// Package erase carries plans out: it overwrites and deletes rows in batches,
// keeps a journal of them in the target database, looks at what it did, and signs a
// receipt. It is the only package that writes to a database.
//
//	p, err := plan.Build(ctx, db, policy, plan.Subjects())
//	report, err := erase.Run(ctx, db, p, erase.Options{
//		RunID: "case-2026-0042", Subjects: erase.SubjectKeys("42"), Signer: signer,
//	})
//	st, err := receipt.Open(report.Receipt, verifiers)
//	v, err := erase.Verify(ctx, db, policy, st, erase.SubjectKeys("42"))
//
// # What it promises
//
//   - Nothing is reported that wasn't counted from committed rows: in every step of
//     a receipt Matched = Affected + AlreadyGone + Left + Held. Rows that are left over
//     are in the receipt, and in a [LeftError] beside it.
//   - Exactly once per run ID. A batch and its entry in the journal commit
//     together; whatever died is continued by running again with the same ID, plan and
//     subjects, and a run that is finished gives its receipt again.
//   - Children go before their parents, the root after them and what it owned
//     last, so that whatever is left after a crash can be found from the root still.
//   - No value, key or identifier is in an error, log line, event or receipt,
//     nor in the journal of a finished run, but for what is held (see below).
//   - [Preview] writes nothing, and [Rehearse] nothing that stays.
//
// # In reading order
//
// [Options] says what a run needs, with a [Source] of subjects. [Run] does the work,
// tells of it by [Event] and refuses by the errors of this package: [ErrDrift],
// [ErrNotApproved], [HazardError], [AccessError] and their like. [Preview] and
// [Rehearse] give a [Result] beforehand. [Verify] holds a receipt against the live
// database afterwards, and [Repair] lists what was left unfinished.
// [JournalDDL] is for an administrator who makes the journal beforehand.
//
// # Who reads and who writes
//
// A reader is an order (plan, database, options) together with the schema of the database
// (reader.go). [Preview], [Samples], [Verify] and [Remains] are made of it. Its transactions are of type dialect.Reader,
// so that none of its methods can write.
//
// [Run] opens a session (session.go). The session makes all checks, acquires the run (claim.go) and gives a
// finished run's receipt. A run that is acquired has a ledger entry (ledger.go) and can be signed (seal.go). The run itself (run.go) embeds
// the reader. Its batches are executed by a batchExecutor (execute_batch.go), in transactions that Run commits and [Rehearse] rolls back.
//
// Two packages below have no part in this: internal/closure finds the rows of a batch, decides what becomes of them and
// applies the steps; internal/journal has the tables in which a run records itself.
//
// # A batch
//
// An iterator makes items of a root, which are given subjects (census.go, stored_forms.go) or ranges of a walk in key order
// (walk.go). Workers take them, each in a transaction of its own (execute.go):
//
//  1. gather: the closure of the item's roots is collected and locked, from the
//     root to the leaves, to the fixpoint where the graph has a cycle;
//  2. decide: holds, other subjects' rows and rows that remain keep rows from being deleted;
//  3. apply: the plan's steps in their order, references cut first, then rows from
//     the leaves to the root, and with values that foreign keys
//     refer to all that refers to them;
//  4. check and record: the run's row is share-locked, its epoch compared, the
//     batch's row is inserted, and all of it commits;
//  5. verify: in another transaction, deleted rows must be gone, and values that
//     were written must be there (verify_committed.go).
//
// A link from the subjects without an index is scanned before the first batch, for
// all of them (unindexed_links.go): batches find its rows by their keys, beside the link's own condition.
//
// A closure with more rows than a transaction should lock is halved by its roots, down to
// one root, of which deletes are split off leaf first (oversized.go). Scope
// everything has no closures, nor has an expired row to which nothing refers:
// each item is one statement on a range. Where another transaction changes one of its rows meanwhile,
// the item is tried again with its rows locked first. Leaves that are only deleted are not
// collected; when more of them went than a transaction should lock, that is rolled back and done in parts.
//
// A batch locks rows as it finds them. Batches that share rows, of one run or of several, can therefore
// wait for each other, and the server rolls one of them back. That one is tried again in turn, and so are
// the run's next batches (turn.go): its first lock is then that of the journal's row for the database, which one
// transaction has at a time. Batches that met nobody go side by side.
//
// After the last batch the roots are scanned again (finish.go, scan_subjects.go). The receipt is assembled from the
// journal (statement.go), signed, stored, published, and the run closed (seal.go).
//
// # What a run notices
//
// A run's row has marks of its subjects (subject_marks.go), each under a key that the caller holds: that of the row
// commitments, the secret, or one derived from a signer that signs a text always alike. Continued or
// repeated with other subjects the run is refused; where no key is held that it was begun with, it is refused
// unless all of its subjects were deleted and none of those given is there. Subjects who were deleted and are inserted
// again while the run is interrupted are counted as arrived (subject_marks.go).
//
// After its locks each batch compares a mark of the catalogue (schema_watch.go): a reference, column or trigger that was
// made meanwhile ends the run with [ErrDrift], and rolls the batch back. On MySQL and MariaDB
// a reference from a database without a table of the plan is seen by who has the privilege PROCESS. [Close] signs what a run has done that can't go on.
//
// # Suspended indexes
//
// In scope everything a root's batches may be spared indexes that the plan offers and
// [Options.Allow] allows (suspend.go). Each is in the journal before it goes, and comes back when the
// table is done, whatever the run ends with. Where the process was killed, whichever [Run] or [Repair] comes
// next puts it back before anything else (suspend_restore.go), unless a living process is carrying that run out;
// and no receipt is signed while one is away.
//
// # Throttles and pauses
//
// A worker that has drawn an item waits, before its transaction begins, until every [Throttle] of
// [Options.Throttles] lets it (throttle.go), and until neither the run nor everything is paused in the
// journal by [Pause] (pause.go). Events tell why. What is under way is finished, and who waits holds no lock.
// An end of the context ends the wait, and leaves a run that can be continued.
//
// # What is held
//
// When a hold keeps something of a subject from being erased, the batch notes in
// the journal (ended.go) from which row it is found again: the subject's own, as a
// rule, since held rows keep what they refer to. The note is the key of a row that
// remains, and the one kind of key that stays when a run has closed: without it
// nobody would know, years later, which rows in the database only a hold has kept.
// It goes in the transaction in which the row goes, or in which nothing of it is
// held any more.
//
// Scope expired takes its ended roots from the notes (ended.go). A batch gathers
// their closures twice, with the holds as of the run's moment and as of when the
// row was last gone through: the difference is what has become free, and what was
// overwritten before isn't overwritten again. Each note says as of when its row
// was gone through last, which is also how a run that died is continued. Rows
// that have come to a row that was erased are deleted with it where they would be
// when it is erased, and not overwritten.
//
// # Files
//
//   - options.go, events.go, report.go, kept.go, errors.go: what a caller gives and gets; run_id.go, due.go: small helpers
//   - subjects.go, subject_text.go: where subjects come from, and how one is written
//   - subject_marks.go, subjects_match.go: whether a run is given its own subjects again
//   - drift.go, hidden.go, grants.go: what the schema and the account must be like
//   - identity.go, protect.go: on which database a plan may run
//   - reader.go, periods.go, odd.go: roots of a plan made ready, tenants' periods, values that can't be replaced
//   - preview.go, samples.go, remains.go: before a run, and without one
//   - verify.go with verify_kind.go (of which kind of subject), verify_subjects.go, verify_links.go, verify_holds.go, verify_values.go, oldvalues.go: after a run
//   - session.go, claim.go, run.go, execute.go, execute_batch.go, sources.go: a run
//   - commit.go, seal.go, statement.go, close.go: its evidence
//   - journal.go, repair.go: the journal as callers see it
//   - ledger.go, replay.go: erasures after a restore
package erase
