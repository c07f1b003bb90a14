package node

import (
	"net/netip"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
)

func TestTranslate(t *testing.T) {
	mounts := []mount{{"/data/keys", "/state/k"}, {"/data", "/state/d"}, {"/etc/toyblc/key", "/state/s"}}
	for name, tt := range map[string]struct{ in, want string }{
		"a path alone":                        {"/data", "/state/d"},
		"a flag's value":                      {"--data-dir=/data", "--data-dir=/state/d"},
		"a path below a mount":                {"--dir=/data/blocks", "--dir=/state/d/blocks"},
		"a mount inside another wins":         {"/data/keys/a", "/state/k/a"},
		"a longer name is another path":       {"/database", "/database"},
		"a name below another folder":         {"/var/data", "/var/data"},
		"a URL's path is no file":             {"http://host/data", "http://host/data"},
		"several in one list":                 {"/data,/etc/toyblc/key/ed25519.pem", "/state/d,/state/s/ed25519.pem"},
		"nothing to translate":                {"--peers=ws://c.ns.svc.cluster.local:6001", "--peers=ws://c.ns.svc.cluster.local:6001"},
		"a path in words":                     {"see '/data' there", "see '/state/d' there"},
		"a file that only begins like a path": {"/data.db", "/data.db"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := translate(mounts, tt.in); got != tt.want {
				t.Errorf("translate(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestBlocksDoNotCollide(t *testing.T) {
	state := t.TempDir()
	a, err := claimBlock(state)
	if err != nil {
		t.Fatal(err)
	}
	b, err := claimBlock(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	if a.n == b.n {
		t.Fatalf("two platforms have block %d", a.n)
	}
	a.close()
	again, err := claimBlock(state)
	if err != nil {
		t.Fatal(err)
	}
	defer again.close()
	if again.n != a.n {
		t.Errorf("block after restart is %d, want %d", again.n, a.n)
	}
}

func TestAddresses(t *testing.T) {
	b := &block{n: 99, taken: map[netip.Addr]struct{}{}}
	seen := map[netip.Addr]bool{}
	for range 600 {
		a, err := b.take("")
		if err != nil {
			t.Fatal(err)
		}
		if last := a.As4()[3]; seen[a] || a == b.host() || last == 0 || last == 255 {
			t.Fatalf("gave out %s", a)
		}
		seen[a] = true
	}
	wanted := "127.99.200.7"
	if a, _ := b.take(wanted); a.String() != wanted {
		t.Errorf("take(%s) = %s", wanted, a)
	}
	if a, _ := b.take(wanted); a.String() == wanted {
		t.Errorf("%s was given out twice", wanted)
	}
	if a, _ := b.take("127.98.0.7"); a.As4()[1] != 99 {
		t.Errorf("gave out %s, which is another platform's", a)
	}
	b.release(netip.MustParseAddr(wanted))
	if a, _ := b.take(wanted); a.String() != wanted {
		t.Errorf("a released address is not given out again: %s", a)
	}
}

func TestGrace(t *testing.T) {
	five, one := int64(5), int64(1)
	for name, tt := range map[string]struct {
		pod  v1.Pod
		want time.Duration
	}{
		"the default":                       {v1.Pod{}, 30 * time.Second},
		"the pod's own":                     {v1.Pod{Spec: v1.PodSpec{TerminationGracePeriodSeconds: &five}}, 5 * time.Second},
		"what the deletion says comes last": {withDeletion(v1.Pod{Spec: v1.PodSpec{TerminationGracePeriodSeconds: &five}}, &one), time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if got := grace(&tt.pod); got != tt.want {
				t.Errorf("grace = %s, want %s", got, tt.want)
			}
		})
	}
}

func withDeletion(p v1.Pod, grace *int64) v1.Pod {
	p.DeletionGracePeriodSeconds = grace
	return p
}

func TestProgram(t *testing.T) {
	n := &Node{o: Options{Images: map[string]string{"onex.local/toyblc": "/bin/a", "reg:5000/x": "/bin/b", "exact:v2": "/bin/c"}}}
	for image, want := range map[string]string{
		"onex.local/toyblc":               "/bin/a",
		"onex.local/toyblc:v1":            "/bin/a",
		"onex.local/toyblc:v1@sha256:abc": "/bin/a",
		"onex.local/toyblc@sha256:abc":    "/bin/a",
		"reg:5000/x":                      "/bin/b",
		"reg:5000/x:v1":                   "/bin/b",
		"exact:v2":                        "/bin/c",
		"exact:v3":                        "",
		"unknown":                         "",
	} {
		got, err := n.program(image)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("program(%q) = %q, %v, want %q", image, got, err, want)
		}
	}
}
