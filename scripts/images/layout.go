package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// image is what is judged of an image.
type image struct {
	Name   string // the last part of the path of its program
	Digest string
	Size   int64 // of its layers as they are pulled, in bytes
	Faults []string
}

// descriptor leads to a blob of an OCI layout.
type descriptor struct {
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations"`
}

// read judges every image of the OCI layout in a folder.
func read(layout string) ([]image, error) {
	var index struct {
		Manifests []descriptor `json:"manifests"`
	}
	text, err := os.ReadFile(filepath.Join(layout, "index.json"))
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, fmt.Errorf("index of %q: %w", layout, err)
	}
	var all []image
	for _, d := range index.Manifests {
		i, err := judge(layout, d)
		if err != nil {
			return nil, fmt.Errorf("image %s: %w", d.Digest, err)
		}
		all = append(all, i)
	}
	slices.SortFunc(all, func(a, b image) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// blob reads one, into whatever it is JSON of.
func blob(layout, digest string, into any) error {
	kind, sum, _ := strings.Cut(digest, ":")
	text, err := os.ReadFile(filepath.Join(layout, "blobs", kind, sum))
	if err != nil {
		return err
	}
	if raw, ok := into.(*[]byte); ok {
		*raw = text
		return nil
	}
	return json.Unmarshal(text, into)
}

func judge(layout string, d descriptor) (image, error) {
	var manifest struct {
		Config descriptor   `json:"config"`
		Layers []descriptor `json:"layers"`
	}
	var config struct {
		Config struct {
			User       string   `json:"User"`
			Entrypoint []string `json:"Entrypoint"`
		} `json:"config"`
	}
	if err := errors.Join(blob(layout, d.Digest, &manifest), blob(layout, manifest.Config.Digest, &config)); err != nil {
		return image{}, err
	}
	i := image{Digest: d.Digest}
	if user, _, _ := strings.Cut(config.Config.User, ":"); user == "" || user == "0" || user == "root" {
		i.Faults = append(i.Faults, fmt.Sprintf("runs as %q", config.Config.User))
	}
	if len(config.Config.Entrypoint) != 1 {
		return i, fmt.Errorf("starts %q, want one program", config.Config.Entrypoint)
	}
	program := config.Config.Entrypoint[0]
	i.Name = path.Base(program)
	for _, l := range manifest.Layers {
		i.Size += l.Size
		faults, err := executables(layout, l.Digest, program)
		if err != nil {
			return i, err
		}
		i.Faults = append(i.Faults, faults...)
	}
	return i, nil
}

// executables says what is against the programs of a layer: there is to be the one, linked to nothing.
func executables(layout, digest, program string) ([]string, error) {
	var packed []byte
	if err := blob(layout, digest, &packed); err != nil {
		return nil, err
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	var faults []string
	for files := tar.NewReader(unzipped); ; {
		file, err := files.Next()
		if errors.Is(err, io.EOF) {
			return faults, nil
		}
		if err != nil {
			return nil, err
		}
		if file.Typeflag != tar.TypeReg || file.Mode&0o111 == 0 {
			continue
		}
		if path.Join("/", file.Name) != program {
			faults = append(faults, file.Name+" can be run too")
		} else if dynamic(files) {
			faults = append(faults, file.Name+" is linked to libraries")
		}
	}
}

// dynamic tells whether a program wants a loader. What is no program at all does, too, for all we know.
func dynamic(r io.Reader) bool {
	text, err := io.ReadAll(r)
	if err != nil {
		return true
	}
	program, err := elf.NewFile(bytes.NewReader(text))
	if err != nil {
		return true
	}
	return slices.ContainsFunc(program.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}
