// Package corpus measures what plan/discover makes of schemas that nobody here
// wrote. It holds tests only; `make corpus` prints the table.
//
// A schema comes from a package of Debian, which is fetched once and kept in the
// cache of internal/testdb: none is committed. What is committed is the truth, a
// file for each application in truth/, written by hand before a detector was
// changed for it, and a generator that fills every table with invented rows.
//
// # Which half was looked at
//
// Detectors were tuned on the sample shop, Roundcube, Request Tracker and Cacti. MediaWiki,
// Zabbix and Tiny Tiny RSS are held out: what the draft gets wrong there is
// counted and wasn't looked at while detectors were changed.
//
// # What is counted
//
//   - subject: the proposed subject table is the right one.
//   - links: those of the truth that are proposed (recall), and those proposed that are
//     real (precision). Relations that lead to no subject count on neither side.
//   - owners: of the tables whose rows refer to people several times, those whose draft
//     deletes a row only with somebody whose row it is, or leaves it undecided.
//   - personal columns: those called personal (recall; undecided ones are missed), and
//     of those called personal the right ones (precision). Columns on which people
//     differ, such as a machine's password, count on neither side.
//   - silent: personal columns that the draft calls none.
//   - undecided: the share of columns that a person has to decide.
//   - edits: what to change until the policy passes and three plans build, where every
//     undecided column turns out to be none.
package corpus
