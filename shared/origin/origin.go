// Package origin is the address that a request came from: the gateway sees it and vouches for it, so that an operation
// behind the gateway knows it, too, and nobody can claim another.
package origin

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/netip"
	"strings"
)

// Header carries an address from the gateway to the operation, and the gateway's mark on it.
const Header = "X-Onex-Client"

// Voucher vouches for addresses with a key that the gateway and the operations share. One without a key vouches for
// nothing and believes nobody.
type Voucher struct{ key []byte }

// NewVoucher vouches with key.
func NewVoucher(key []byte) Voucher { return Voucher{key} }

// Vouch sets the header of a request that is passed on, or removes what somebody else has set.
func (v Voucher) Vouch(h http.Header, address string) {
	if len(v.key) == 0 || address == "" {
		h.Del(Header)
		return
	}
	h.Set(Header, address+" "+v.mark(address))
}

// Of is where a request comes from: what the gateway has vouched for, or whoever opened the connection.
func (v Voucher) Of(r *http.Request) string {
	address, mark, _ := strings.Cut(r.Header.Get("X-Onex-Client"), " ")
	if len(v.key) > 0 && address != "" && hmac.Equal([]byte(mark), []byte(v.mark(address))) {
		return address
	}
	return peer(r).String()
}

func (v Voucher) mark(address string) string {
	mac := hmac.New(sha256.New, v.key)
	mac.Write([]byte("origin of a request: " + address))
	return hex.EncodeToString(mac.Sum(nil))
}

// Caller is who sent a request to the gateway. Proxies in between each add, to X-Forwarded-For, whom they heard; what
// stands before the first of them that is not ours may be made up. So it is read from its end, and the first address
// that is none of our proxies is the caller.
func Caller(r *http.Request, proxies []netip.Prefix) netip.Addr {
	caller := peer(r)
	heard := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(heard) - 1; i >= 0 && among(proxies, caller); i-- {
		before, err := netip.ParseAddr(strings.TrimSpace(heard[i]))
		if err != nil {
			break
		}
		caller = before.Unmap().WithZone("")
	}
	return caller
}

// peer is the other end of the connection; the zero address when that is none.
func peer(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

func among(proxies []netip.Prefix, a netip.Addr) bool {
	for _, p := range proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Bucket is what the limits know an address by: of IPv6 the network, of which one caller has as many addresses as it
// likes.
func Bucket(a netip.Addr) string {
	if a = a.Unmap(); a.Is6() {
		network, _ := a.Prefix(64) // of an IPv6 address there is always one
		return network.String()
	}
	return a.String()
}

type originKey struct{}

// With gives ctx the address that its request came from.
func With(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, originKey{}, address)
}

// From is the address that the request of ctx came from; empty where there is no request.
func From(ctx context.Context) string {
	address, _ := ctx.Value(originKey{}).(string)
	return address
}
