// Package receipt is the format of erasure receipts.
package receipt
