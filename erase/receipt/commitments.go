package receipt

// CommitmentAlgorithm names how the row commitments are made.
const CommitmentAlgorithm = "expunge-leaf/v1"
