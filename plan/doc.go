// Package plan turns a policy, a schema and a scope into a plan: the ordered
// steps that overwrite and delete rows. It decides everything and writes
// nothing; package erase carries a plan out.
//
// # What to start from
//
// A [policy.Policy] says what a database holds about people and what must happen to
// it. [policy.Parse] reads it from its file; [policy.Draft] makes a first one from a
// schema, and [policy.Diff] says what the schema has that the policy doesn't know yet.
//
// [Check] holds a policy against a schema for every scope, and [Build] makes the
// plan of one scope. Both list every problem at once, in a *[policy.Error].
//
// A [Plan] is a value without any personal data or subject's identifier. Its
// [Plan.String] is for the reviewer, [Plan.Digest] is what the reviewer approves,
// [Plan.Encode] and [Decode] store it, and [Plan.Mermaid] draws it. A stored plan is
// input: [Plan.Validate] and [Plan.CheckSchema] refuse what Build doesn't make. It has one
// [Root] for each table that rows are taken from, with the [Table]s of the root's
// closure (how rows are found and what keeps them) and the [Step]s (what is done
// to them, in order). Each [Hazard] has to be allowed by name before it runs.
//
// Two hazards are of the data. For [LinkNeverMatches], [Build] tries values of each link from
// both ends of the table's key. 20 different values without a match, and 20 rows to refer to, make
// the hazard. Fewer tell nothing, and a value further inside the table may still match.
//
// For [CheckMayFail], Build replaces what a step overwrites in up to 100 rows, at least 100 times,
// and has the database compute the table's CHECK constraints on the result, in a read-only transaction.
// A constraint that refuses every such row is a problem: each batch would fail. One that refuses
// some is a hazard: which rows a run meets isn't known, a batch that fails is rolled back as a whole,
// and the few rows of a subject may all pass. It is a hazard too where a trigger may
// correct the values, and where the constraint can't be computed. A table without rows tells nothing.
//
// Neither hazard has a number in it, and the same rows give the same replacements here: data change
// the plan's digest only where a hazard comes or goes.
//
// # What it promises
//
// It fails closed: a table or column that the policy doesn't mention, a
// reference without a decision, a rule that names nothing, or a strategy that
// can't work on its column is a problem, and there is no plan. In scope subjects so is a
// table with personal columns, or with a decision, that no reference or link leads
// to from the subject: it gets a link, or the reason why not (`unlinked`).
//
// Every row that goes is named by a step: what the database would delete by
// cascade is deleted by a step of its own before.
//
// The same policy on the same schema gives the same bytes, in whatever order the
// file lists its entries.
//
// # The closure
//
// Scopes subjects and expired start from a root row and follow every foreign key
// and link that arrives at it, and at what that reaches, to the end. Each
// reference is decided: by `via` for that reference, else by `erase` of the table
// that it is in.
//
//   - delete: the row goes, before what it refers to.
//   - overwrite: it stays, and its columns are replaced.
//   - keep: it stays as it is.
//   - detach: the reference is set NULL, and the row isn't part of the closure.
//     Its columns must be nullable and shared with no key and no other reference.
//
// A row that is reached in several ways takes the strongest decision, in that
// order. Beyond that:
//
//   - The rows of the subject table are people. None but the root's own is ever
//     entered; a reference that the subject table itself has is detached, or kept,
//     which keeps what it refers to.
//   - A row that stays keeps every row that it refers to, if it can't let go: by a
//     reference that isn't nullable, or that a hold covers. Such a row is overwritten
//     instead of deleted, and its columns must say how.
//   - A row under a hold stays, and so does what is reached through it alone. What
//     the hold doesn't keep of its columns is overwritten.
//   - `owns` is followed forwards: the owned row goes after its owner, unless a row
//     outside of the closure refers to it too, in which case it is left as it is.
//   - Rows that refer to each other in a circle go once a nullable reference among
//     them is set NULL, or their constraints are deferred, or in one statement.
//
// # Holds that end
//
// A hold ends when its `until` has passed, or a row doesn't meet its `where` any
// more; one without both never does. Scope expired has a root for what erasures
// left until then, besides one for each retention period (see [Root.Ended]): the
// subject table, whose row remains as a rule since what is held refers to it, and
// each table of which a row may have lost its way to the subject. Nothing is
// overwritten there that was when the subject was erased: rows are deleted that
// were to be and had to stay, and of rows that go on staying what a hold had kept
// is overwritten. To end a hold, give it an `until`: one that is taken out of the
// policy isn't looked for. A condition is about something that doesn't change
// back, and the `keep` of a hold is left as it is while rows are under it: what was
// kept when a subject was erased is taken from the policy of today.
//
// A retention period may be looked up for each row, in the table of its tenant
// say: `older_than: {table: tenant, column: days, key: tenant_id}`. A whole number
// is of days, a text a [policy.Period]. NULL, a row without a tenant and a tenant that
// isn't there keep rows for good; anything else that is no period, zero and less
// included, is refused when the run begins, before anything is written. The periods
// are data: they are read when a run begins, and changing them is no drift.
//
// Scope everything has no closure: each table by itself is overwritten, or
// emptied where its policy says `everything: delete`, children first.
//
// # Conditions
//
// The conditions of links, holds and overwrites (`where`, `when`) are SQL of the engine,
// over the bare names of the table's columns. Each stands in parentheses among
// others. The dialect reads where its texts, names and parentheses end, and refuses
// what could leave them, or would be read otherwise by another setting: comments, semicolons, parameters,
// texts in dollar quotes or with an E before them, double quotes on MySQL and MariaDB.
// The plan shows all conditions to its reviewer.
//
// On PostgreSQL a condition sees pg_catalog first, then what the connection's
// search_path names, as the triggers of the tables do. Write the schema of a
// function or operator, OPERATOR(pg_catalog.=), where users who aren't trusted may create
// some in a schema of that path.
//
// # Keys follow
//
// A column that foreign keys refer to, an e-mail address say, may be overwritten by
// any strategy. What refers to it takes the new values along, and so does what refers to
// that, in steps of their own, whose rows are [Following]. Such a column needs no
// rule, or the same one. The engine either changes all of them together, or does it by
// cascade, in which case each of the foreign keys has to be ON UPDATE CASCADE. They
// have to be of one type, and to compare alike.
//
// A link, or a foreign key that isn't enforced, has no step of that kind: in scope
// everything each end is overwritten in its own table's walk, and the two have to have
// the same consistent strategy, which is made to fit both ([Assignment.Joined]), as
// it is made to fit all columns that have it. Where a link has a condition, the end
// that refers may have the same one as its `when`. Or
// the end that refers is set NULL.
//
// Rows are addressed by a key of which nothing changes, whichever the table has. Where
// it has none, scope everything does the table in one transaction, and the other
// scopes refuse: what a run names its rows by has to outlast it.
//
// # An example
//
// With this policy, on tables where invoice.customer_id and message.sender_id are
// NOT NULL and message.recipient_id isn't:
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
//	detach     message(recipient_id)  received messages stay, without their recipient
//	delete     message                sent ones go
//	overwrite  invoice                those under the hold, but for total and date
//	delete     invoice                the others
//	overwrite  customer               where an invoice stays, its customer has to
//	delete     customer               else it goes
package plan
