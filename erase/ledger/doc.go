// Package ledger keeps a list of erasures outside of the database, to repeat them
// after a restore.
//
// A backup restores everybody erased after it was taken. The journal in the database can't identify
// them: it is restored too, to a moment before the erasures, and it never held their keys. The
// ledger holds them. A run writes its entry before it deletes the first row, and marks it when its
// receipt is signed. erase.Replay reads it after a restore:
//
//	l, err := ledger.Open("/var/lib/expunge/ledger", recipient)
//	report, err := erase.Run(ctx, db, p, erase.Options{Ledger: l, …})
//	…
//	done, err := erase.Replay(ctx, restored, erase.ReplayOptions{
//		Since: backup, Ledger: l.Reader(identity), Policy: policy, Run: erase.Options{Signers: []receipt.Signer{signer}, Ledger: l}})
//
// [Ledger.Expire] drops an entry when the last backup that can hold the data has expired.
//
// # Files
//
// A ledger is a directory. Processes only add files to it; Expire and Forget remove them. Each file
// is complete or absent, however the process or the machine ends, and any number of processes may
// use the ledger at once. It needs a file system with hard links and a reliable fsync.
//
//	LEDGER              marks the directory as a ledger; 32 random bytes, the salt
//	<name>.entry        one run: what it was to erase, encrypted
//	<name>.committed    the same run has ended: when, and its receipt's digest
//	.tmp-…              being written, or left by a dead process; removed by Expire
//
// <name> is the HMAC-SHA256 under the salt of the database's identity, the run ID and the ID of the
// erasure's receipt, with a zero byte between them, its first 16 bytes in hex. It is keyed because
// a run ID may be a case's reference, and a listing of the directory must not show it. Databases
// may share a ledger, and a run ID. A restore may remove a run ID from the journal; other subjects
// may then use it, with their own entry. The entry of a replay has the receipt ID of the replayed
// erasure: it is one replay on any number of copies.
//
// An entry is
//
//	expunge-ledger/v1 entry
//	{"written":"2026-01-02T15:04:05Z","until":"2026-07-02T00:00:00Z"}
//	<an age file, https://age-encryption.org/v1>
//	expunge-ledger end
//
// The last line follows a line feed. It distinguishes a truncated file from an altered one. The age
// file contains frames, each a length of four bytes, big endian, and as many bytes: the JSON of a
// [record.Header], then one subject each.
//
// # Access
//
//   - A user who can list the directory sees the number of erasures, when they began and ended and
//     roughly how many subjects each had, by its size.
//   - A reader of the files also sees when the backups expire and the receipts' digests. Given a
//     run's receipt, he can find the run's files, because the salt is readable.
//   - The holder of a recipient's identity reads the keys of the erased subjects. Keep
//     identities off the machine that erases: it needs the recipients only. A replay needs an
//     identity.
//   - A writer to the directory can remove entries, so that the next restore restores people.
//     Knowing a recipient, he can add entries, so that a replay erases others: age keeps secrets
//     and doesn't authenticate authors. Give the directory to the user that erases (0700), and keep
//     copies of it where that user can't write. The ledger proves nothing; receipts do.
//
// Entries name people by their keys. These are personal data as long as a backup holds the rows.
// That is why entries are encrypted and dropped with the last backup, and why no log, error or file
// name contains them.
//
// # Loss
//
// Nobody can replay an entry without an identity of one of its recipients: encrypt to two
// recipients, and store their identities in different places. An entry never changes its
// recipients. After the loss of a ledger, a restore brings back everybody erased after the backup:
// keep the ledger outside of the database, of its server, and of its backup.
package ledger
