// Package expunge documents a library that anonymises and erases personal data in SQL databases, in
// place, and proves what it did. The package holds no code: the library is in the packages below,
// in a reader's order.
//
//   - [github.com/expungedb/expunge/dialect/postgres], dialect/mysql (MariaDB too),
//     dialect/sqlserver and dialect/sqlite each make a [dialect.DB] of your connection pool.
//   - [github.com/expungedb/expunge/plan] reads a policy (plan/policy: what each column holds, and
//     what happens to it) and makes a plan of it for your schema. It writes nothing. plan/discover
//     drafts a first policy.
//   - [github.com/expungedb/expunge/anonymise] has a policy's strategies to replace values, and
//     accepts your own.
//   - [github.com/expungedb/expunge/erase] counts a plan's effects, carries the plan out in
//     batches, and compares the database with a receipt afterwards.
//   - [github.com/expungedb/expunge/erase/receipt] signs and verifies receipts. It needs no
//     database, so an auditor can compile it alone.
//   - erase/erasetest is for your service's own tests.
//   - [github.com/expungedb/expunge/dialect] is the contract of an engine, for authors of another
//     one.
//
// One request, from the policy to the proof:
//
//	db := postgres.New(pool)                       // your *pgxpool.Pool
//	rules, err := policy.Parse(file)               // mistakes are named with line and column
//	p, err := plan.Build(ctx, db, rules, plan.ScopeSubjects)
//	fmt.Println(p)                                 // a person reviews it and approves p.Digest()
//	report, err := erase.Run(ctx, db, p, erase.Options{
//		RunID: erase.RunID("case-2026-0042", "shop"), Approved: p.Digest(),
//		Subjects: erase.SubjectKeys("42"), Signers: []receipt.Signer{signer},
//	})
//	// Keep report.Receipt, also beside an error: it lists the rows that are left.
//	statement, err := receipt.Open(report.Receipt, verifier)
//	found, err := erase.Verify(ctx, db, rules, statement, erase.VerifyOptions{Subjects: erase.SubjectKeys("42")})
//
// The program examples/quickstart does this in some forty lines, and examples/expunge is a command
// line on the same packages.
package expunge
