package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"

	"onex.io/onex/shared/config"
	"onex.io/onex/shared/platform"
	"onex.io/onex/shared/telemetry"
)

// configure gives the functions the very variables that a cluster's ConfigMap and Secret would.
func (p *Platform) configure(context.Context) error {
	keys, err := loadKeys(p.path("keys.json"))
	if err != nil {
		return err
	}
	p.keys = keys
	if err := replaceFile(p.path(adminPassword), []byte(keys["ONEX_ADMIN_PASSWORD"]+"\n")); err != nil {
		return err
	}
	p.settings = map[string]string{
		"ONEX_MONGO": p.servers.mongo.URI(), "ONEX_REDIS": p.servers.redis.Addr(), "ONEX_KAFKA": p.servers.kafka.Addr(),
	}
	maps.Copy(p.settings, p.o.Settings)
	vars := maps.Clone(keys)
	maps.Copy(vars, p.settings)
	vars["KUBECONFIG"] = p.servers.kube.Kubeconfig()
	if p.config, err = config.ReadMap(vars); err != nil {
		return err
	}
	t, err := p.telemetry("functions")
	p.platform = platform.New(p.config, platform.Options{HTTP: p.httpClient(), Log: p.o.Log, Member: "local-0", Telemetry: t, Stopping: p.ctx.Done()})
	return err
}

// telemetry tells the collector, if one is set, what a part of the platform does.
func (p *Platform) telemetry(part string) (*telemetry.Telemetry, error) {
	return telemetry.New(telemetry.Options{Collector: p.config.Collector, Ratio: p.config.TraceRatio, Service: part, Log: p.o.Log})
}

// adminPassword is the file with the administrator's first password.
const adminPassword = "admin-password"

// loadKeys makes the platform's keys at its first start and keeps them. Keys that an older platform did not need are
// added.
func loadKeys(file string) (map[string]string, error) {
	keys := map[string]string{}
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("keys: %w", err)
	}
	if err == nil {
		if err := json.Unmarshal(text, &keys); err != nil {
			return nil, fmt.Errorf("keys %q: %w", file, err)
		}
	}
	if keys, err = config.CompleteKeys(keys); err != nil {
		return nil, err
	}
	if text, err = json.Marshal(keys); err != nil {
		return nil, fmt.Errorf("keys %q: %w", file, err)
	}
	return keys, replaceFile(file, text)
}

// replaceFile writes a file that is whole at every moment.
func replaceFile(file string, content []byte) error {
	next := file + ".next"
	if err := os.WriteFile(next, content, 0o600); err != nil {
		return fmt.Errorf("write %q: %w", file, err)
	}
	if err := os.Rename(next, file); err != nil {
		return fmt.Errorf("write %q: %w", file, err)
	}
	return nil
}

// writeEnv tells other programs where everything is, as lines for a shell.
func (p *Platform) writeEnv(context.Context) error {
	var b strings.Builder
	for _, line := range [][2]string{
		{"ONEX_ADDR", p.Addr()}, {"KUBECONFIG", p.servers.kube.Kubeconfig()}, {"ONEX_MONGO", p.servers.mongo.URI()},
		{"ONEX_REDIS", p.servers.redis.Addr()}, {"ONEX_KAFKA", p.servers.kafka.Addr()}, {"ONEX_TRIGGERS", p.o.Triggers}, {"ONEX_PROXY", p.mesh.URL().String()},
		{"ONEX_ADMIN_PASSWORD_FILE", p.path(adminPassword)},
	} {
		fmt.Fprintf(&b, "export %s='%s'\n", line[0], strings.ReplaceAll(line[1], "'", `'\''`))
	}
	return replaceFile(p.path("env"), []byte(b.String()))
}
