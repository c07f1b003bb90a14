package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/sse"
)

// radio sends three blocks on each connection and then breaks off, once in the middle of an event.
func radio(asked *[]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.RequestURI()+" "+r.Header.Get("Last-Event-ID")+" "+r.Header.Get("Authorization"))
		from := int64(10)
		if _, err := fmt.Sscan(r.Header.Get("Last-Event-ID"), &from); err == nil {
			from++
		}
		w.Header().Set("Content-Type", sse.ContentType)
		for height := from; height < from+3; height++ {
			text, _ := sse.Event[chain.WatchEvent]{ID: fmt.Sprint(height), Name: chain.BlockEvent, Data: chain.WatchEvent{Height: height}}.Encode()
			_, _ = w.Write(text)
		}
		_, _ = io.WriteString(w, "id: 99\nevent: block\nda")
	})
}

func TestAStreamGoesOnWhereItBrokeOff(t *testing.T) {
	var asked []string
	server := httptest.NewServer(radio(&asked))
	defer server.Close()
	enough := errors.New("enough")
	var heights []int64
	err := client.New(server.URL, client.Options{}).WithToken("T").WatchChain(t.Context(), chain.WatchRequest{Name: "harbor", From: 10}, func(e sse.Event[chain.WatchEvent]) error {
		if heights = append(heights, e.Data.Height); len(heights) == 8 {
			return enough
		}
		return nil
	})
	if err != enough {
		t.Errorf("ended with %v", err)
	}
	if got := fmt.Sprint(heights); got != "[10 11 12 13 14 15 16 17]" {
		t.Errorf("heights %s", got)
	}
	want := "[/v1/chains/harbor/stream?from=10  Bearer T /v1/chains/harbor/stream?from=10 12 Bearer T /v1/chains/harbor/stream?from=10 15 Bearer T]"
	if got := fmt.Sprint(asked); got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
}

func TestARefusalEndsAStream(t *testing.T) {
	c := newClient(t, &platform{status: 404, body: `{"code":404,"reason":"NotFound","message":"no such chain"}`}, client.Options{})
	err := c.WatchChain(t.Context(), chain.WatchRequest{Name: "x"}, func(sse.Event[chain.WatchEvent]) error { return nil })
	if err == nil || fault.KindOf(err) != fault.Missing || fault.ReasonOf(err) != "NotFound" {
		t.Errorf("got %v", err)
	}
	c = newClient(t, &platform{status: 200, body: `{}`}, client.Options{})
	if err := c.WatchChain(t.Context(), chain.WatchRequest{Name: "x"}, nil); err == nil {
		t.Error("an answer that is no stream was taken for one")
	}
	away := client.New("http://127.0.0.1:1", client.Options{})
	if err := away.WatchChain(t.Context(), chain.WatchRequest{Name: "x"}, nil); fault.KindOf(err) != fault.Busy {
		t.Errorf("a platform that is away: %v", err)
	}
}

func TestAListenerMayLeave(t *testing.T) {
	var asked []string
	server := httptest.NewServer(radio(&asked))
	defer server.Close()
	ctx, leave := context.WithCancel(t.Context())
	err := client.New(server.URL, client.Options{}).WatchChain(ctx, chain.WatchRequest{Name: "harbor"}, func(e sse.Event[chain.WatchEvent]) error {
		if e.Data.Height == 14 {
			leave()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}
