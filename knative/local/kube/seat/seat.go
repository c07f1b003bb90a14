// Package seat is what makes an API server the same one after a restart: its folder with key, token and port, and
// the flags that follow from them. Tokens that pods and people hold, and the kubeconfig itself, stay good.
package seat

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

const (
	keyFile        = "service-account.key"
	tokenFile      = "tokens.csv"
	portFile       = "port"
	kubeconfigFile = "kubeconfig"
)

// Seat is the place of one API server.
type Seat struct {
	dir   string
	token string
	port  int
}

// Load reads the seat in a folder that is locked, and makes what is missing.
func Load(dir string) (*Seat, error) {
	if err := keep(filepath.Join(dir, keyFile), newKey); err != nil {
		return nil, err
	}
	if err := keep(filepath.Join(dir, tokenFile), newToken); err != nil {
		return nil, err
	}
	token, err := os.ReadFile(filepath.Join(dir, tokenFile))
	if err != nil {
		return nil, fmt.Errorf("read admin token: %w", err)
	}
	s := &Seat{dir: dir}
	s.token, _, _ = strings.Cut(string(token), ",")
	if err := s.dropOldCertificate(); err != nil {
		return nil, err
	}
	return s, s.choosePort()
}

// Kubeconfig is the file that WriteKubeconfig writes.
func (s *Seat) Kubeconfig() string { return filepath.Join(s.dir, kubeconfigFile) }

func (s *Seat) pki() string { return filepath.Join(s.dir, "pki") }

func (s *Seat) certificate() string { return filepath.Join(s.pki(), "apiserver.crt") }

// choosePort takes the port of the last start if nobody has it now.
func (s *Seat) choosePort() error {
	path := filepath.Join(s.dir, portFile)
	if b, err := os.ReadFile(path); err == nil {
		if p, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && portFree(p) {
			s.port = p
			return nil
		}
	}
	p, err := FreePort()
	if err != nil {
		return err
	}
	s.port = p
	return replaceFile(path, []byte(strconv.Itoa(p)))
}

// dropOldCertificate lets the server make a new certificate before the year of the present one is over.
func (s *Seat) dropOldCertificate() error {
	b, err := os.ReadFile(s.certificate())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	if block, _ := pem.Decode(b); block != nil {
		c, err := x509.ParseCertificate(block.Bytes)
		if err == nil && time.Until(c.NotAfter) > 30*24*time.Hour {
			return nil
		}
	}
	if err := os.RemoveAll(s.pki()); err != nil {
		return fmt.Errorf("remove old certificate: %w", err)
	}
	return nil
}

// Config is for the administrator, once the server has written its certificate.
func (s *Seat) Config() *rest.Config {
	return &rest.Config{
		Host:            fmt.Sprint("https://127.0.0.1:", s.port),
		BearerToken:     s.token,
		TLSClientConfig: rest.TLSClientConfig{CAFile: s.certificate()},
		QPS:             200,
		Burst:           400,
	}
}

// Ready asks the server whether it is ready, which it has no other way to say, and gives a client for one that is.
// The server writes the certificate that this needs while it starts.
func (s *Seat) Ready(ctx context.Context) (kubernetes.Interface, error) {
	client, err := kubernetes.NewForConfig(s.Config())
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	body, err := client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask API server: %w", err)
	}
	if string(body) != "ok" {
		return nil, fmt.Errorf("API server is not ready: %.200s", body)
	}
	return client, nil
}

// WriteKubeconfig writes a file that needs no other file, in one step, so that nobody ever reads half of it.
func (s *Seat) WriteKubeconfig(cfg *rest.Config) error {
	ca, err := os.ReadFile(cfg.CAFile)
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	k := clientcmdapi.NewConfig()
	k.Clusters["onex"] = &clientcmdapi.Cluster{Server: cfg.Host, CertificateAuthorityData: ca}
	k.AuthInfos["admin"] = &clientcmdapi.AuthInfo{Token: s.token}
	k.Contexts["onex"] = &clientcmdapi.Context{Cluster: "onex", AuthInfo: "admin"}
	k.CurrentContext = "onex"
	b, err := clientcmd.Write(*k)
	if err != nil {
		return fmt.Errorf("encode kubeconfig: %w", err)
	}
	return replaceFile(s.Kubeconfig(), b)
}

// keep makes the file once and leaves it alone ever after.
func keep(path string, content func() ([]byte, error)) error {
	_, err := os.Stat(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b, err := content()
	if err != nil {
		return fmt.Errorf("make %q: %w", filepath.Base(path), err)
	}
	return replaceFile(path, b)
}

func newKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}

func newToken() ([]byte, error) {
	return []byte(rand.Text() + ",admin,admin,system:masters\n"), nil
}

func replaceFile(path string, b []byte) error {
	next := path + ".next"
	if err := os.WriteFile(next, b, 0o600); err != nil {
		return fmt.Errorf("write %q: %w", filepath.Base(path), err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("replace %q: %w", filepath.Base(path), err)
	}
	return nil
}

// FreePort is one of 127.0.0.1 that nobody listens on right now.
func FreePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func portFree(p int) bool {
	l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", p))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
