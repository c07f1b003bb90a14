package apiserver

import (
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

// identity is what makes the server the same one after a restart: key, token and port. Tokens that pods and
// people hold, and the kubeconfig itself, stay good.
type identity struct {
	dir   string
	token string
	port  int
}

func loadIdentity(dir string) (*identity, error) {
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
	id := &identity{dir: dir}
	id.token, _, _ = strings.Cut(string(token), ",")
	if err := id.dropOldCertificate(); err != nil {
		return nil, err
	}
	return id, id.choosePort()
}

func (id *identity) pki() string { return filepath.Join(id.dir, "pki") }

func (id *identity) certificate() string { return filepath.Join(id.pki(), "apiserver.crt") }

// choosePort takes the port of the last start if nobody has it now.
func (id *identity) choosePort() error {
	path := filepath.Join(id.dir, portFile)
	if b, err := os.ReadFile(path); err == nil {
		if p, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil && portFree(p) {
			id.port = p
			return nil
		}
	}
	p, err := freePort()
	if err != nil {
		return err
	}
	id.port = p
	return replaceFile(path, []byte(strconv.Itoa(p)))
}

// dropOldCertificate lets the server make a new certificate before the year of the present one is over.
func (id *identity) dropOldCertificate() error {
	b, err := os.ReadFile(id.certificate())
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
	if err := os.RemoveAll(id.pki()); err != nil {
		return fmt.Errorf("remove old certificate: %w", err)
	}
	return nil
}

func (id *identity) restConfig() *rest.Config {
	return &rest.Config{
		Host:            fmt.Sprint("https://127.0.0.1:", id.port),
		BearerToken:     id.token,
		TLSClientConfig: rest.TLSClientConfig{CAFile: id.certificate()},
		QPS:             200,
		Burst:           400,
	}
}

// writeKubeconfig writes a file that needs no other file, in one step, so that nobody ever reads half of it.
func (id *identity) writeKubeconfig(cfg *rest.Config) error {
	ca, err := os.ReadFile(cfg.CAFile)
	if err != nil {
		return fmt.Errorf("read certificate: %w", err)
	}
	k := clientcmdapi.NewConfig()
	k.Clusters["onex"] = &clientcmdapi.Cluster{Server: cfg.Host, CertificateAuthorityData: ca}
	k.AuthInfos["admin"] = &clientcmdapi.AuthInfo{Token: id.token}
	k.Contexts["onex"] = &clientcmdapi.Context{Cluster: "onex", AuthInfo: "admin"}
	k.CurrentContext = "onex"
	b, err := clientcmd.Write(*k)
	if err != nil {
		return fmt.Errorf("encode kubeconfig: %w", err)
	}
	return replaceFile(filepath.Join(id.dir, kubeconfigFile), b)
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

func freePort() (int, error) {
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
