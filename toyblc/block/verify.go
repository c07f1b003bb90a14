package block

import "time"

// Verify checks every rule for b as the block after past, cheap rules first:
// a stranger must have hashed before anything costly is done for it.
func Verify(p Params, past Window, now time.Time, b Block) error {
	if err := Recheck(p, past, b); err != nil {
		return err
	}
	if err := CheckClock(now, b.Header); err != nil {
		return err
	}
	return CheckSignature(b)
}

// Recheck checks every rule but the clock and the signature. It is for blocks
// that passed Verify before and were kept: reading a long chain back needs no
// second proof of who signed it.
func Recheck(p Params, past Window, b Block) error {
	for _, check := range []func() error{
		func() error { return CheckVersion(b.Header) },
		func() error { return CheckChain(p, b.Header) },
		func() error { return CheckLink(past.Parent(), b.Header) },
		func() error { return CheckTarget(NextTarget(p, past), b.Header) },
		func() error { return CheckProof(b) },
		func() error { return CheckAddress(b.Header) },
		func() error { return CheckAge(past, b.Header) },
		func() error { return CheckData(b) },
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

// Add checks blocks one after the other. It returns how many of them it took;
// when that is not all, the error says what is wrong with the next one, and
// the verifier stands on the last good one.
func (v *Verifier) Add(now time.Time, blocks ...Block) (int, error) {
	for i, b := range blocks {
		if err := Verify(v.params, v.past, now, b); err != nil {
			return i, err
		}
		v.past = v.past.Next(b.Mark())
	}
	return len(blocks), nil
}

// Head is the block that the verifier stands on.
func (v *Verifier) Head() Mark { return v.past.Parent() }
