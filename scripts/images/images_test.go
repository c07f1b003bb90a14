package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// layout is an OCI layout in the making.
type layout struct {
	t   *testing.T
	dir string
}

func (l layout) put(content []byte) descriptor {
	l.t.Helper()
	sum := fmt.Sprintf("%x", sha256.Sum256(content))
	if err := os.MkdirAll(filepath.Join(l.dir, "blobs/sha256"), 0o755); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(l.dir, "blobs/sha256", sum), content, 0o600); err != nil {
		l.t.Fatal(err)
	}
	return descriptor{Digest: "sha256:" + sum, Size: int64(len(content))}
}

func (l layout) json(o any) []byte {
	l.t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		l.t.Fatal(err)
	}
	return text
}

// file is one in an image.
type file struct {
	name    string
	mode    int64
	content []byte
}

func (l layout) layer(files []file) descriptor {
	l.t.Helper()
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	into := tar.NewWriter(zip)
	for _, f := range files {
		if err := into.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content)), Typeflag: tar.TypeReg}); err != nil {
			l.t.Fatal(err)
		}
		if _, err := into.Write(f.content); err != nil {
			l.t.Fatal(err)
		}
	}
	if err := into.Close(); err != nil {
		l.t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		l.t.Fatal(err)
	}
	return l.put(packed.Bytes())
}

// static is the header of a program that is linked to nothing.
func static() []byte {
	header := make([]byte, 64)
	copy(header, "\x7fELF\x02\x01\x01")
	header[16], header[18], header[20], header[52], header[54] = 2, 62, 1, 64, 56
	return header
}

// made is a layout with one image.
func made(t *testing.T, user, program string, files ...file) string {
	t.Helper()
	l := layout{t, t.TempDir()}
	config := l.put(l.json(map[string]any{"config": map[string]any{"User": user, "Entrypoint": []string{program}}}))
	manifest := l.put(l.json(map[string]any{"config": config, "layers": []descriptor{l.layer(files)}}))
	if err := os.WriteFile(filepath.Join(l.dir, "index.json"), l.json(map[string]any{"manifests": []descriptor{manifest}}), 0o600); err != nil {
		t.Fatal(err)
	}
	return l.dir
}

func TestAnImageIsJudged(t *testing.T) {
	program := file{"ko-app/toyblc", 0o755, static()}
	good := made(t, "65532", "/ko-app/toyblc", program, file{"etc/passwd", 0o644, []byte("x")})
	for name, row := range map[string]struct {
		one, other string
		want       string // in the error; empty for none
	}{
		"the same twice":           {good, made(t, "65532", "/ko-app/toyblc", program, file{"etc/passwd", 0o644, []byte("x")}), ""},
		"another the second time":  {good, made(t, "65532", "/ko-app/toyblc", program), "built again"},
		"root":                     {made(t, "0:0", "/ko-app/toyblc", program), "", "runs as"},
		"nobody in particular":     {made(t, "", "/ko-app/toyblc", program), "", "runs as"},
		"a shell":                  {made(t, "1", "/ko-app/toyblc", program, file{"bin/sh", 0o755, static()}), "", "bin/sh can be run too"},
		"a script for a program":   {made(t, "1", "/ko-app/toyblc", file{"ko-app/toyblc", 0o755, []byte("#!/bin/sh")}), "", "linked to libraries"},
		"a layout that is nowhere": {t.TempDir(), "", "index.json"},
	} {
		if row.other == "" {
			row.other = row.one
		}
		var out strings.Builder
		err := compare(&out, row.one, row.other)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
		if row.want == "" && !strings.Contains(out.String(), "toyblc") {
			t.Errorf("%s: says %q", name, out.String())
		}
	}
}

func TestAProgramThatWantsALoaderIsNotStatic(t *testing.T) {
	linked := append(static(), make([]byte, 56)...)
	linked[32], linked[56], linked[64] = 64, 1, 3 // one header, of the loader's name
	if dynamic(bytes.NewReader(static())) || !dynamic(bytes.NewReader(linked)) {
		t.Errorf("static %v, linked %v", !dynamic(bytes.NewReader(static())), dynamic(bytes.NewReader(linked)))
	}
}

func TestAnImageMayTakeNoMoreThanIsAgreed(t *testing.T) {
	noise := make([]byte, limits()["toyblc"]*2)
	for i, state := 0, uint32(1); i < len(noise); i++ { // what cannot be compressed
		state ^= state << 13
		state ^= state >> 17
		state ^= state << 5
		noise[i] = byte(state)
	}
	large := made(t, "65532", "/ko-app/toyblc", file{"ko-app/toyblc", 0o755, static()}, file{"data", 0o644, noise})
	if err := compare(&strings.Builder{}, large, large); err == nil || !strings.Contains(err.Error(), "at most 12582912") {
		t.Errorf("got %v", err)
	}
}
