package op

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/once"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/token"
)

// KeyHeader is by which a caller may give a POST a key. Sent again with the same key, it is answered again and not done
// again. The original has another name for it, which is taken, too.
const KeyHeader = "Idempotency-Key"

// ReplayedHeader is in an answer that was given before.
const ReplayedHeader = "Idempotent-Replayed"

// longestKey is in bytes.
const longestKey = 255

// keyed does what comes with a key once.
type keyed struct {
	p    *platform.Platform
	o    Operation
	open func() (*once.Answers, error)
	next http.Handler
}

// grace is what an answer may take beyond the time limit of its request, to be kept.
const grace = 10 * time.Second

// onlyOnce puts the keys around an operation that has been admitted. Those who send none pay nothing.
func onlyOnce(p *platform.Platform, o Operation, next http.Handler) http.Handler {
	k := &keyed{p: p, o: o, next: next}
	k.open = sync.OnceValues(func() (*once.Answers, error) {
		db, err := p.Mongo()
		if err != nil {
			return nil, err
		}
		box, err := p.Seals()
		return once.Open(db, box, p.Config.RequestTimeout+2*grace, p.Now), err
	})
	return k
}

// ServeHTTP answers as before, or has the operation answer and keeps that.
func (k *keyed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key, err := keyOf(r)
	if err == nil && key == "" {
		k.next.ServeHTTP(w, r)
		return
	}
	if err == nil {
		err = k.serve(w, r, key)
	}
	if err != nil {
		logError(r.Context(), k.p.Log, k.o.Name, err)
		WriteError(r.Context(), w, err)
	}
}

// keyOf is the key that a request came with; empty for none.
func keyOf(r *http.Request) (string, error) {
	if r.Method != http.MethodPost {
		return "", nil
	}
	keys := slices.Concat(r.Header.Values("Idempotency-Key"), r.Header.Values("X-Idempotent-Id"))
	if len(keys) == 0 {
		return "", nil
	}
	if len(slices.Compact(keys)) > 1 {
		return "", fault.Field("header."+KeyHeader, "one request has one key")
	}
	visible := func(c rune) bool { return c > ' ' && c <= '~' }
	if keys[0] == "" || len(keys[0]) > longestKey || slices.ContainsFunc([]rune(keys[0]), func(c rune) bool { return !visible(c) }) {
		return "", fault.Field("header."+KeyHeader, "is 1 to %d visible characters of ASCII", longestKey)
	}
	return keys[0], nil
}

func (k *keyed) serve(w http.ResponseWriter, r *http.Request, key string) error {
	text, err := readBody(w, r)
	if err != nil {
		return err
	}
	answers, err := k.open()
	if err != nil {
		return err
	}
	who := access.From(r.Context())
	id := k.id(who, key)
	before, err := begin(r, answers, id, asked(r, who, text))
	if err != nil {
		return err
	}
	if before != nil {
		w.Header().Set(ReplayedHeader, "true")
		write(w, *before)
		return nil
	}
	answer, settled := k.do(r, text)
	k.settle(r.Context(), answers, id, answer, settled)
	write(w, answer)
	return nil
}

// slowest is how long a body may take to come: as long as one without a key may.
const slowest = 5 * time.Second

// readBody reads the whole body. Who sends it too slowly must not keep a place that others could have.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(slowest)) // in a test there may be none
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, fault.New(fault.Invalid, "InvalidParameter", "the body broke off: %w", err)
	}
	_ = connection.SetReadDeadline(time.Time{})
	return text, nil
}

// begin takes a request, also if the caller hangs up meanwhile: what was taken and then left would be nobody's to do.
func begin(r *http.Request, answers *once.Answers, id string, question []byte) (*once.Answer, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), grace)
	defer cancel()
	if access.From(ctx).UserID == "" {
		if err := answers.Guess(ctx, id); err != nil {
			return nil, err
		}
	}
	return answers.Begin(ctx, id, question)
}

// id binds a key to the user who gave it. Of an operation that asks for no token, anybody has the same keys; who does
// not know the whole request, with its password, learns nothing by one.
func (k *keyed) id(who access.Principal, key string) string {
	digest := sha256.Sum256([]byte(key))
	whose := "user/" + who.UserID
	if who.UserID == "" {
		whose = "anyone/" + k.o.Name
	}
	return whose + "/" + hex.EncodeToString(digest[:])
}

// asked tells one request from another. A refresh token is part of what it asks: each has an answer of its own.
func asked(r *http.Request, who access.Principal, body []byte) []byte {
	if who.Kind != token.Refresh {
		who.Session, who.Round = "", 0
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s %q %q %d %q\n", r.Method, r.URL.RequestURI(), who.Session, who.Round, r.Header.Get("Content-Type"))
	h.Write(body)
	return h.Sum(nil)
}

// do has the operation answer, also if the caller does not wait for it: he will ask again. It is settled unless time ran
// out while something was being done.
func (k *keyed) do(r *http.Request, body []byte) (answer once.Answer, settled bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), k.p.Config.RequestTimeout)
	defer cancel()
	again := r.WithContext(ctx)
	again.Body = io.NopCloser(bytes.NewReader(body))
	heard := &hearing{header: http.Header{}, status: http.StatusOK}
	k.next.ServeHTTP(heard, again)
	return once.Answer{Status: heard.status, Type: heard.header.Get("Content-Type"), Body: heard.body.Bytes()}, ctx.Err() == nil
}

// settle keeps an answer. What could not be done now, because a part is away, may be asked again. An answer that cannot
// be kept is given all the same: it is the truth.
func (k *keyed) settle(ctx context.Context, answers *once.Answers, id string, answer once.Answer, settled bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	var err error
	switch {
	case answer.Status != http.StatusServiceUnavailable:
		err = answers.Keep(ctx, id, answer)
	case settled:
		err = answers.Release(ctx, id)
	}
	if err != nil {
		logError(ctx, k.p.Log, k.o.Name, fmt.Errorf("keep the answer %s: %w", id, err))
	}
}

// hearing hears an answer before the caller does.
type hearing struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is the answer's.
func (h *hearing) Header() http.Header { return h.header }

// WriteHeader notes the status.
func (h *hearing) WriteHeader(status int) { h.status = status }

// Write notes a piece of the body.
func (h *hearing) Write(piece []byte) (int, error) { return h.body.Write(piece) }

// write gives an answer. One that says that a part is away says when to ask again.
func write(w http.ResponseWriter, a once.Answer) {
	if a.Type != "" {
		w.Header().Set("Content-Type", a.Type)
	}
	if a.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // the caller may be gone
}
