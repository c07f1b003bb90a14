package tool

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	"onex.io/onex/toyblc/block"
)

// magic begins a chain in the binary encoding: after it, each block stands behind
// its length in 4 bytes. A chain as text is a block in JSON per line.
const magic = "toyblc1\n"

// maxLine bounds a line: one block, however JSON spells it.
const maxLine = 6*block.MaxData + 4096

// readBlocks reads either; io.EOF is the end.
func readBlocks(in io.Reader) func() (block.Block, error) {
	buffered := bufio.NewReaderSize(in, 1<<16)
	if begin, _ := buffered.Peek(len(magic)); string(begin) == magic {
		_, _ = buffered.Discard(len(magic)) // it has just been peeked at
		return readBinary(buffered)
	}
	lines := bufio.NewScanner(buffered)
	lines.Buffer(nil, maxLine)
	return func() (b block.Block, err error) {
		if !lines.Scan() {
			if err := lines.Err(); err != nil {
				return b, err
			}
			return b, io.EOF
		}
		return b, json.Unmarshal(lines.Bytes(), &b)
	}
}

func readBinary(in io.Reader) func() (block.Block, error) {
	raw := make([]byte, 0, block.MaxBlockBytes)
	return func() (b block.Block, err error) {
		var size [4]byte
		if _, err := io.ReadFull(in, size[:]); err != nil {
			return b, err
		}
		n := binary.BigEndian.Uint32(size[:])
		if n > block.MaxBlockBytes {
			return b, fmt.Errorf("a block of %d bytes: %w", n, block.ErrEncoding)
		}
		if _, err := io.ReadFull(in, raw[:n]); err != nil {
			return b, fmt.Errorf("cut short: %w", block.ErrEncoding)
		}
		r := block.NewReader(raw[:n])
		b = r.Block()
		return b, r.End()
	}
}

// writer writes one block; flushing is up to who made it.
type writer func(block.Block) error

func textTo(out io.Writer) writer {
	lines := json.NewEncoder(out)
	return func(b block.Block) error { return lines.Encode(b) }
}

// binaryTo writes the beginning at once.
func binaryTo(out io.Writer) (writer, error) {
	_, err := io.WriteString(out, magic)
	return func(b block.Block) error {
		raw := b.AppendBlock(make([]byte, 4, 512))
		binary.BigEndian.PutUint32(raw, uint32(len(raw)-4))
		_, err := out.Write(raw)
		return err
	}, err
}
