// Package receipt is the format of erasure receipts: signed statements about the data erased from a
// database. It signs, opens and verifies them offline and puts them into words; package log below it
// keeps them in an append-only log. It imports nothing else of this module and no driver, so that an
// auditor compiles it alone.
//
// Open checks whether a receipt is genuine and returns its content; Sign makes one of a Statement.
// The format in full:
//
// # Envelope
//
// A receipt is a DSSE envelope (https://github.com/secure-systems-lab/dsse): a JSON object
// {"payloadType", "payload", "signatures": [{"keyid", "sig"}]}. The payload type is
// application/vnd.in-toto+json; payload and sig are standard base64 with padding, in one line. Each
// signature is over the bytes
//
//	"DSSEv1 28 application/vnd.in-toto+json " + length of the payload + " " + payload
//
// and made with Ed25519; ECDSA on P-256, P-384 or P-521 with SHA-256, SHA-384 or SHA-512, ASN.1
// encoded; or RSA-PSS of 2048 bits or more with SHA-256 and a salt of 32 bytes. The key decides
// which. keyid is the SHA-256, in hex, of the public key in PKIX form (SubjectPublicKeyInfo, DER).
// A reader tries a signature without one with every key. It parses the signed bytes themselves,
// without encoding them again. It refuses envelopes of more than 64 MiB.
//
// # Statement
//
// The payload is an in-toto Statement v1 (https://in-toto.io/Statement/v1) with the predicate type
// https://github.com/expungedb/expunge/erasure-receipt/v1. It has one subject, named "erasure-set",
// whose sha256 is the root of the row commitments or, without them, the TotalsDigest. The
// predicate's fields are those of Predicate; Schema describes them for other languages.
//
// JSON is read strictly, in the envelope and in the payload: UTF-8; no key twice, unknown, or in
// other case; null nowhere; integers below 2^53; nothing after the end. Times are RFC 3339, days
// 2006-01-02. Optional fields are omitted when unknown. A new field is a new version of the
// predicate type, and an older reader refuses it with ErrVersion.
//
// For every action, matched = affected + alreadyGone + left + held. unchanged counts overwritten
// values that equal the old ones; otherwise counts those that the column's strategy can't replace.
// Nothing in a statement identifies a person: no row value, key or identifier, no hash of one.
//
// # Row commitments
//
// The caller gives each run a key K of 32 random bytes and keeps it. A row is the object {schema,
// table, key, operation} in the canonical form of RFC 8785, where key maps the columns of the whole
// key to their values as text; then
//
//	salt = HMAC-SHA256(K, "expunge-leaf/v1" ‖ 0x00 ‖ row)
//	leaf = SHA-256(0x00 ‖ salt ‖ row)
//
// A batch's leaves are sorted, without duplicates. Decoys fill them up to 64 or the next power of
// two; decoy i, counted from 0, is
//
//	HMAC-SHA256(K, "expunge-decoy/v1" ‖ 0x00 ‖ length of run ID ‖ run ID ‖ SHA-256(sorted leaves) ‖ i)
//
// with lengths and i as 8 bytes, big endian. All of them, sorted, are the leaves of the batch's
// tree (RFC 6962). The tree over the batches has them in the order of their journal rows; each
// batch has the leaf SHA-256(0x00 ‖ root of the batch ‖ number of its leaves as 8 bytes). Its root
// is the receipt's. So the root doesn't depend on the order of rows, nor on a resume.
//
// A Disclosure {salt, row, paths} proves to a person that one row was in the set and reveals
// neither K nor any other row. Disclose makes it from K and the LeafFile written during the run.
//
// While K or a salt exists, leaves are pseudonymous personal data. A CommitmentKey is K in a file,
// {"type", "runId", "key"} with K in hex and the type
// https://github.com/expungedb/expunge/commitment-key/v1.
//
// # Amendments
//
// A receipt is never edited. Later facts are Amendments: statements of the predicate type
// https://github.com/expungedb/expunge/erasure-amendment/v1, in an envelope as above, whose subject
// "receipt" is the SHA-256 of the receipt's envelope. Fold computes the present State from them:
// duplicates count once, in the order in which the facts happened; a backup or recipient must be in
// the receipt. A residue-update is about the stores that it names: each store's level, from
// LevelLogical to LevelMedia, the evidence, and the remaining data with its end. The lowest of all
// stores' levels is the whole's.
//
// # Example
//
// The private key's seed is the bytes 0 to 31; lines are broken for display only.
//
// The signed bytes:
//
//	{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"erasure-set","digest":{"s
//	ha256":"e5330164f5fa9091195249dc2c93a975273a4fe18e3a72eea851424affac77ef"}}],"predicateT
//	ype":"https://github.com/expungedb/expunge/erasure-receipt/v1","predicate":{"receiptId":
//	"0b7d7c1e-5a4e-4f0a-9d66-2f6f0e6f3c11","tool":{"name":"expunge","version":"v1.0.0"},"sco
//	pe":"subjects","planDigest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b785
//	2b855","policyDigest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
//	,"schemaFingerprint":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
//	"controller":"Example Shop Ltd","system":{"journal":"5c0c5b6e-3f5e-4d3c-8a53-3a3f0f6f7c2
//	2","engine":"sqlite"},"actions":[{"step":"1","table":"web_session","operation":"delete",
//	"rows":{"matched":12,"affected":11,"alreadyGone":1,"left":0,"held":0,"arrived":0,"unchec
//	ked":0}}],"commits":{"first":"2026-03-02T10:30:00Z","last":"2026-03-02T10:30:00Z","batch
//	es":1,"retries":0},"residue":{"level":"not assessed"},"doesNotProve":"The signature prov
//	es who made this statement and that it has not changed since; it does not prove that th
//	e statement is true. Replicas, backups, recipients and storage media are named as the op
//	erator declared them and were not seen. What is still physically present after the commi
//	t is stated under residue and nowhere else."}}
//
// The envelope:
//
//	{"payloadType":"application/vnd.in-toto+json","payload":"eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG9
//	0by5pby9TdGF0ZW1lbnQvdjEiLCJzdWJqZWN0IjpbeyJuYW1lIjoiZXJhc3VyZS1zZXQiLCJkaWdlc3QiOnsic2h
//	hMjU2IjoiZTUzMzAxNjRmNWZhOTA5MTE5NTI0OWRjMmM5M2E5NzUyNzNhNGZlMThlM2E3MmVlYTg1MTQyNGFmZmF
//	jNzdlZiJ9fV0sInByZWRpY2F0ZVR5cGUiOiJodHRwczovL2dpdGh1Yi5jb20vZXhwdW5nZWRiL2V4cHVuZ2UvZXJ
//	hc3VyZS1yZWNlaXB0L3YxIiwicHJlZGljYXRlIjp7InJlY2VpcHRJZCI6IjBiN2Q3YzFlLTVhNGUtNGYwYS05ZDY
//	2LTJmNmYwZTZmM2MxMSIsInRvb2wiOnsibmFtZSI6ImV4cHVuZ2UiLCJ2ZXJzaW9uIjoidjEuMC4wIn0sInNjb3B
//	lIjoic3ViamVjdHMiLCJwbGFuRGlnZXN0IjoiZTNiMGM0NDI5OGZjMWMxNDlhZmJmNGM4OTk2ZmI5MjQyN2FlNDF
//	lNDY0OWI5MzRjYTQ5NTk5MWI3ODUyYjg1NSIsInBvbGljeURpZ2VzdCI6ImUzYjBjNDQyOThmYzFjMTQ5YWZiZjR
//	jODk5NmZiOTI0MjdhZTQxZTQ2NDliOTM0Y2E0OTU5OTFiNzg1MmI4NTUiLCJzY2hlbWFGaW5nZXJwcmludCI6ImU
//	zYjBjNDQyOThmYzFjMTQ5YWZiZjRjODk5NmZiOTI0MjdhZTQxZTQ2NDliOTM0Y2E0OTU5OTFiNzg1MmI4NTUiLCJ
//	jb250cm9sbGVyIjoiRXhhbXBsZSBTaG9wIEx0ZCIsInN5c3RlbSI6eyJqb3VybmFsIjoiNWMwYzViNmUtM2Y1ZS0
//	0ZDNjLThhNTMtM2EzZjBmNmY3YzIyIiwiZW5naW5lIjoic3FsaXRlIn0sImFjdGlvbnMiOlt7InN0ZXAiOiIxIiw
//	idGFibGUiOiJ3ZWJfc2Vzc2lvbiIsIm9wZXJhdGlvbiI6ImRlbGV0ZSIsInJvd3MiOnsibWF0Y2hlZCI6MTIsImF
//	mZmVjdGVkIjoxMSwiYWxyZWFkeUdvbmUiOjEsImxlZnQiOjAsImhlbGQiOjAsImFycml2ZWQiOjAsInVuY2hlY2t
//	lZCI6MH19XSwiY29tbWl0cyI6eyJmaXJzdCI6IjIwMjYtMDMtMDJUMTA6MzA6MDBaIiwibGFzdCI6IjIwMjYtMDM
//	tMDJUMTA6MzA6MDBaIiwiYmF0Y2hlcyI6MSwicmV0cmllcyI6MH0sInJlc2lkdWUiOnsibGV2ZWwiOiJub3QgYXN
//	zZXNzZWQifSwiZG9lc05vdFByb3ZlIjoiVGhlIHNpZ25hdHVyZSBwcm92ZXMgd2hvIG1hZGUgdGhpcyBzdGF0ZW1
//	lbnQgYW5kIHRoYXQgaXQgaGFzIG5vdCBjaGFuZ2VkIHNpbmNlOyBpdCBkb2VzIG5vdCBwcm92ZSB0aGF0IHRoZSB
//	zdGF0ZW1lbnQgaXMgdHJ1ZS4gUmVwbGljYXMsIGJhY2t1cHMsIHJlY2lwaWVudHMgYW5kIHN0b3JhZ2UgbWVkaWE
//	gYXJlIG5hbWVkIGFzIHRoZSBvcGVyYXRvciBkZWNsYXJlZCB0aGVtIGFuZCB3ZXJlIG5vdCBzZWVuLiBXaGF0IGl
//	zIHN0aWxsIHBoeXNpY2FsbHkgcHJlc2VudCBhZnRlciB0aGUgY29tbWl0IGlzIHN0YXRlZCB1bmRlciByZXNpZHV
//	lIGFuZCBub3doZXJlIGVsc2UuIn19","signatures":[{"keyid":"a050837d85070582ccf7394b0988847cc
//	312cb88259b894899f6f239cf1791a5","sig":"zPp1SIk/Q9HxMzlnebtfrvBA7bDjwCBKNeizCScKY6gL4oKT
//	Wagziin7CStJl7XNGYZV+Zh2NHSE+JIK0ZReCw=="}]}
//
// Its key ID, set and digest are in the package's Example.
package receipt
