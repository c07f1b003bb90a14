// Package weight says what the functions binary weighs, package by package. Every function starts from it, so its
// weight is paid at every cold start.
package weight

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// Binary is what was built.
type Binary struct {
	// Size is that of the stripped file, in bytes.
	Size int64
	// Packages are the bytes that each package adds, line tables and types left out.
	Packages map[string]int64
	// Keeps is empty while the linker can drop methods that nobody calls. Else it is the way from a package of ours
	// to the one that finds methods by name, so that any method may be called and all are kept: megabytes of them.
	Keeps []string
}

// Build builds the functions binary as an image has it, for linux/amd64, and weighs it. Root is that of the repository.
func Build(root string) (Binary, error) {
	flags, err := imageFlags(root)
	if err != nil {
		return Binary{}, err
	}
	return build(root, "./functions", flags...)
}

func build(root, program string, flags ...string) (Binary, error) {
	dir, err := os.MkdirTemp("", "onex-weight-")
	if err != nil {
		return Binary{}, fmt.Errorf("weight: %w", err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "program")
	// The linker prints how it reached each symbol. Its tables of symbols, which an image leaves out, are what is
	// read here and do not count.
	command := exec.Command("go", append(append([]string{"build", "-ldflags=-dumpdep", "-o", file}, flags...), program)...)
	command.Dir, command.Env = root, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOOS=linux", "GOARCH=amd64")
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	if err := command.Run(); err != nil {
		return Binary{}, fmt.Errorf("weight: build: %w\n%s", err, tail(said.String()))
	}
	b, err := read(file)
	b.Keeps = keeps(&said)
	return b, err
}

// imageFlags are the flags of go build that .ko.yaml gives every image.
func imageFlags(root string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(root, ".ko.yaml"))
	if err != nil {
		return nil, fmt.Errorf("weight: %w", err)
	}
	var ko struct {
		DefaultFlags   []string `json:"defaultFlags"`
		DefaultLdflags []string `json:"defaultLdflags"`
	}
	if err := yaml.Unmarshal(text, &ko); err != nil {
		return nil, fmt.Errorf("weight: .ko.yaml: %w", err)
	}
	if got := strings.Join(ko.DefaultLdflags, " "); got != "-s -w" {
		return nil, errors.New("weight: an image is not stripped: its ldflags are " + got)
	}
	return ko.DefaultFlags, nil
}

func tail(text string) string {
	const most = 2000
	return text[max(0, len(text)-most):]
}

// finds marks, in what the linker prints, a function that finds methods by a name known only when it runs.
const finds = " <ReflectMethod>"

// keeps reads the linker's "caller -> callee" lines, each callee at the first way to it, and gives the packages on
// the way to the first function that finds methods by name.
func keeps(deps io.Reader) []string {
	caller, found := map[string]string{}, ""
	lines := bufio.NewScanner(deps)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		from, to, ok := strings.Cut(lines.Text(), " -> ")
		if !ok {
			continue
		}
		if found == "" && strings.HasSuffix(to, finds) {
			found = symbol(to)
		}
		caller[symbol(to)] = symbol(from)
	}
	var way []string
	for at := found; at != ""; at = caller[at] {
		if p := PackageOf(at); len(way) == 0 || way[0] != p {
			way = append([]string{p}, way...)
		}
	}
	return way
}

// symbol is a name without the linker's remarks.
func symbol(text string) string {
	name, _, _ := strings.Cut(text, " <")
	return name
}
