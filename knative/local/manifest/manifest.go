// Package manifest reads the cluster's own YAML files from folders and keeps an eye on them.
package manifest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	k8syaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Source reads the documents of one kind.
type Source[T any] struct {
	// Dirs are read with all below them; files end in .yaml or .yml.
	Dirs []string
	// APIVersion and Kind say which documents are meant; others are somebody else's.
	APIVersion, Kind string
	// Parse makes a value of a document and refuses a bad one.
	Parse func(doc []byte) (T, error)
	// Poll is the time between two looks; zero means half a second.
	Poll time.Duration
	Log  *slog.Logger
}

// Set is what the folders hold. A file with a fault counts as it was when it last had none.
type Set[T any] struct {
	Items []T
	// Complete is false while a file has a fault and nothing is known from before.
	Complete bool
}

// file is one file as last read.
type file[T any] struct {
	stamp string
	items []T
	known bool // it was good at least once, so that items say something
}

// Watch hands over the set, once at the start and again after every change, until ctx ends.
func (s Source[T]) Watch(ctx context.Context, apply func(Set[T])) error {
	if s.Poll == 0 {
		s.Poll = 500 * time.Millisecond
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	files := map[string]file[T]{}
	tick := time.NewTicker(s.Poll)
	defer tick.Stop()
	for first := true; ; first = false {
		changed, err := s.look(files)
		if err != nil && first {
			return err
		}
		if err != nil {
			s.Log.Error("read manifests", "kind", s.Kind, "error", err)
		}
		if changed || first {
			apply(collect(files))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// look brings files up to date and tells whether any good one has changed or gone.
func (s Source[T]) look(files map[string]file[T]) (bool, error) {
	stamps, err := s.list()
	if err != nil {
		return false, err
	}
	changed := false
	for path := range files {
		if _, ok := stamps[path]; !ok {
			delete(files, path)
			changed = true
		}
	}
	for path, stamp := range stamps {
		f := files[path]
		if f.stamp == stamp {
			continue
		}
		f.stamp = stamp
		items, err := s.read(path)
		if err != nil {
			s.Log.Error("manifest is not valid; the last good version stays", "file", path, "kind", s.Kind, "error", err)
		} else {
			f.items, f.known, changed = items, true, true
		}
		files[path] = f
	}
	return changed, nil
}

// list gives every file with what changes when the file does.
func (s Source[T]) list() (map[string]string, error) {
	stamps := map[string]string{}
	for _, dir := range s.Dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !isYAML(path) {
				return err
			}
			info, err := os.Stat(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // gone since it was listed
			}
			if err != nil {
				return err
			}
			stamps[path] = fmt.Sprint(info.Size(), "/", info.ModTime().UnixNano())
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("list folder %q: %w", dir, err)
		}
	}
	return stamps, nil
}

func isYAML(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".yaml" || ext == ".yml"
}

// errEmpty is of a file that somebody is about to write: to take it at its word would drop what is delivered meanwhile.
var errEmpty = errors.New("the file is empty")

// read gives the documents of our kind in one file, all of them or an error.
func (s Source[T]) read(path string) ([]T, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(raw) == 0 {
		return nil, errEmpty
	}
	var items []T
	docs := k8syaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(raw)))
	for {
		doc, err := docs.Read()
		if errors.Is(err, io.EOF) {
			return items, nil
		}
		if err != nil {
			return nil, err
		}
		var meta struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Metadata   struct {
				Name string `json:"name"`
			} `json:"metadata"`
		}
		if err := yaml.Unmarshal(doc, &meta); err != nil {
			return nil, err
		}
		if meta.APIVersion != s.APIVersion || meta.Kind != s.Kind {
			continue
		}
		item, err := s.Parse(doc)
		if err != nil {
			return nil, fmt.Errorf("%s %q: %w", meta.Kind, meta.Metadata.Name, err)
		}
		items = append(items, item)
	}
}

func collect[T any](files map[string]file[T]) Set[T] {
	set := Set[T]{Complete: true}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		set.Items = append(set.Items, files[path].items...)
		set.Complete = set.Complete && files[path].known
	}
	return set
}
