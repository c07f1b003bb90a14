package block_test

import (
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
)

func TestAGenesisBlockTellsTheParametersOfItsChain(t *testing.T) {
	want := block.Params{ChainID: "6f0c", Time: time.Unix(1_800_000_000, 0).UTC(), Interval: 90 * time.Second}
	for _, r := range []struct {
		name   string
		change func(*block.Block)
		want   block.Reason
	}{
		{"a genesis", func(*block.Block) {}, ""},
		{"of another interval", func(b *block.Block) { b.Data = "genesis of chain 6f0c, one block per 2m0s" }, block.WrongGenesis},
		{"of no interval", func(b *block.Block) { b.Data = "genesis of chain 6f0c, one block per day" }, block.WrongGenesis},
		{"of half a second", func(b *block.Block) { b.Data = "genesis of chain 6f0c, one block per 500ms" }, block.BadParams},
		{"of another chain", func(b *block.Block) { b.ChainID = "6f0d" }, block.WrongGenesis},
		{"with a hash that is not its own", func(b *block.Block) { b.Hash[0]++ }, block.WrongGenesis},
		{"with an easier target", func(b *block.Block) { b.Target = block.MaxTarget(); b.Hash = b.Header.Hash() }, block.WrongGenesis},
		{"a later block", func(b *block.Block) { b.Index = 1 }, block.WrongGenesis},
	} {
		t.Run(r.name, func(t *testing.T) {
			g := block.Genesis(want)
			r.change(&g)
			got, err := block.ParamsOf(g)
			if reason := block.ReasonOf(err); reason != r.want || (err != nil) != (r.want != "") {
				t.Fatalf("params: %v, want %q", err, r.want)
			}
			if r.want == "" && got != want {
				t.Fatalf("params are %+v, want %+v", got, want)
			}
		})
	}
}
