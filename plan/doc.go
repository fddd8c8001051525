// Package plan turns a policy, a schema and a scope into a plan: the ordered steps of overwriting
// and deleting rows. It decides everything and writes nothing; package erase carries a plan out.
//
// # What to start from
//
// A [policy.Policy] describes the personal data in a database and what must happen to it.
// [policy.Parse] reads it from its file, [policy.Draft] makes a first one from a schema, and
// [policy.Diff] lists what the schema has and the policy doesn't know yet.
//
// [Check] compares a policy with a schema for every scope, and [Build] makes the plan of one scope.
// Both list every problem at once, in a *[policy.Error].
//
// A [Plan] is a value without any personal data or subject's identifier. [Plan.String] is its text
// for the reviewer, [Plan.Digest] is what the reviewer approves, [Plan.Encode] and [Decode] store
// it, and [Plan.Mermaid] draws it. A stored plan is input: [Plan.Validate] and [Plan.CheckSchema]
// refuse what Build doesn't make.
//
// A plan has [Root]s. Each takes rows from one table, and has the [Table]s of their closure (how a
// run finds rows, and what keeps them) and the [Step]s (what a run does to them, in order). An
// operator must allow each [Hazard] by name before a run.
//
// Two hazards depend on the data. For [LinkNeverMatches], [Build] tries values of each link from
// both ends of the table's key. 20 different values without a match, and 20 rows to refer to, make
// the hazard. Fewer prove nothing, and a value further inside the table may still match.
//
// For [CheckMayFail], Build makes at least 100 replacements in up to 100 sampled rows. The database
// computes the table's CHECK constraints on the result, in a read-only transaction. A constraint is
// a problem if it refuses every such row: each batch would fail.
//
// If it refuses some, it is a hazard: Build can't know which rows a run meets, a failed batch is
// rolled back as a whole, and a subject's few rows may all pass. It is also a hazard if a trigger
// may correct the values, or if the database can't compute the constraint. A table without rows
// proves nothing.
//
// Neither hazard contains a number, and the same rows get the same replacements here. So data
// change the plan's digest only if they add or remove a hazard.
//
// # What it promises
//
// It fails closed. Each of these is a problem, and with a problem there is no plan: a table or
// column missing from the policy, a reference without a decision, a rule for an unknown name, a
// strategy unable to work on its column. In scope subjects, a table with personal columns or a
// decision must be reachable from the subject by references or links, or give a reason
// (`unlinked`).
//
// Each deletion has a step: a step of their own deletes rows before the database would delete them
// by cascade.
//
// The same policy on the same schema gives the same bytes, for any order of the file's entries.
//
// # Kinds of subject
//
// A policy may have several kinds of subject, users and tenants say. [Check] checks all of them. A plan of scope
// subjects is for one kind, which [policy.Policy.As] chooses and [Subject.Kind] records. Rows of
// another kind are reached only where `via` decides about the reference. Scope everything needs no kind, and scope expired only
// where a hold ends; rows that have expired take no subject along.
//
// # The closure
//
// Scopes subjects and expired start from a root row. They follow every foreign key and link to it,
// then those to the rows found, until they find no new table. The policy decides each reference: by
// `via` for the reference, else by `erase` of the referring table.
//
//   - delete: the row is deleted, before the row it refers to.
//   - overwrite: its columns are replaced.
//   - keep: it isn't changed.
//   - detach: the reference is set NULL, and the row isn't part of the closure. Its columns must be
//     nullable, and neither a key nor another reference may share them.
//
// A row reached by several references takes the strongest decision, in this order. In addition:
//
//   - The rows of the subject table are people: the closure enters only the root's own row. A
//     reference from the subject table itself is detached or kept; a kept one keeps the row it
//     refers to.
//   - A remaining row keeps every row it refers to by a reference that it can't set NULL, or whose
//     columns a hold keeps. The kept row is overwritten instead of deleted, and its columns must
//     say how.
//   - A row under a hold remains, and so do rows reached through it alone. Columns are overwritten
//     unless the hold keeps them.
//   - `owns` is followed forwards: the owned row is deleted after its owner. It isn't changed if a
//     row outside of the closure refers to it too.
//   - Rows that refer to each other in a cycle are deleted once a nullable reference among them is
//     set NULL, or with their constraints deferred, or in one statement.
//
// # Holds that end
//
// A hold ends when its `until` has passed, or when a row no longer meets its `where`; a hold
// without both never ends. Scope expired has a root for each retention period, and roots for the
// rows that erasures had to leave to a hold (see [Root.Ended]).
//
// One of these is the subject table: a subject's row usually remains because held rows refer to it.
// The others are tables whose rows may no longer be reachable from the subject. Their steps delete
// rows that couldn't be deleted before, and overwrite what a hold kept of rows still kept. They
// don't overwrite again what the erasure of the subject overwrote.
//
// To end a hold, give it an `until`: scope expired doesn't search for a hold removed from the
// policy. A condition must be about something that doesn't change back. Don't change the `keep` of
// a hold while rows are under it: scope expired assumes today's `keep` was in force when the
// subject was erased.
//
// A retention period may come from another table, say of tenants: `older_than: {table: tenant,
// column: days, key: tenant_id}`. A whole number counts days, a text is a [policy.Period]. NULL, a
// row without a tenant and a missing tenant keep rows forever. A run refuses any other value when
// it begins, before it writes anything; zero and less are among them. The periods are data: a run
// reads them when it begins, and changing them is no drift.
//
// Scope everything has no closure: it overwrites each table by itself, or deletes all its rows if
// its policy says `everything: delete`, children first.
//
// # Conditions
//
// The conditions of links, holds and overwrites (`where`, `when`) are SQL of the engine, over the
// bare names of the table's columns. Each is put in parentheses. The dialect determines where its
// texts, names and parentheses end. It refuses what could escape them, or mean something else under
// another setting: comments, semicolons, parameters, texts in dollar quotes or with an E before
// them, double quotes on MySQL and MariaDB. The plan shows all conditions to its reviewer.
//
// On PostgreSQL a condition sees pg_catalog first, then the connection's search_path, as the
// triggers of the tables do. If untrusted users may create functions or operators in a schema of
// this path, write the schema with the name: OPERATOR(pg_catalog.=).
//
// # Keys follow
//
// Any strategy may overwrite a column that foreign keys refer to, such as an e-mail address. The
// referring columns take the new values, and so do the columns referring to these, in steps of
// their own on [Following] rows. A referring column needs no rule, or the same one. The engine
// either changes all of them together, or by cascade: then each of the foreign keys must be ON
// UPDATE CASCADE. The columns must have one type, and compare alike.
//
// A link, or a foreign key that isn't enforced, has no such step. Scope everything overwrites each
// end in its own table's walk, so both need the same consistent strategy. It is made to fit both
// ([Assignment.Joined]), as it is made to fit all its columns. If a link has a condition, the
// referring end may have the same one as its `when`. Or the referring end is set NULL.
//
// A run addresses rows by a key that no step changes, whichever the table has. Without one, scope
// everything does the table in one transaction, and the other scopes refuse: the names of rows must
// remain valid after the run.
//
// # An example
//
// With this policy, on tables where invoice.customer_id and message.sender_id are NOT NULL and
// message.recipient_id isn't:
//
//	version: 1
//	database: shop
//	subject: {table: customer}
//	tables:
//	  customer:
//	    erase: delete
//	    columns:
//	      customer_id: none
//	      email: {pii: contact, overwrite: {fake: email}}
//	  invoice:
//	    erase: delete
//	    hold: {because: VAT records, until: invoice_date + 6y, keep: [total, invoice_date]}
//	    columns:
//	      invoice_id: none
//	      customer_id: none
//	      address: {pii: address, overwrite: random}
//	      total: none
//	      invoice_date: none
//	  message:
//	    via: {sender_id: delete, recipient_id: detach}
//	    columns: {message_id: none, sender_id: none, recipient_id: none}
//
// scope subjects has these steps (see the package's Example):
//
//	detach     message(recipient_id)  received messages, to remove their recipient
//	delete     message                sent messages
//	overwrite  invoice                those under the hold, except total and date
//	delete     invoice                the others
//	overwrite  customer               if a held invoice keeps the customer
//	delete     customer               otherwise
package plan
