package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
)

// mount says which folder of the machine a path inside the container stands for. A process sees the machine's own
// files, so its arguments and variables are translated instead.
type mount struct {
	path string
	host string
}

// volumes makes the folders that the container mounts and fills those that come from objects.
func (w *worker) volumes(ctx context.Context, c *container) ([]mount, error) {
	if err := os.MkdirAll(w.dir(), 0o700); err != nil {
		return nil, fmt.Errorf("make pod folder: %w", err)
	}
	var mounts []mount
	for _, m := range c.spec.VolumeMounts {
		i := slices.IndexFunc(c.pod.Spec.Volumes, func(v v1.Volume) bool { return v.Name == m.Name })
		if i < 0 {
			return nil, fmt.Errorf("volume %q is not declared", m.Name)
		}
		host, err := w.volume(ctx, c, c.pod.Spec.Volumes[i])
		if err != nil {
			return nil, fmt.Errorf("volume %q: %w", m.Name, err)
		}
		mounts = append(mounts, mount{path: strings.TrimSuffix(m.MountPath, "/"), host: filepath.Join(host, m.SubPath)})
	}
	// The longest first, so that a mount inside another wins.
	slices.SortFunc(mounts, func(a, b mount) int { return len(b.path) - len(a.path) })
	return mounts, nil
}

// volume makes one volume and returns its folder.
func (w *worker) volume(ctx context.Context, c *container, v v1.Volume) (string, error) {
	if v.HostPath != nil {
		return v.HostPath.Path, nil
	}
	dir := filepath.Join(w.dir(), "volumes", v.Name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make folder: %w", err)
	}
	switch {
	case v.Secret != nil:
		data, err := w.secret(ctx, c.pod.Namespace, v.Secret.SecretName, v.Secret.Optional)
		if err != nil {
			return "", err
		}
		return dir, writeFiles(dir, data, v.Secret.Items)
	case v.ConfigMap != nil:
		data, err := w.configMap(ctx, c.pod.Namespace, v.ConfigMap.Name, v.ConfigMap.Optional)
		if err != nil {
			return "", err
		}
		return dir, writeFiles(dir, data, v.ConfigMap.Items)
	case v.EmptyDir != nil, v.Projected != nil:
		// Projected is the service account's token, which no program here uses.
		return dir, nil
	default:
		return "", fmt.Errorf("its kind is not known on this machine")
	}
}

func writeFiles(dir string, data map[string]string, items []v1.KeyToPath) error {
	if len(items) == 0 {
		for k := range data {
			items = append(items, v1.KeyToPath{Key: k, Path: k})
		}
	}
	for _, item := range items {
		value, ok := data[item.Key]
		if !ok {
			return fmt.Errorf("key %q is missing", item.Key)
		}
		path := filepath.Join(dir, item.Path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("make folder of %q: %w", item.Path, err)
		}
		if err := os.WriteFile(path, []byte(value), 0o600); err != nil {
			return fmt.Errorf("write %q: %w", item.Path, err)
		}
	}
	return nil
}

func translateAll(mounts []mount, list []string) []string {
	for i := range list {
		list[i] = translate(mounts, list[i])
	}
	return list
}

// translate replaces every mounted path in s by the folder it stands for. Only a whole path counts: /data is one in
// "--dir=/data/blocks", and none in "/database" or "http://host/data".
func translate(mounts []mount, s string) string {
	var out strings.Builder
	for i := 0; i < len(s); {
		m, ok := mountAt(mounts, s, i)
		if !ok {
			out.WriteByte(s[i])
			i++
			continue
		}
		out.WriteString(m.host)
		i += len(m.path)
	}
	return out.String()
}

func mountAt(mounts []mount, s string, i int) (mount, bool) {
	if s[i] != '/' || (i > 0 && pathByte(s[i-1])) {
		return mount{}, false
	}
	for _, m := range mounts {
		rest, ok := strings.CutPrefix(s[i:], m.path)
		if ok && m.path != "" && (rest == "" || rest[0] == '/' || !pathByte(rest[0])) {
			return m, true
		}
	}
	return mount{}, false
}

// pathByte tells whether b may stand inside a path, so that what follows or precedes it belongs to the same one.
func pathByte(b byte) bool {
	return b == '/' || b == '.' || b == '-' || b == '_' || b == '%' || b == '~' ||
		'0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}
