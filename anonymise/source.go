package anonymise

// Source is what a replacement is made from: randomness and the secret. One
// belongs to one goroutine at a time.
type Source struct {
	// fields are the implementer's
}

// Secret is the key of consistent strategies, at least 32 bytes. It prints as
// "[secret]" and refuses to be encoded.
type Secret struct{ key []byte }
