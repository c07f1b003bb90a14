// Package unix is time as the API writes it where the original does: whole seconds since 1970.
package unix

import (
	"fmt"
	"strconv"
)

// Time is a moment in unix seconds. Like every int64 of the API it is written as a JSON string, and read from a
// string or a number.
type Time int64

// MarshalJSON writes the seconds as a string.
func (t Time) MarshalJSON() ([]byte, error) {
	return []byte(strconv.Quote(strconv.FormatInt(int64(t), 10))), nil
}

// UnmarshalJSON reads seconds from a string or a number.
func (t *Time) UnmarshalJSON(b []byte) error {
	text := string(b)
	if n := len(text); n > 1 && text[0] == '"' && text[n-1] == '"' {
		text = text[1 : n-1]
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("%q is not a whole number of seconds: %w", text, err)
	}
	*t = Time(seconds)
	return nil
}
