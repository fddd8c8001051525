// Package corpus measures the drafts of plan/discover on the schemas of real
// applications. It holds tests only; `make corpus` prints the table.
//
// A schema comes from a Debian package. The tests download it once into the cache of
// internal/testdb; the repository contains no schema. It contains the truth: one file
// for each application in truth/, written by hand before any detector was changed for
// that application. A generator fills every table with invented rows.
//
// # Tuned and held out
//
// Detectors were tuned on the sample shop, Roundcube, Request Tracker and Cacti. MediaWiki,
// Zabbix and Tiny Tiny RSS are held out: the tests count the draft's mistakes there,
// and nobody looked at them while changing detectors.
//
// # Measures
//
//   - subject: the proposed subject table is the right one.
//   - links: the share of the truth's links found by the draft (recall), and the share
//     of real links among the proposed ones (precision). Relations to tables without
//     a subject's rows count on neither side.
//   - owners: the truth lists the tables whose rows refer to people several times. Of
//     those, the share whose draft deletes a row only with an owner, or leaves it undecided.
//   - personal columns: the share of personal columns called personal (recall; undecided
//     ones are missed), and the share of right ones among the columns called personal
//     (precision). Disputed columns, such as a machine's password, count on neither side.
//   - silent: personal columns called none by the draft.
//   - undecided: the share of columns left to a person.
//   - edits: the changes needed until the policy passes and three plans build, if
//     every undecided column turns out to be none.
package corpus
