package tool

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"onex.io/onex/toyblc/block"
	"onex.io/onex/toyblc/chain"
	"onex.io/onex/toyblc/store"
)

// batch is how many blocks are asked for or written at once.
const batch = 500

// dbFile is the chain's file in a data directory.
const dbFile = "chain.db"

func exportTool(flags *flag.FlagSet, s Streams) func([]string) error {
	binary := flags.Bool("binary", false, "a smaller file that is read faster, instead of text")
	return func(args []string) error {
		from, err := only(args)
		if err != nil {
			return err
		}
		out := bufio.NewWriter(s.Out)
		read := readNode(from)
		if !strings.Contains(from, "://") {
			db, err := openExisting(from)
			if err != nil {
				return err
			}
			defer db.Close()
			read = readStore(db)
		}
		write := textTo(out)
		if *binary {
			if write, err = binaryTo(out); err != nil {
				return err
			}
		}
		if err := export(write, read); err != nil {
			return err
		}
		return out.Flush()
	}
}

// page reads blocks from a height on; none only above the head.
type page func(from int64) ([]block.Block, error)

func export(write writer, read page) error {
	for next := int64(0); ; {
		blocks, err := read(next)
		if err != nil || len(blocks) == 0 {
			return err
		}
		for _, b := range blocks {
			if err := write(b); err != nil {
				return err
			}
		}
		next += int64(len(blocks))
	}
}

func readStore(s store.Store) page {
	return func(from int64) ([]block.Block, error) {
		found, err := s.Range(from, batch)
		out := make([]block.Block, len(found))
		for i, f := range found {
			out[i] = f.Block
		}
		return out, err
	}
}

func readNode(url string) page {
	client := &http.Client{Timeout: time.Minute}
	return func(from int64) (out []block.Block, err error) {
		resp, err := client.Get(fmt.Sprintf("%s/v1/blocks?from=%d&limit=%d", strings.TrimRight(url, "/"), from, batch))
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("blocks of %q: status %d", url, resp.StatusCode)
		}
		return out, json.NewDecoder(resp.Body).Decode(&out)
	}
}

// openExisting opens a chain file, and makes none.
func openExisting(dir string) (*store.Bolt, error) {
	path := filepath.Join(dir, dbFile)
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("no chain: %w", err)
	}
	return store.OpenBolt(path)
}

func verifyTool(flags *flag.FlagSet, s Streams) func([]string) error {
	genesis := genesisFlag(flags)
	return func(args []string) error {
		in := s.In
		if len(args) > 0 {
			path, err := only(args)
			if err != nil {
				return err
			}
			f, err := os.Open(path)
			if err != nil {
				return err
			}
			defer f.Close()
			in = f
		}
		sum, err := verify(in, *genesis, func([]chain.Stored) error { return nil })
		if err != nil {
			return err
		}
		return sum.print(s.Out)
	}
}

func importTool(flags *flag.FlagSet, s Streams) func([]string) error {
	genesis := genesisFlag(flags)
	return func(args []string) error {
		dir, err := only(args)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, dbFile)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, fmt.Errorf("%q is there already", path))
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		sum, err := importTo(path+".import", s.In, *genesis)
		if err != nil {
			return errors.Join(err, os.RemoveAll(path+".import"))
		}
		if err := os.Rename(path+".import", path); err != nil {
			return err
		}
		return sum.print(s.Out)
	}
}

// importTo writes a new chain file; after an error it is of no use.
func importTo(path string, in io.Reader, genesis string) (*summary, error) {
	if err := os.RemoveAll(path); err != nil {
		return nil, err
	}
	db, err := store.OpenBolt(path)
	if err != nil {
		return nil, err
	}
	sum, err := verify(in, genesis, func(part []chain.Stored) error { return db.Apply(extension(part)) })
	return sum, errors.Join(err, db.Close())
}

func genesisFlag(flags *flag.FlagSet) *string {
	return flags.String("genesis", "", "hash that the first block must have; without, any chain will do")
}

// extension is the change that puts blocks on top of the main chain.
func extension(part []chain.Stored) chain.Store {
	c := chain.Store{Add: part, From: part[0].Block.Index}
	for _, s := range part {
		c.Main = append(c.Main, s.Block.Hash)
	}
	return c
}
