package seat

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Flags are the flags of kube-apiserver that a single machine needs; all else stays as shipped, so that what
// is accepted here is accepted by a cluster. The server finds etcd at host:port.
func (s *Seat) Flags(etcd string) []string {
	return []string{
		"--etcd-servers=http://" + etcd,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		fmt.Sprint("--secure-port=", s.port),
		"--cert-dir=" + s.pki(),
		"--token-auth-file=" + filepath.Join(s.dir, tokenFile),
		"--anonymous-auth=false",
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://onex.local",
		"--service-account-signing-key-file=" + filepath.Join(s.dir, keyFile),
		"--service-account-key-file=" + filepath.Join(s.dir, keyFile),
		"--service-cluster-ip-range=10.96.0.0/16",
		// A loopback address cannot be an endpoint of the "kubernetes" Service.
		"--endpoint-reconciler-type=none",
		// The default waits for every open watch, which looks like a hang after Ctrl-C.
		"--shutdown-watch-termination-grace-period=1s",
		"--disable-admission-plugins=" + unused(),
		"--profiling=false",
	}
}

// unused lists admission plugins that wait for something no single machine has: storage classes, certificate
// signers, taints of nodes, and the quota controller that keeps a quota's usage.
func unused() string {
	return strings.Join([]string{
		"CertificateApproval", "CertificateSigning", "CertificateSubjectRestriction", "ClusterTrustBundleAttest",
		"DefaultIngressClass", "DefaultStorageClass", "DefaultTolerationSeconds", "PersistentVolumeClaimResize",
		"ResourceQuota", "RuntimeClass", "StorageObjectInUseProtection", "TaintNodesByCondition",
	}, ",")
}
