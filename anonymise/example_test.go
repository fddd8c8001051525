package anonymise_test

import (
	"fmt"
	"log"

	"github.com/expungedb/expunge/anonymise"
	"github.com/expungedb/expunge/dialect"
)

func Example() {
	secret, err := anonymise.NewSecret([]byte("32 random bytes, not these of course"))
	if err != nil {
		log.Fatal(err)
	}
	spec, err := anonymise.ParseSpec(map[string]any{"fake": "first-name", "consistent": true})
	if err != nil {
		log.Fatal(err)
	}
	strategy, err := anonymise.New(spec)
	if err != nil {
		log.Fatal(err)
	}
	column := &dialect.Column{Name: "first_name", Kind: dialect.Text, Length: 40}
	replacer, err := strategy.Bind(anonymise.Target{Column: column, Rows: -1})
	if err != nil {
		log.Fatal(err)
	}
	source := anonymise.NewSource(secret, nil)
	for _, old := range []string{"Ann", "Bob", "Ann"} {
		name, err := replacer.Replace(source, old)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(old, "→", name)
	}
	// Output:
	// Ann → Clark
	// Bob → Amina
	// Ann → Clark
}

// A policy names an application's own strategy like any other.
func ExampleRegisterFunc() {
	anonymise.RegisterFunc("test-plate", anonymise.Info{Technique: "synthetic data", Class: anonymise.Lossy},
		func(s *anonymise.Source, _ dialect.Value) (dialect.Value, error) {
			return fmt.Sprintf("XX-%04d", s.Rand().IntN(10_000)), nil
		})
	strategy, err := anonymise.New(anonymise.Spec{Name: "test-plate"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strategy.Info().Technique)
	// Output: synthetic data
}
