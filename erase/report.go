package erase

// Report is the result of a run, also with an error.
type Report struct {
	// RunID is the run's ID; Run makes one if none is given. The same ID again continues an unfinished
	// run, and returns the receipt of a finished one.
	RunID string
	// Receipt is the signed receipt, a DSSE envelope for package receipt to open. Nil: the run isn't
	// finished. It is also set with a *LeftError, and with an error after the signing.
	Receipt []byte
	// Repeated says: the receipt was signed before, and nothing was erased now.
	Repeated bool
}
