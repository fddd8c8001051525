package receipt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// decodeStrict reads JSON into v, a pointer to a struct, and refuses everything that two readers
// could understand differently. encoding/json itself accepts duplicate keys (the last wins), keys
// in other case, null for anything, invalid UTF-8 (replaced) and unknown fields. So decodeStrict
// first compares the tokens with the type. Errors wrap ErrTruncated or ErrMalformed and name the
// path of fields, never a value.
func decodeStrict(data []byte, v any) error {
	if !utf8.Valid(data) {
		return fmt.Errorf("%w: not UTF-8", ErrMalformed)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := checkKeys(dec, reflect.TypeOf(v).Elem(), ""); err != nil {
		return classifyError(err)
	}
	// Unmarshal also refuses anything after the value.
	if err := json.Unmarshal(data, v); err != nil {
		return classifyError(err)
	}
	return nil
}

// classifyError distinguishes truncated input from wrong input. It drops the texts of
// encoding/json, because they can quote the input.
func classifyError(err error) error {
	var shape *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ErrTruncated
	case errors.Is(err, ErrMalformed):
		return err
	case errors.As(err, &shape):
		return fmt.Errorf("%w: %s is not of the right kind", ErrMalformed, shape.Field)
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: not JSON at byte %d", ErrMalformed, syntax.Offset)
	default:
		return fmt.Errorf("%w: a value is not of the right form", ErrMalformed)
	}
}

// typeOf is a statement's predicate type. JSON of another type than in-toto Statement v1 is
// ErrVersion.
func typeOf(payload []byte) (string, error) {
	var head struct {
		Type          *string `json:"_type"`
		PredicateType *string `json:"predicateType"`
	}
	// Decode, unlike Unmarshal, reports truncated input as io.ErrUnexpectedEOF.
	if err := json.NewDecoder(bytes.NewReader(payload)).Decode(&head); err != nil {
		return "", classifyError(err)
	}
	if head.Type == nil || head.PredicateType == nil {
		return "", fmt.Errorf("%w: the signed bytes are no statement", ErrMalformed)
	}
	if *head.Type != StatementType {
		return "", fmt.Errorf("%w: not an in-toto Statement v1", ErrVersion)
	}
	return *head.PredicateType, nil
}

var timeType = reflect.TypeFor[time.Time]()

// checkKeys reads the next value; it must have t's shape.
func checkKeys(dec *json.Decoder, t reflect.Type, path string) error {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	wrong := fmt.Errorf("%w: %s is not of the right kind", ErrMalformed, placeOf(path))
	switch {
	case t == timeType, t.Kind() == reflect.String:
		if _, ok := tok.(string); !ok {
			return wrong
		}
	case t.Kind() == reflect.Bool:
		if _, ok := tok.(bool); !ok {
			return wrong
		}
	case t.Kind() == reflect.Int64:
		if _, ok := tok.(float64); !ok {
			return wrong
		}
	case t.Kind() == reflect.Slice:
		if tok != json.Delim('[') {
			return wrong
		}
		for i := 0; dec.More(); i++ {
			if err := checkKeys(dec, t.Elem(), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		_, err = dec.Token()
		return err
	case t.Kind() == reflect.Map, t.Kind() == reflect.Struct:
		if tok != json.Delim('{') {
			return wrong
		}
		return walkObject(dec, t, path)
	default:
		panic("receipt: decode of a type that it doesn't know: " + t.String())
	}
	return nil
}

func walkObject(dec *json.Decoder, t reflect.Type, path string) error {
	seen := map[string]bool{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return err
		}
		key := tok.(string) // the decoder permits nothing else here
		if seen[key] {
			return fmt.Errorf("%w: a field of %s is there twice", ErrMalformed, placeOf(path))
		}
		seen[key] = true
		var elem reflect.Type
		name := "key"
		if t.Kind() == reflect.Map {
			elem = t.Elem()
		} else {
			field, ok := fieldOf(t, key)
			if !ok {
				return fmt.Errorf("%w: %s has a field that this version doesn't know", ErrMalformed, placeOf(path))
			}
			elem, name = field.Type, key
		}
		if err := checkKeys(dec, elem, strings.TrimPrefix(path+"."+name, ".")); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}

// fieldOf is the field that encoding/json writes under exactly that key.
func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

func placeOf(path string) string {
	if path == "" {
		return "the top level"
	}
	return path
}

// encodeJSON is v as JSON without the escapes for HTML, which only obscure.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// CheckForm refuses anything but an envelope of a statement of this package. It doesn't verify
// signatures: the opener does.
func CheckForm(envelope []byte) error {
	_, payload, err := parseEnvelope(envelope)
	if err != nil {
		return err
	}
	is, err := typeOf(payload)
	if err != nil {
		return err
	}
	var statement interface{ Validate() error } = &Statement{}
	if is == AmendmentType {
		statement = &Amendment{}
	} else {
		is = PredicateType
	}
	if err := parseStatement(payload, is, statement); err != nil {
		return err
	}
	if err := statement.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}
