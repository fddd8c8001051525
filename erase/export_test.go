package erase

// RunAt is Run with failpoints: point is called with the name of each place
// that the run passes, from whichever worker passes it.
var RunAt = run

// VerifyAt is Verify at a moment.
var VerifyAt = verifyAt
