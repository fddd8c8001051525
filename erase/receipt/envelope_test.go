package receipt

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOpenReturnsWhatWasSigned(t *testing.T) {
	_, v := testSigner(t, 1)
	got, err := Open(testEnvelope(t), v)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(testStatement(), *got); d != "" {
		t.Errorf("statement (-signed +opened):\n%s", d)
	}
}
