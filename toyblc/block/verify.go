package block

import "time"

// Verify checks every rule for b as the block after past, cheap rules first:
// a stranger must have hashed before anything costly is done for it.
func Verify(p Params, past Window, now time.Time, b Block) error {
	if err := CheckHeader(p, past, now, b); err != nil {
		return err
	}
	if err := CheckData(b); err != nil {
		return err
	}
	return CheckSignature(b)
}

// CheckHeader checks every rule but the data and the signature: what can be said
// of a header that comes before its data, and cheaply.
func CheckHeader(p Params, past Window, now time.Time, b Block) error {
	if err := recheckHeader(p, past, b); err != nil {
		return err
	}
	return CheckClock(now, b.Header)
}

// Recheck checks every rule but the clock and the signature. It is for blocks
// that passed Verify before and were kept: reading a long chain back needs no
// second proof of who signed it.
func Recheck(p Params, past Window, b Block) error {
	if err := recheckHeader(p, past, b); err != nil {
		return err
	}
	return CheckData(b)
}

func recheckHeader(p Params, past Window, b Block) error {
	for _, check := range []func() error{
		func() error { return CheckVersion(b.Header) },
		func() error { return CheckChain(p, b.Header) },
		func() error { return CheckLink(past.Parent(), b.Header) },
		func() error { return CheckTarget(NextTarget(p, past), b.Header) },
		func() error { return CheckProof(b) },
		func() error { return CheckAddress(b.Header) },
		func() error { return CheckAge(past, b.Header) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// Verifier checks a chain block by block for somebody who keeps none of it, such
// as a settlement that pays for blocks. It is not safe for concurrent use.
type Verifier struct {
	params Params
	past   Window
}

// NewVerifier starts at the chain's genesis; the first block to Add is block 1.
func NewVerifier(p Params) (*Verifier, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return &Verifier{params: p, past: Window{Genesis(p).Mark()}}, nil
}

// ResumeVerifier goes on after tail: blocks verified earlier, ascending, at
// least WindowSize of them or all from genesis.
func ResumeVerifier(p Params, tail ...Block) (*Verifier, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	past, err := NewWindow(tail...)
	if err != nil {
		return nil, err
	}
	if tail[0].Index == 0 {
		if err := CheckGenesis(p, tail[0]); err != nil {
			return nil, err
		}
	}
	return &Verifier{params: p, past: past}, nil
}

// Add checks blocks one after the other, their signatures on all cores. It
// returns how many of them it took; when that is not all, the error says what is
// wrong with the next one, and the verifier stands on the last good one.
func (v *Verifier) Add(now time.Time, blocks ...Block) (int, error) {
	past, chained, wrong := v.past, 0, error(nil)
	for _, b := range blocks {
		if wrong = v.chains(past, now, b); wrong != nil {
			break
		}
		past = past.Next(b.Mark())
		chained++
	}
	signed, err := CheckSignatures(blocks[:chained])
	if err != nil {
		wrong, past = err, v.past
		for _, b := range blocks[:signed] {
			past = past.Next(b.Mark())
		}
	}
	v.past = past
	return signed, wrong
}

// chains checks every rule but the signature.
func (v *Verifier) chains(past Window, now time.Time, b Block) error {
	if err := CheckHeader(v.params, past, now, b); err != nil {
		return err
	}
	return CheckData(b)
}

// Head is the block that the verifier stands on.
func (v *Verifier) Head() Mark { return v.past.Parent() }
