package node

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"onex.io/onex/toyblc/chain"
)

// metrics are the node's numbers for Prometheus.
type metrics struct {
	registry *prometheus.Registry
	reorgs   prometheus.Histogram
	drops    *prometheus.CounterVec
}

func newMetrics(n *Node) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		reorgs: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "toyblc_reorg_depth_blocks", Help: "Blocks replaced by a reorganization.",
			Buckets: []float64{1, 2, 3, 6, 12, 50, 200, 1000},
		}),
		drops: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "toyblc_peers_dropped_total", Help: "Peers dropped, by reason."}, []string{"reason"}),
	}
	m.registry.MustRegister(m.reorgs, m.drops, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	n.gauges(m.registry)
	n.counters(m.registry)
	return m
}

// counters are those of the own miner, from the start of the process.
func (n *Node) counters(r *prometheus.Registry) {
	for _, c := range []struct {
		name, help string
		value      func() float64
	}{
		{"toyblc_blocks_won_total", "Blocks that this node mined onto the main chain.", func() float64 { return float64(n.mined.Load()) }},
		{"toyblc_hashes_total", "Hashes that this node tried.", func() float64 { return float64(n.hashes()) }},
	} {
		r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: c.name, Help: c.help}, c.value))
	}
}

// describe adds a metric that says whose numbers these are, to join others with.
func (n *Node) describe() error {
	key := ""
	if n.miner != nil {
		key = n.miner.PublicKey().String()
	}
	return n.metrics.registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "toyblc_info", Help: "1; the labels say whose chain this is and who mines here.",
		ConstLabels: prometheus.Labels{"chain_id": n.cfg.Params.ChainID, "address": n.cfg.Address, "public_key": key},
	}, func() float64 { return 1 }))
}

// gauges are read when somebody looks.
func (n *Node) gauges(r *prometheus.Registry) {
	for _, g := range []struct {
		name, help string
		value      func(chain.Status) float64
	}{
		{"toyblc_height", "Height of the main chain.", func(s chain.Status) float64 { return float64(s.Height) }},
		{"toyblc_head_timestamp_seconds", "Time in the newest block.", func(s chain.Status) float64 { return float64(s.HeadTime) }},
		{"toyblc_difficulty_hashes", "Expected hashes of the next block.", func(s chain.Status) float64 { return difficulty(&s) }},
		{"toyblc_chain_hash_rate", "Hashes per second of all miners together, estimated.", func(s chain.Status) float64 { return s.Rate }},
		{"toyblc_peers", "Peers that said hello.", func(s chain.Status) float64 { return float64(s.Peers) }},
		{"toyblc_synced", "1 when the node trusts its chain.", func(s chain.Status) float64 { return oneIf(s.Synced) }},
		{"toyblc_mining", "1 when the node searches a nonce.", func(s chain.Status) float64 { return oneIf(s.Mining) }},
		{"toyblc_waiting_texts", "Posted texts not mined yet.", func(s chain.Status) float64 { return float64(s.Waiting) }},
		{"toyblc_hash_rate", "Hashes per second of the own miner.", func(chain.Status) float64 { return n.hashRate() }},
	} {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: g.name, Help: g.help},
			func() float64 { return g.value(*n.status.Load()) }))
	}
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (n *Node) hashRate() float64 {
	if n.miner == nil {
		return 0
	}
	rate, _ := n.miner.HashRate()
	return rate
}

func (n *Node) hashes() uint64 {
	if n.miner == nil {
		return 0
	}
	_, total := n.miner.HashRate()
	return total
}

func (m *metrics) reorged(depth int64)    { m.reorgs.Observe(float64(depth)) }
func (m *metrics) dropped(r chain.Reason) { m.drops.WithLabelValues(string(r)).Inc() }

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
