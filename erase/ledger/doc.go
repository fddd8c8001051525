// Package ledger keeps a list of erasures outside of the database, so that
// after a restore they can be carried out again.
//
// A backup brings everybody back who was erased after it was taken. The journal
// in the database can't tell who that was: it is restored too, to a moment
// before the erasures, and it never held their keys. The ledger does. A run writes its
// entry before the first row goes, marks it when its receipt is signed, and
// erase.Replay reads it after a restore:
//
//	l, err := ledger.Open("/var/lib/expunge/ledger", recipient)
//	report, err := erase.Run(ctx, db, p, erase.Options{Ledger: l, …})
//	…
//	done, err := erase.Replay(ctx, restored, erase.ReplayOptions{
//		Since: backup, Ledger: l.Reader(identity), Policy: policy, Run: erase.Options{Signer: signer, Ledger: l}})
//
// An entry is dropped when the last backup that can hold the data is gone
// ([Ledger.Expire]).
//
// # Files
//
// A ledger is a directory. Files are only added to it, and removed by Expire
// and Forget; each appears whole or not at all, however the process or the machine
// ends, and any number of processes may use it at once. It needs a file system
// with hard links that keeps what fsync was called for.
//
//	LEDGER              marks the directory as a ledger; 32 random bytes, the salt
//	<name>.entry        one run: what it was to erase, encrypted
//	<name>.committed    the same run has ended: when, and its receipt's digest
//	.tmp-…              being written, or left by a process that died; removed by Expire
//
// <name> is the HMAC-SHA256 under the salt of the database's identity, the run ID and
// the ID of the erasure's receipt, with a zero byte between them, its first 16 bytes
// in hex: a run ID may be a case's reference, and a listing of the directory must not
// show it. Databases may share a ledger, and a run ID; and one that a restore has
// taken out of the journal may be given to other subjects, who have an entry of their own.
// The entry of a replay has the receipt ID of the erasure that it replays: on
// however many copies it takes place, it is one.
//
// An entry is
//
//	expunge-ledger/v1 entry
//	{"written":"2026-01-02T15:04:05Z","until":"2026-07-02T00:00:00Z"}
//	<an age file, https://age-encryption.org/v1>
//	expunge-ledger end
//
// where the last line stands after a line feed and tells a file that was cut
// off from one that was altered. Within the age file stand frames, each a length of
// four bytes, the highest first, and as many bytes: the JSON of an
// [record.Header], then one subject each.
//
// # Who can read what
//
//   - Who can list the directory sees how many erasures there are, when they
//     began and ended and roughly how many subjects each had, by its size.
//   - Who can read its files sees also when the backups end and the receipts'
//     digests, and can tell whether a run that he has the receipt of is among
//     them, since the salt is there to be read.
//   - Who has an identity of a recipient reads the subjects' keys: who was
//     erased. Keep identities away from the machine that erases, which needs the
//     recipients only; they are needed after a restore.
//   - Who can write to the directory can remove entries, so that people come back
//     with the next restore, and, knowing a recipient, add entries, so that a replay
//     erases others: age keeps secrets and doesn't say who wrote them. The
//     directory belongs to the user that erases (0700), and copies of it to where
//     that user can't write. The ledger proves nothing; receipts do.
//
// Entries name people by their keys, which are personal data for as long as a
// backup holds the rows that they are the keys of. That is why they are
// encrypted and dropped with the last backup, and why no log, error or file name has them.
//
// # What gets lost
//
// Without an identity of one of its recipients an entry can't be replayed, by
// nobody: encrypt to two recipients whose identities lie in different
// places. An entry doesn't change its recipients later. A ledger that is lost means that a
// restore brings back whoever was erased after the backup; so it is no part of
// the database, of its server, or of its backup.
package ledger
