package receipt

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// typeOf is a statement's predicate type. A payload that isn't an in-toto
// Statement v1 is ErrVersion when it is JSON of another type.
func typeOf(payload []byte) (string, error) {
	var head struct {
		Type          *string `json:"_type"`
		PredicateType *string `json:"predicateType"`
	}
	// Decode, unlike Unmarshal, tells input that ends too early by io.ErrUnexpectedEOF.
	if err := json.NewDecoder(bytes.NewReader(payload)).Decode(&head); err != nil {
		return "", classify(err)
	}
	if head.Type == nil || head.PredicateType == nil {
		return "", fmt.Errorf("%w: the signed bytes are no statement", ErrMalformed)
	}
	if *head.Type != StatementType {
		return "", fmt.Errorf("%w: not an in-toto Statement v1", ErrVersion)
	}
	return *head.PredicateType, nil
}
