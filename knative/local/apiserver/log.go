package apiserver

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"os"

	"k8s.io/klog/v2"
)

// logTo sends what the server and its libraries say to a file, which keeps the terminal to the platform. The log of
// the start before stays beside it, for it may tell why there had to be another one.
func logTo(path string) (*os.File, error) {
	if err := os.Rename(path, path+".old"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("keep log %q: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log %q: %w", path, err)
	}
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	if err := flags.Parse([]string{"-logtostderr=false", "-stderrthreshold=FATAL"}); err != nil {
		return nil, fmt.Errorf("set log flags: %w", err)
	}
	klog.SetOutput(f)
	log.SetOutput(f)
	return f, nil
}
