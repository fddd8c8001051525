package erase

// Report is what Run says of a run, also beside an error.
type Report struct {
	// RunID is the run's ID, which Run makes where none is given. The same ID again
	// continues a run that isn't finished, and returns the receipt of one that is.
	RunID string
	// Receipt is the signed receipt, a DSSE envelope that package receipt opens. Nil: the run isn't finished.
	// It is there beside a *LeftError, and beside an error that came after the signing.
	Receipt []byte
	// Repeated says that the receipt was signed before, and that nothing was erased now.
	Repeated bool
}
