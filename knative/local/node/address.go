package node

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// The second number of the loopback blocks that a platform may take. 127.0 is everybody's.
const (
	firstBlock = 16
	lastBlock  = 254
)

var errNoAddress = errors.New("no loopback address is free")

// block is the loopback network 127.<n>.0.0/16, all of it for this platform's pods.
type block struct {
	n     byte
	claim net.Listener

	mu    sync.Mutex
	taken map[netip.Addr]struct{}
	next  uint16
}

// claimBlock takes a network that no other platform on the machine has, the one of the last start if possible. The
// claim is an abstract socket: the kernel gives it up with the process, and it is seen exactly where the loopback
// network is.
func claimBlock(state string) (*block, error) {
	file := filepath.Join(state, "block")
	for _, n := range candidates(file) {
		l, err := net.Listen("unix", fmt.Sprintf("@onex-loopback-127.%d", n))
		if err != nil {
			continue
		}
		if err := os.WriteFile(file, []byte(strconv.Itoa(int(n))), 0o600); err != nil {
			l.Close()
			return nil, fmt.Errorf("keep loopback block: %w", err)
		}
		return &block{n: n, claim: l, taken: map[netip.Addr]struct{}{}}, nil
	}
	return nil, fmt.Errorf("claim loopback block: %w", errNoAddress)
}

// candidates are the last block, if there was one, and then all in random order.
func candidates(file string) []byte {
	var list []byte
	if b, err := os.ReadFile(file); err == nil {
		n, err := strconv.Atoi(strings.TrimSpace(string(b)))
		if err == nil && n >= firstBlock && n <= lastBlock {
			list = append(list, byte(n))
		}
	}
	for _, i := range rand.Perm(lastBlock - firstBlock + 1) {
		list = append(list, byte(firstBlock+i))
	}
	return list
}

// host is the address of the node itself.
func (b *block) host() netip.Addr { return netip.AddrFrom4([4]byte{127, b.n, 0, 1}) }

// take gives out an address, wanted if that is one of ours and free.
func (b *block) take(wanted string) (netip.Addr, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a, err := netip.ParseAddr(wanted); err == nil && b.mine(a) && b.free(a) {
		b.taken[a] = struct{}{}
		return a, nil
	}
	for range 1 << 16 {
		b.next++
		a := netip.AddrFrom4([4]byte{127, b.n, byte(b.next >> 8), byte(b.next)})
		if b.mine(a) && b.free(a) {
			b.taken[a] = struct{}{}
			return a, nil
		}
	}
	return netip.Addr{}, errNoAddress
}

// mine leaves out addresses that look like a network, a broadcast or the node.
func (b *block) mine(a netip.Addr) bool {
	if !a.Is4() {
		return false
	}
	n := a.As4()
	return n[0] == 127 && n[1] == b.n && n[3] != 0 && n[3] != 255 && a != b.host()
}

func (b *block) free(a netip.Addr) bool {
	_, taken := b.taken[a]
	return !taken
}

func (b *block) release(a netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.taken, a)
}

// Lend gives out an address for something that is no pod, until it is given back.
func (n *Node) Lend() (addr string, giveBack func(), err error) {
	a, err := n.block.take("")
	if err != nil {
		return "", nil, err
	}
	return a.String(), func() { n.block.release(a) }, nil
}

func (b *block) close() { b.claim.Close() }
