package dialect

import "testing"

func TestCompareStored(t *testing.T) {
	text, char := &Column{Kind: Text}, &Column{Kind: Text, Fixed: true, Length: 5}
	binary := &Column{Kind: Bytes, Fixed: true, Length: 4}
	money, number := &Column{Kind: Decimal, Precision: 10, Scale: 2}, &Column{Kind: Decimal}
	single, double, rounded := &Column{Kind: Float, Precision: 32}, &Column{Kind: Float, Precision: 64}, &Column{Kind: Float, Precision: 64, Scale: 2, Type: "double(10,2)"}
	seconds, millis := &Column{Kind: Timestamp}, &Column{Kind: Timestamp, Precision: 3}
	document := &Column{Kind: JSON}
	for name, c := range map[string]struct {
		column       *Column
		sent, stored Value
		want         Comparison
	}{
		"NULL":                                 {text, nil, nil, Same},
		"NULL and empty":                       {text, nil, "", Different},
		"empty and NULL":                       {text, "", nil, Different},
		"a text that was cut":                  {text, "abcdef", "abcde", Different},
		"case":                                 {text, "abc", "ABC", Different},
		"accents":                              {text, "rené", "rene", Different},
		"a blank at the end":                   {text, "x ", "x", Different},
		"a blank at the end of a CHAR":         {char, "x ", "x", Same},
		"a blank at the start of a CHAR":       {char, " x", "x", Different},
		"bytes":                                {&Column{Kind: Bytes}, []byte{1, 0}, []byte{1}, Different},
		"padded bytes":                         {binary, []byte{1}, []byte{1, 0, 0, 0}, Same},
		"a decimal's zeros":                    {money, "1.5", "1.50", Same},
		"a decimal that was rounded up":        {money, "1.005", "1.01", Same},
		"a decimal that was cut":               {money, "1.019", "1.01", Different},
		"a decimal of any length":              {number, "1.005", "1.01", Different},
		"a decimal kept as a float":            {number, "12345678901234567890.5", "12345678901234567000", Same},
		"a decimal near a float":               {number, "12345678901234567890.5", "12345678901234567891.5", Different},
		"a huge exponent":                      {number, "1e999999999", "1", Different},
		"a float":                              {double, "1e2", "100", Same},
		"a single":                             {single, "0.1", "0.10000000149", Same},
		"a double like a single":               {double, "0.1", "0.10000000149", Different},
		"a float that rounds":                  {rounded, "-7.125", "-7.12", Same},
		"a float that rounds, another":         {rounded, "1.48", "1.47", Different},
		"integers beyond a float":              {&Column{Kind: Int}, int64(9007199254740993), int64(9007199254740992), Different},
		"an integer as text":                   {&Column{Kind: Int}, "7", int64(7), Same},
		"a truth value as a number":            {&Column{Kind: Bool}, "true", int64(1), Same},
		"another truth value":                  {&Column{Kind: Bool}, "true", "false", Different},
		"bits":                                 {&Column{Kind: Bits, Length: 5}, "101", "00101", Same},
		"a set in another order":               {&Column{Kind: Set}, "b,a", "a,b", Same},
		"another set":                          {&Column{Kind: Set}, "b,a", "a", Different},
		"a uuid":                               {&Column{Kind: UUID}, "A0", "a0", Same},
		"a moment as a date":                   {seconds, "2024-01-01", "2024-01-01 00:00:00", Same},
		"a moment that was cut":                {millis, "2024-01-01 00:00:00.1239", "2024-01-01 00:00:00.123", Same},
		"a moment that was rounded":            {millis, "2024-01-01 00:00:00.9999", "2024-01-01 00:00:01", Same},
		"another moment":                       {millis, "2024-01-01 00:00:00.123", "2024-01-01 00:00:00.125", Different},
		"another day":                          {&Column{Kind: Date}, "2024-01-01", "2024-01-02", Different},
		"SQL Server's datetime":                {&Column{Kind: Timestamp, Type: "datetime", Precision: 3}, "2024-01-01 00:00:00.004", "2024-01-01 00:00:00.003", Same},
		"SQL Server's smalldatetime":           {&Column{Kind: Timestamp, Type: "smalldatetime"}, "2024-01-01 00:00:31", "2024-01-01 00:01:00", Same},
		"JSON, written otherwise":              {document, `{"b": 1.0, "a": [null]}`, `{"a":[null],"b":1}`, Same},
		"JSON of another meaning":              {document, `{"a": 1}`, `{"a": "1"}`, Different},
		"JSON with more keys":                  {document, `{"a": 1}`, `{"a": 1, "b": 1}`, Different},
		"no JSON":                              {document, `{"a": 1`, `{"a": 1}`, Different},
		"an address":                           {&Column{Kind: Inet}, "10.0.0.1/32", "10.0.0.1", Same},
		"another address":                      {&Column{Kind: Inet}, "10.0.0.1", "10.0.0.2", Different},
		"a MAC address":                        {&Column{Kind: Inet}, "08-00-2b-01-02-03", "08:00:2b:01:02:03", Same},
		"an interval, spelled otherwise":       {&Column{Kind: Interval}, "24:00", "24:00:00", Undecided},
		"an interval":                          {&Column{Kind: Interval}, "24:00:00", "24:00:00", Same},
		"a kind that expunge has no rules for": {&Column{}, "a", "b", Undecided},
	} {
		if got := CompareStored(c.column, c.sent, c.stored); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}
