package node

import (
	"flag"
	"io"
	"strings"
	"time"
)

// Parse reads a command line and the variables K_SINK, TOYBLC_ACCOUNTS, TOYBLC_TOKENS, ONEX_COLLECTOR,
// ONEX_TRACE_RATIO and TRACEPARENT. A flag.ErrHelp has been answered on out.
func Parse(args []string, getenv func(string) string, out io.Writer) (Config, error) {
	var c Config
	flags := flag.NewFlagSet("toyblc", flag.ContinueOnError)
	flags.SetOutput(out)
	genesis := c.chainFlags(flags)
	accountsFile, tokensFile := c.edgeFlags(flags)
	c.minerFlags(flags)
	if err := flags.Parse(args); err != nil {
		return c, err
	}
	c.Params.Time = genesisTime(*genesis)
	c.Sink, c.Collector, c.Traceparent = getenv("K_SINK"), getenv("ONEX_COLLECTOR"), getenv("TRACEPARENT")
	ratio, err := readRatio(getenv("ONEX_TRACE_RATIO"))
	if err != nil {
		return c, err
	}
	c.TraceRatio = ratio
	if err := c.readWriters(getenv, *accountsFile, *tokensFile); err != nil {
		return c, err
	}
	return c, c.Validate()
}

func (c *Config) chainFlags(f *flag.FlagSet) (genesis *int64) {
	f.StringVar(&c.Params.ChainID, "chain-id", "", "uid of the Chain object")
	f.DurationVar(&c.Params.Interval, "min-mine-interval", time.Minute, "mean block interval that the difficulty aims at, whole seconds")
	return f.Int64("genesis-time", 0, "creation time of the Chain object, unix seconds")
}

func (c *Config) edgeFlags(f *flag.FlagSet) (accountsFile, tokensFile *string) {
	f.StringVar(&c.P2PAddr, "p2p-addr", "0.0.0.0:6001", "WebSocket listener for peers, any path")
	f.StringVar(&c.HTTPAddr, "http.addr", "0.0.0.0:38080", "HTTP listener")
	f.StringVar(&c.DataDir, "data-dir", "/data", "where the chain is kept")
	f.StringVar(&c.Source, "source", "", "CloudEvents source, /namespaces/<namespace>/chains/<chain>; events go to $K_SINK")
	f.Func("peers", "ws:// URL of a peer, or dns+ws://name:port for every address of a name; repeated, or several with commas; none makes this the first node", func(s string) error {
		for _, p := range strings.Split(s, ",") {
			if p = strings.TrimSpace(p); p != "" {
				c.Peers = append(c.Peers, p)
			}
		}
		return nil
	})
	accountsFile = f.String("accounts-file", "", "who may write over HTTP, user:password on each line; $TOYBLC_ACCOUNTS holds more, with commas")
	tokensFile = f.String("tokens-file", "", "bearer tokens of who may write over HTTP, one on each line; $TOYBLC_TOKENS holds more, with commas; without accounts and tokens, nobody")
	return accountsFile, tokensFile
}

func (c *Config) minerFlags(f *flag.FlagSet) {
	f.BoolVar(&c.Mine, "miner", false, "mine")
	f.StringVar(&c.KeyFile, "key-file", "", "PKCS#8 PEM file of the Ed25519 key that signs blocks")
	f.StringVar(&c.Address, "address", "", "namespace of the owner, written into blocks")
	f.Float64Var(&c.CPUShare, "cpu-share", 0.05, "part of one CPU that this node may use; it hashes with at most 80 % of it")
}
