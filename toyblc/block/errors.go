package block

import (
	"errors"
	"fmt"
)

// Reason names the rule that a block breaks. The words are stable: peers are
// dropped, logs are searched and settlements refused by them.
type Reason string

// The rules and what breaking each of them means.
const (
	BadParams     Reason = "BadParams"     // the chain itself is described wrongly
	BadWindow     Reason = "BadWindow"     // the judge was given too little history
	WrongVersion  Reason = "WrongVersion"  // a header layout that we do not know
	WrongChain    Reason = "WrongChain"    // made for another chain
	WrongGenesis  Reason = "WrongGenesis"  // another first block
	WrongIndex    Reason = "WrongIndex"    // not one above its parent
	WrongLink     Reason = "WrongLink"     // names another parent
	WrongTarget   Reason = "WrongTarget"   // not the difficulty that the rule requires here
	WrongHash     Reason = "WrongHash"     // the hash stated is not the header's
	WeakProof     Reason = "WeakProof"     // the hash is above the target
	BadAddress    Reason = "BadAddress"    // nobody, or too long a name
	TimeTooOld    Reason = "TimeTooOld"    // not after the median of the blocks before
	TimeTooNew    Reason = "TimeTooNew"    // further ahead of the judge's clock than allowed
	BadData       Reason = "BadData"       // too much data, or not text
	WrongDataRoot Reason = "WrongDataRoot" // the data is not what the header covers
	BadSignature  Reason = "BadSignature"  // not signed by the key in the header
)

// Error says which rule the block at Index breaks, and how.
type Error struct {
	Reason Reason
	Index  int64
	Detail string
}

// Error follows the house grammar: operation, subject, cause.
func (e *Error) Error() string {
	return fmt.Sprintf("verify block \"%d\": %s: %s", e.Index, e.Reason, e.Detail)
}

// ReasonOf finds the broken rule in err; "" when err tells of none.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

func broken(r Reason, index int64, format string, args ...any) error {
	return &Error{Reason: r, Index: index, Detail: fmt.Sprintf(format, args...)}
}
