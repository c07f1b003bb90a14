package store

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

func stored() chain.Stored {
	b := block.Genesis(block.Params{ChainID: "c", Time: time.Unix(1_800_000_000, 0), Interval: time.Second})
	return chain.Stored{Block: b, Work: chain.Work{}.Plus(b.Target)}
}

func TestRecordDamageIsNoticedWhereverItIs(t *testing.T) {
	good := encodeRecord(stored())
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		if _, err := decodeRecord(bad); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("byte %d flipped: %v, want ErrCorrupt", i, err)
		}
	}
	for n := range good {
		if _, err := decodeRecord(good[:n]); !errors.Is(err, ErrCorrupt) {
			t.Fatalf("cut to %d bytes: %v, want ErrCorrupt", n, err)
		}
	}
}

func FuzzDecodeRecord(f *testing.F) {
	good := encodeRecord(stored())
	f.Add(good[:len(good)-4])
	f.Add([]byte{recordFormat})
	f.Add(bytes.Repeat([]byte{0xff}, 300))
	f.Fuzz(func(t *testing.T, raw []byte) {
		// The checksum would hide the decoder from the fuzzer.
		s, err := decodeRecord(seal(bytes.Clone(raw)))
		if err != nil {
			return
		}
		if again := encodeRecord(s); !bytes.Equal(again, seal(bytes.Clone(raw))) {
			t.Fatalf("decoded to %+v, which encodes otherwise", s)
		}
	})
}
