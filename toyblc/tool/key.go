package tool

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"

	"onex.io/onex/toyblc/keyfile"
)

func keyTool(_ *flag.FlagSet, s Streams) func([]string) error {
	return func(args []string) error {
		path, err := only(args)
		if err != nil {
			return err
		}
		key, err := keyfile.Read(path)
		if errors.Is(err, fs.ErrNotExist) {
			key, err = keyfile.Create(path)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.Out, "%x\n", key.Public())
		return err
	}
}
