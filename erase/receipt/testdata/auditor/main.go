// Auditor opens a receipt with nothing but package receipt, like a sceptical reader's own program.
//
//	auditor RECEIPT PUBLIC-KEY
package main

import (
	"fmt"
	"os"

	"github.com/expungedb/expunge/erase/receipt"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Println("broken:", err)
		os.Exit(4)
	}
}

func run(envelopeFile, keyFile string) error {
	envelope, err := os.ReadFile(envelopeFile)
	if err != nil {
		return err
	}
	pem, err := os.ReadFile(keyFile)
	if err != nil {
		return err
	}
	key, err := receipt.ParsePublicKey(pem)
	if err != nil {
		return err
	}
	verifier, err := receipt.NewVerifier(key)
	if err != nil {
		return err
	}
	st, err := receipt.Open(envelope, verifier)
	if err != nil {
		return err
	}
	fmt.Println("holds:", st.Predicate.ReceiptID)
	return nil
}
