package gateway

import (
	"io"
	"log/slog"
	"net/http"
	"testing"

	"onex.io/onex/shared/config"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// BenchmarkRequest asks an operation straight and through the gateway, all in one process: the second less the first is
// what the gateway adds, in time and in allocations. `make bench` measures the same between processes.
func BenchmarkRequest(b *testing.B) {
	operation := serve(b, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }), false)
	p := platform.New(config.Config{Services: operation + "/%s"}, platform.Options{Log: slog.New(slog.DiscardHandler)})
	h, err := op.Operation{Name: "gateway", Handler: op.Raw(newGateway)}.HTTP(p)
	if err != nil {
		b.Fatal(err)
	}
	for name, address := range map[string]string{"straight": operation, "through the gateway": serve(b, h, false)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				response, err := http.Get(address + "/v1/wallet")
				if err != nil {
					b.Fatal(err)
				}
				text, err := io.ReadAll(response.Body)
				if response.Body.Close(); err != nil || string(text) != "{}" {
					b.Fatal(string(text), err)
				}
			}
		})
	}
}
