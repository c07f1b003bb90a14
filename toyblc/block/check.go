package block

import (
	"crypto/ed25519"
	"time"
	"unicode/utf8"
)

// MaxSkew is how far a block's time may be ahead of the judge's clock.
const MaxSkew = 2 * time.Minute

// CheckVersion wants the one layout that we know.
func CheckVersion(h Header) error {
	if h.Version != Version {
		return broken(WrongVersion, h.Index, "version is %d, want %d", h.Version, Version)
	}
	return nil
}

// CheckChain wants a block made for this chain: a proof does not count twice.
func CheckChain(p Params, h Header) error {
	if h.ChainID != p.ChainID {
		return broken(WrongChain, h.Index, "chain is %.80q, want %q", h.ChainID, p.ChainID)
	}
	return nil
}

// CheckLink wants the block to follow parent: one higher, and naming its hash.
func CheckLink(parent Mark, h Header) error {
	if h.Index != parent.Index+1 {
		return broken(WrongIndex, h.Index, "index follows %d", parent.Index)
	}
	if h.PreviousHash != parent.Hash {
		return broken(WrongLink, h.Index, "previous hash is %s, want %s", h.PreviousHash, parent.Hash)
	}
	return nil
}

// CheckTarget wants exactly the difficulty that NextTarget requires.
func CheckTarget(want Target, h Header) error {
	if h.Target != want {
		return broken(WrongTarget, h.Index, "target is %s, want %s", h.Target, want)
	}
	return nil
}

// CheckProof wants the stated hash to be the header's and within its target.
func CheckProof(b Block) error {
	hash := b.Header.Hash()
	if b.Hash != hash {
		return broken(WrongHash, b.Index, "hash is %s, want %s", b.Hash, hash)
	}
	if !b.Target.Allows(hash) {
		return broken(WeakProof, b.Index, "hash %s is above target %s", hash, b.Target)
	}
	return nil
}

// CheckAddress wants somebody to pay, by a name no longer than a namespace's.
func CheckAddress(h Header) error {
	if n := len(h.Address); n == 0 || n > MaxAddress {
		return broken(BadAddress, h.Index, "address has %d bytes, want 1 to %d", n, MaxAddress)
	}
	if !utf8.ValidString(h.Address) {
		return broken(BadAddress, h.Index, "address is not UTF-8")
	}
	return nil
}

// CheckAge wants the time to be after the median of the blocks before.
func CheckAge(past Window, h Header) error {
	if median := past.MedianTime(); h.Timestamp <= median {
		return broken(TimeTooOld, h.Index, "time %d is not after the median %d", h.Timestamp, median)
	}
	return nil
}

// CheckClock wants the time to be at most MaxSkew after now. It is the one rule
// whose verdict changes by waiting.
func CheckClock(now time.Time, h Header) error {
	if latest := now.Add(MaxSkew).Unix(); h.Timestamp > latest {
		return broken(TimeTooNew, h.Index, "time %d is after %d", h.Timestamp, latest)
	}
	return nil
}

// CheckData wants text of bounded size, and the header to cover it. Text,
// because JSON could not carry anything else unchanged.
func CheckData(b Block) error {
	if len(b.Data) > MaxData {
		return broken(BadData, b.Index, "data has %d bytes, at most %d are allowed", len(b.Data), MaxData)
	}
	if !utf8.ValidString(b.Data) {
		return broken(BadData, b.Index, "data is not UTF-8")
	}
	if root := DataRoot(b.Data); b.DataRoot != root {
		return broken(WrongDataRoot, b.Index, "data root is %s, want %s", b.DataRoot, root)
	}
	return nil
}

// CheckSignature wants the key in the header to have signed the hash.
func CheckSignature(b Block) error {
	if !ed25519.Verify(b.PublicKey[:], b.Hash[:], b.Signature[:]) {
		return broken(BadSignature, b.Index, "signature is not by key %s", b.PublicKey)
	}
	return nil
}
