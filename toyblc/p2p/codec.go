// Package p2p carries the messages of package chain between nodes: a binary wire
// format and WebSocket connections that are dialed again for ever.
package p2p

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
)

const (
	// MaxMessage bounds the answer to a question. It holds the greatest that a
	// node gives: store.RangeBytes of data and one block more, or chain.MaxBatch
	// headers.
	MaxMessage = 1 << 20
	// MaxUnasked bounds every other frame. It holds the greatest Data. Only few
	// questions are open at a time, so many peers together cost little memory.
	MaxUnasked = 128 << 10
	// maxNode bounds the name of a process.
	maxNode = 64
)

var (
	// ErrOriginal says that a frame is of the first toyblc's protocol, which
	// this node does not speak.
	ErrOriginal = errors.New("the original toyblc protocol is not spoken here")
	// ErrMessage says that a frame is no message.
	ErrMessage = errors.New("not a message")
)

// A frame is one byte that says which message it is, and the message's fields one
// after the other: numbers big-endian, lists with their length in 4 bytes before,
// blocks as package block encodes them.
const (
	kindHello byte = iota + 1
	kindHead
	kindWant
	kindHeaders
	kindWantBodies
	kindBodies
	kindData
	kindPeers
)

// Encode writes a message as a frame.
func Encode(m chain.Message) []byte {
	switch m := m.(type) {
	case chain.Hello:
		return appendHello([]byte{kindHello}, m)
	case chain.Head:
		return appendHead([]byte{kindHead}, m)
	case chain.Want:
		return appendHashes([]byte{kindWant}, m.Locator)
	case chain.Headers:
		return appendHeaders([]byte{kindHeaders}, m)
	case chain.WantBodies:
		return appendHashes([]byte{kindWantBodies}, m.Hashes)
	case chain.Bodies:
		return appendTexts([]byte{kindBodies}, m.Data)
	case chain.Data:
		return block.AppendText([]byte{kindData}, m.Data)
	case chain.Peers:
		return appendPeers([]byte{kindPeers}, m)
	}
	return nil
}

func appendHello(out []byte, m chain.Hello) []byte {
	out = binary.BigEndian.AppendUint32(out, m.Protocol)
	out = block.AppendText(out, m.ChainID)
	out = append(out, m.Genesis[:]...)
	return appendHead(block.AppendText(out, m.Node), m.Head)
}

func appendHead(out []byte, m chain.Head) []byte {
	out = binary.BigEndian.AppendUint64(append(out, m.Hash[:]...), uint64(m.Height))
	return append(out, m.Work[:]...)
}

func appendHashes(out []byte, hashes []block.Hash) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(hashes)))
	for _, h := range hashes {
		out = append(out, h[:]...)
	}
	return out
}

func appendHeaders(out []byte, m chain.Headers) []byte {
	more := byte(0)
	if m.More {
		more = 1
	}
	out = binary.BigEndian.AppendUint32(append(out, more), uint32(len(m.Headers)))
	for _, b := range m.Headers {
		out = b.AppendHeader(out)
	}
	return out
}

func appendTexts(out []byte, texts []string) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(texts)))
	for _, text := range texts {
		out = block.AppendText(out, text)
	}
	return out
}

// Decode reads a frame that a stranger may have written. The error is an
// ErrOriginal or an ErrMessage.
func Decode(raw []byte) (chain.Message, error) {
	if isOriginal(raw) {
		return nil, ErrOriginal
	}
	r := block.NewReader(raw)
	m, err := decode(byte(r.Number(1)), r)
	if err == nil {
		err = r.End()
	}
	if err != nil {
		return nil, fmt.Errorf("decode frame: %w: %w", ErrMessage, err)
	}
	return m, nil
}

func decode(kind byte, r *block.Reader) (m chain.Message, err error) {
	switch kind {
	case kindHello:
		m = readHello(r)
	case kindHead:
		m = readHead(r)
	case kindWant:
		m = chain.Want{Locator: readHashes(r)}
	case kindHeaders:
		m = readHeaders(r)
	case kindWantBodies:
		m = chain.WantBodies{Hashes: readHashes(r)}
	case kindBodies:
		m = chain.Bodies{Data: readTexts(r)}
	case kindData:
		m = chain.Data{Data: r.Text(block.MaxData)}
	case kindPeers:
		m = readPeers(r)
	default:
		return nil, fmt.Errorf("kind %d", kind)
	}
	return m, r.Err()
}

func readHello(r *block.Reader) (m chain.Hello) {
	m.Protocol = uint32(r.Number(4))
	m.ChainID = r.Text(block.MaxChainID)
	r.Fill(m.Genesis[:])
	m.Node = r.Text(maxNode)
	m.Head = readHead(r)
	return m
}

func readHead(r *block.Reader) (m chain.Head) {
	r.Fill(m.Hash[:])
	m.Height = int64(r.Number(8))
	r.Fill(m.Work[:])
	return m
}

func readHashes(r *block.Reader) []block.Hash {
	out := make([]block.Hash, r.Count(len(block.Hash{})))
	for i := range out {
		r.Fill(out[i][:])
	}
	return out
}

func readHeaders(r *block.Reader) (m chain.Headers) {
	m.More = r.Number(1) != 0
	m.Headers = make([]block.Block, r.Count(block.MinHeaderBytes))
	for i := range m.Headers {
		m.Headers[i] = r.Header()
	}
	return m
}

func readTexts(r *block.Reader) []string {
	out := make([]string, r.Count(4))
	for i := range out {
		out[i] = r.Text(block.MaxData)
	}
	return out
}

func appendPeers(out []byte, m chain.Peers) []byte {
	out = appendAddress(out, m.Self)
	out = binary.BigEndian.AppendUint32(out, uint32(len(m.Known)))
	for _, a := range m.Known {
		out = appendAddress(out, a)
	}
	return out
}

// An address is 16 bytes of IP and 2 of port.
func appendAddress(out []byte, a netip.AddrPort) []byte {
	ip := a.Addr().As16()
	return binary.BigEndian.AppendUint16(append(out, ip[:]...), a.Port())
}

func readPeers(r *block.Reader) (m chain.Peers) {
	m.Self = readAddress(r)
	m.Known = make([]netip.AddrPort, r.Count(18))
	for i := range m.Known {
		m.Known[i] = readAddress(r)
	}
	return m
}

func readAddress(r *block.Reader) netip.AddrPort {
	var ip [16]byte
	r.Fill(ip[:])
	return netip.AddrPortFrom(netip.AddrFrom16(ip).Unmap(), uint16(r.Number(2)))
}

// isOriginal recognizes the first toyblc's frames: JSON objects with a type, a
// number from 0 to 2.
func isOriginal(raw []byte) bool {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '{' {
		return false
	}
	var f struct{ Type *int }
	return json.Unmarshal(raw, &f) == nil && f.Type != nil
}
