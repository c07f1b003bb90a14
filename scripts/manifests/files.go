package manifests

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Write writes the files under root and removes those of operations that are gone.
func Write(root string, files map[string][]byte) error {
	for file, content := range files {
		name := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("write %q: %w", file, err)
		}
		if err := os.WriteFile(name, content, 0o644); err != nil {
			return fmt.Errorf("write %q: %w", file, err)
		}
	}
	gone, err := orphans(root, files)
	for _, file := range gone {
		err = errors.Join(err, os.Remove(filepath.Join(root, file)))
	}
	return err
}

// Compare reports every file under root that is not what it should be.
func Compare(root string, files map[string][]byte) error {
	var errs []error
	for file, want := range files {
		got, err := os.ReadFile(filepath.Join(root, file))
		if err != nil || !bytes.Equal(got, want) {
			errs = append(errs, fmt.Errorf("%s is stale: run make generate", file))
		}
	}
	gone, err := orphans(root, files)
	for _, file := range gone {
		errs = append(errs, fmt.Errorf("%s belongs to no operation", file))
	}
	return errors.Join(append(errs, err)...)
}

// orphans are the files in generated folders that nothing generates.
func orphans(root string, files map[string][]byte) ([]string, error) {
	var gone []string
	for _, folder := range folders() {
		err := fs.WalkDir(os.DirFS(root), folder, func(file string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && files[file] == nil {
				gone = append(gone, file)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("list %q: %w", folder, err)
		}
	}
	return gone, nil
}
