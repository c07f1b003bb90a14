package node_test

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"onex.io/onex/toyblc/node"
)

func parse(line string, env map[string]string) (node.Config, error) {
	return node.Parse(strings.Fields(line), func(k string) string { return env[k] }, io.Discard)
}

const minimal = "--chain-id=c --genesis-time=1800000000"

func TestFlags(t *testing.T) {
	got, err := parse(minimal+" --min-mine-interval=90s --p2p-addr=127.1.2.3:6001 --http.addr=127.1.2.3:38080"+
		" --peers=ws://a:6001,ws://b:6001 --peers=ws://c:6001 --data-dir=/d --miner --key-file=/k --address=user-a --cpu-share=0.25"+
		" --source=/namespaces/user-a/chains/harbour", map[string]string{"K_SINK": "http://broker", "TOYBLC_ACCOUNTS": "op:a:b, two:c"})
	if err != nil {
		t.Fatal(err)
	}
	if got.Params.ChainID != "c" || got.Params.Time.Unix() != 1_800_000_000 || got.Params.Interval != 90*time.Second {
		t.Errorf("params are %+v", got.Params)
	}
	if strings.Join(got.Peers, " ") != "ws://a:6001 ws://b:6001 ws://c:6001" {
		t.Errorf("peers are %v", got.Peers)
	}
	if got.Accounts["op"] != "a:b" || got.Accounts["two"] != "c" || len(got.Accounts) != 2 {
		t.Errorf("accounts are %v", got.Accounts)
	}
	if !got.Mine || got.KeyFile != "/k" || got.Address != "user-a" || got.CPUShare != 0.25 || got.Sink != "http://broker" || got.DataDir != "/d" {
		t.Errorf("config is %+v", got)
	}
}

func TestADefaultNodeHasNoAccountsNoTokensNoPeersAndDoesNotMine(t *testing.T) {
	got, err := parse(minimal, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Accounts) > 0 || len(got.Tokens) > 0 || len(got.Peers) > 0 || got.Mine || got.Sink != "" || got.Params.Interval != time.Minute {
		t.Fatalf("config is %+v", got)
	}
}

func TestAccountsMayComeFromAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "accounts")
	if err := os.WriteFile(file, []byte("op:a,b\n\n two:c \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := parse(minimal+" --accounts-file="+file, map[string]string{"TOYBLC_ACCOUNTS": "three:d"})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"op": "a,b", "two": "c", "three": "d"}; !maps.Equal(got.Accounts, want) {
		t.Fatalf("accounts are %v, want %v", got.Accounts, want)
	}
}

func TestTokensMayComeFromAFile(t *testing.T) {
	one, two := strings.Repeat("1", 32), strings.Repeat("2", 32)
	file := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(file, []byte("\n "+one+" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := parse(minimal+" --tokens-file="+file, map[string]string{"TOYBLC_TOKENS": two})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{two, one}; !slices.Equal(got.Tokens, want) {
		t.Fatalf("tokens are %v, want %v", got.Tokens, want)
	}
}

func TestWrongFlagsAreAllReported(t *testing.T) {
	for _, r := range []struct {
		name, line string
		env        map[string]string
		want       []string
	}{
		{"no chain", "", nil, []string{"chain id"}},
		{"no genesis time", "--chain-id=c", nil, []string{"genesis time"}},
		{"a miner without anything", minimal + " --miner --cpu-share=0", nil, []string{"--key-file", "--address", "--cpu-share"}},
		{"a fraction of a second", minimal + " --min-mine-interval=1500ms", nil, []string{"whole number of seconds"}},
		{"events without a source", minimal, map[string]string{"K_SINK": "http://b"}, []string{"--source"}},
		{"a sink that is none", minimal + " --source=/namespaces/n/chains/c", map[string]string{"K_SINK": "broker"}, []string{"K_SINK"}},
		{"an account without a password", minimal, map[string]string{"TOYBLC_ACCOUNTS": "op"}, []string{"TOYBLC_ACCOUNTS"}},
		{"a file of accounts that is not there", minimal + " --accounts-file=nowhere", nil, []string{"--accounts-file"}},
		{"a file that holds no accounts", minimal + " --accounts-file=flags_test.go", nil, []string{"--accounts-file", "user:password"}},
		{"a token that can be guessed", minimal, map[string]string{"TOYBLC_TOKENS": "hush"}, []string{"TOYBLC_TOKENS", "32"}},
		{"a file of tokens that is not there", minimal + " --tokens-file=nowhere", nil, []string{"--tokens-file"}},
		{"an unknown flag", minimal + " --mining-difficulty=1", nil, []string{"mining-difficulty"}},
	} {
		t.Run(r.name, func(t *testing.T) {
			_, err := parse(r.line, r.env)
			for _, want := range r.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Fatalf("parse: %v, want %q", err, want)
				}
			}
		})
	}
}
