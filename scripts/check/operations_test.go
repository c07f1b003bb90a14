package check

import (
	"crypto/ed25519"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"onex.io/onex/shared/config"
)

const operations = "docs/operations.md"

// variables are the settings that a program reads.
func variables(t *testing.T, file string) []string {
	t.Helper()
	var names []string
	for _, m := range regexp.MustCompile("env:\"(ONEX_[A-Z_]+)").FindAllStringSubmatch(read(t, file), -1) {
		names = append(names, m[1])
	}
	if len(names) < 3 {
		t.Fatalf("%s reads %v: this looks at the wrong place", file, names)
	}
	return names
}

func TestTheOperatorIsToldEverySettingAndEveryKey(t *testing.T) {
	known := slices.Concat(variables(t, "shared/config/config.go"), variables(t, "functions/reconciler/cmd/reconciler/main.go"))
	told := regexp.MustCompile("`(ONEX_[A-Z_]+)`").FindAllStringSubmatch(read(t, operations), -1)
	var names []string
	for _, m := range told {
		names = append(names, m[1])
		if !slices.Contains(known, m[1]) {
			t.Errorf("%s tells of %s, which nobody reads", operations, m[1])
		}
	}
	for _, name := range known {
		if !slices.Contains(names, name) {
			t.Errorf("%s does not tell of %s", operations, name)
		}
	}
}

// What an operator may set, make deploy takes over, and nothing else: a key in a ConfigMap is everybody's.
func TestDeployTakesEverySettingAndNoKey(t *testing.T) {
	line := regexp.MustCompile(`readonly settings='([^']+)'`).FindStringSubmatch(read(t, "scripts/deploy"))
	if line == nil {
		t.Fatal("scripts/deploy has no settings")
	}
	taken := regexp.MustCompile("^" + line[1] + "$")
	keys, err := config.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	apart := []string{"ONEX_IMAGE", "ONEX_NODES_KUBECONFIG", "ONEX_KAFKA_USERNAME", "ONEX_KAFKA_PASSWORD", "ONEX_KAFKA_CA"}
	for name := range keys {
		apart = append(apart, name)
	}
	for _, name := range slices.Concat(variables(t, "shared/config/config.go"), variables(t, "functions/reconciler/cmd/reconciler/main.go")) {
		if set := !slices.Contains(apart, name); taken.MatchString(name) != set {
			t.Errorf("%s: is a setting %v, make deploy takes it %v", name, set, taken.MatchString(name))
		}
	}
}

func TestTheOperatorIsToldEveryOverlay(t *testing.T) {
	folders, err := os.ReadDir(filepath.Join(root, "knative/overlays"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if !strings.Contains(read(t, operations), "\n| `"+f.Name()+"`") {
			t.Errorf("%s does not tell of %s", operations, f.Name())
		}
	}
}

// The keys that the page makes are keys: its commands are run, with a kubectl that prints what it is given.
func TestTheKeysOfThePageAreKeys(t *testing.T) {
	for _, program := range []string{"bash", "openssl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("there is no %s", program)
		}
	}
	page := read(t, operations)
	from, to := strings.Index(page, "$ private()"), strings.Index(page, "$ kubectl apply -k mine")
	if from < 0 || to < from {
		t.Fatal("the page makes no keys")
	}
	script := "kubectl() { printf '%s\\n' \"$@\"; }\n" + strings.ReplaceAll(page[from:to], "$ ", "")
	out, err := exec.CommandContext(t.Context(), "bash", "-euc", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	vars := map[string]string{"ONEX_MONGO": "mongodb://m", "ONEX_REDIS": "r:1", "ONEX_KAFKA": "k:1"}
	for line := range strings.Lines(string(out)) {
		if name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "--from-literal="), "="); ok {
			vars[name] = value
		}
	}
	c, err := config.ReadMap(vars)
	if err != nil {
		t.Fatal(err)
	}
	made, err := config.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	for name := range made {
		if vars[name] == "" {
			t.Errorf("%s is not made", name)
		}
	}
	if !c.TokenPublicKeys.Hold(c.TokenKey.Public().(ed25519.PublicKey)) {
		t.Error("the public key is not that of the private one")
	}
}
