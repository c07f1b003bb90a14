package token

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
)

func keyOfText(i int) digest { return sha256.Sum256(fmt.Append(nil, i)) }

func TestWhatWasSeenLastIsKeptAndTheRestForgotten(t *testing.T) {
	s := newSeen[digest, int]()
	if _, ok := s.get(keyOfText(0)); ok {
		t.Error("something is there at first")
	}
	const many = 10 * mostSeen
	for i := range many {
		s.put(keyOfText(i), i)
		if v, ok := s.get(keyOfText(0)); !ok || v != 0 {
			t.Fatalf("what is asked for at all times is forgotten after %d", i)
		}
		if size := s.kept.Len(); size > 2*mostSeen {
			t.Fatalf("%d are kept", size)
		}
	}
	for i := many - mostSeen/2; i < many; i++ {
		if v, ok := s.get(keyOfText(i)); !ok || v != i {
			t.Fatalf("%d of %d is %d, %v", i, many, v, ok)
		}
	}
	if _, ok := s.get(keyOfText(1)); ok {
		t.Error("the first is still there")
	}
}

func TestManyLookAtOnce(t *testing.T) {
	s := newSeen[digest, int]()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 3 * mostSeen {
				s.put(keyOfText(i), i)
				if v, ok := s.get(keyOfText(i / 2)); ok && v != i/2 {
					t.Errorf("%d is %d", i/2, v)
				}
			}
		})
	}
	wg.Wait()
}
