package block

import (
	"runtime"
	"sync"
)

// CheckSignatures checks many blocks on all cores. It returns how many from the
// first on are signed by the keys in their headers, and what is wrong with the
// next one.
func CheckSignatures(blocks []Block) (good int, err error) {
	workers := min(runtime.GOMAXPROCS(0), (len(blocks)+minShare-1)/minShare)
	if workers <= 1 {
		return checkSignatures(blocks)
	}
	share := (len(blocks) + workers - 1) / workers
	type verdict struct {
		good int
		err  error
	}
	verdicts := make([]verdict, workers)
	var wg sync.WaitGroup
	for i := range verdicts {
		part := blocks[min(i*share, len(blocks)):min((i+1)*share, len(blocks))]
		wg.Go(func() { verdicts[i].good, verdicts[i].err = checkSignatures(part) })
	}
	wg.Wait()
	for _, v := range verdicts {
		good += v.good
		if v.err != nil {
			return good, v.err
		}
	}
	return good, nil
}

// minShare is how many signatures are worth a goroutine: about a millisecond.
const minShare = 16

func checkSignatures(blocks []Block) (good int, err error) {
	for i, b := range blocks {
		if err := CheckSignature(b); err != nil {
			return i, err
		}
	}
	return len(blocks), nil
}
