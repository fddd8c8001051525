// Package log is an append-only log of receipts: it shows that no receipt was withdrawn or exchanged.
//
// A Log is a directory. An entry is the SHA-256 of an envelope as stored, and its record hash
// SHA-256(0x00 ‖ entry). tile/8/… are the hashes of the tree in the layout of
// golang.org/x/mod/sumdb/tlog. checkpoint is the newest signed note (c2sp.org/tlog-checkpoint), by
// an Ed25519 key of the log's own. pending names the entries of an unfinished append: a first line,
// the log's size before it as 8 bytes, and the record hashes. A proof (c2sp.org/tlog-proof) is a
// file to store beside the receipt; VerifyProof checks both offline. GenerateKey writes the
// log's keys in the form of golang.org/x/mod/sumdb/note, with its name.
package log
