// Package node is a whole toyblc node: it reads its configuration, joins the
// state machine with store, peers, miner and platform, and shows it over HTTP.
package node

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"onex.io/onex/eventing"
	"onex.io/onex/toyblc/block"
)

// Config is everything that a node is told from outside.
type Config struct {
	Params   block.Params
	P2PAddr  string   // where peers connect
	HTTPAddr string   // where the HTTP face is
	Peers    []string // ws:// and dns+ws:// URLs; a node without any is the first of its chain
	DataDir  string

	Mine     bool
	KeyFile  string // PKCS#8 PEM of an Ed25519 key
	Address  string // the owner's namespace
	CPUShare float64

	Source   string            // of events
	Sink     string            // where events go; empty for nowhere
	Accounts map[string]string // who may write, by password
	Tokens   []string          // bearer tokens of who may write

	Collector   string  // of telemetry; empty for nobody
	TraceRatio  float64 // of the traces that begin here
	Traceparent string  // of what made this node
}

// Validate reports every mistake at once.
func (c Config) Validate() error {
	errs := []error{c.Params.Validate()}
	want := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	want(c.DataDir != "", "--data-dir: must be given")
	want(c.P2PAddr != "", "--p2p-addr: must be given")
	want(c.HTTPAddr != "", "--http.addr: must be given")
	if c.Mine {
		want(c.KeyFile != "", "--key-file: a miner needs a key to sign with")
		want(block.CheckAddress(block.Header{Address: c.Address}) == nil,
			"--address: a miner needs an address of 1 to %d bytes", block.MaxAddress)
		want(c.CPUShare > 0 && c.CPUShare <= 1, "--cpu-share: %g is not above 0 and at most 1", c.CPUShare)
	}
	if c.Sink != "" {
		_, _, ok := eventing.ChainOfSource(c.Source)
		want(ok, "--source: %q is not of the form /namespaces/<namespace>/chains/<chain>, which events need", c.Source)
		u, err := url.Parse(c.Sink)
		want(err == nil && u.Scheme != "" && u.Host != "", "K_SINK: %q is no URL", c.Sink)
	}
	want(c.TraceRatio >= 0 && c.TraceRatio <= 1, "ONEX_TRACE_RATIO: %g is not from 0 to 1", c.TraceRatio)
	return errors.Join(errs...)
}

// readRatio reads a part of a whole; all without a word.
func readRatio(text string) (float64, error) {
	if text == "" {
		return 1, nil
	}
	ratio, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, fmt.Errorf("ONEX_TRACE_RATIO: %q is no number", text)
	}
	return ratio, nil
}

func genesisTime(unix int64) time.Time { return time.Unix(unix, 0).UTC() }
