package sse_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"onex.io/onex/shared/sse"
)

type data struct {
	N    int    `json:"n"`
	Text string `json:"text,omitempty"`
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	sent := []sse.Event[data]{{ID: "1", Name: "block", Data: data{1, "a\nb: c"}}, {}, {Name: "reorg", Data: data{N: 2}}, {ID: "3", Name: "block"}}
	var stream strings.Builder
	for _, e := range sent {
		text, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		stream.Write(text)
	}
	var got []sse.Event[data]
	if err := sse.Read(strings.NewReader(stream.String()), func(e sse.Event[data]) error { got = append(got, e); return nil }); err != nil {
		t.Fatal(err)
	}
	if want := []sse.Event[data]{sent[0], sent[2], sent[3]}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("read %v, want %v", got, want)
	}
}

func TestStreamsOfOthersAreReadAsTheStandardSays(t *testing.T) {
	enough := errors.New("enough")
	for name, row := range map[string]struct {
		stream string
		want   string
	}{
		"comments, beats and unknown fields":   {": hello\n\n:\n\nretry: 5\nevent: a\ndata: {\"n\":1}\n\n", "[{ a {1 }}]"},
		"no space after the colon":             {"id:7\nevent:a\ndata:{\"n\":1}\n\n", "[{7 a {1 }}]"},
		"data on many lines":                   {"event: a\ndata: {\ndata: \"n\":1}\n\n", "[{ a {1 }}]"},
		"line breaks of another system":        {"event: a\r\ndata: {\"n\":1}\r\n\r\n", "[{ a {1 }}]"},
		"an event that breaks off is none":     {"event: a\ndata: {\"n\":1}\n\nevent: b\ndata: {\"n\":2}\n", "[{ a {1 }}]"},
		"an event without data is none":        {"event: a\n\nevent: b\ndata: {\"n\":2}\n\n", "[{ b {2 }}]"},
		"nothing at all":                       {"", "[]"},
		"data that is no JSON ends the stream": {"event: a\ndata: {\n\n", "[] error"},
		"the reader has enough":                {"event: a\ndata: {\"n\":9}\n\nevent: a\ndata: {\"n\":1}\n\n", "[{ a {9 }}] error"},
	} {
		got := []sse.Event[data]{}
		err := sse.Read(strings.NewReader(row.stream), func(e sse.Event[data]) error {
			got = append(got, e)
			if e.Data.N == 9 {
				return enough
			}
			return nil
		})
		text := fmt.Sprint(got)
		if err != nil {
			text += " error"
		}
		if text != row.want {
			t.Errorf("%s: read %s (%v), want %s", name, text, err, row.want)
		}
	}
}
