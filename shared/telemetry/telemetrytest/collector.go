// Package telemetrytest is a collector for tests: it takes what is pushed by OTLP over HTTP, adds the numbers up and
// keeps the spans.
package telemetrytest

import (
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// Attributes are what a number or a span is about, as text.
type Attributes map[string]string

// Point is a number of one process: how often something was counted, over all that it has told.
type Point struct {
	Name  string
	About Attributes // those of the process among them
	Count float64
}

// Span is a part of a trace. Ids are hex.
type Span struct {
	Trace, ID, Parent string
	Name              string
	About             Attributes // those of the process among them
	Links             []string   // trace ids
}

// Collector is safe for concurrent use.
type Collector struct {
	mu     sync.Mutex
	points map[string]*Point
	told   map[string]bool // by time series and the time it tells of: what comes twice counts once
	spans  map[string]Span
}

// New makes a collector that has heard of nothing.
func New() *Collector {
	return &Collector{points: map[string]*Point{}, told: map[string]bool{}, spans: map[string]Span{}}
}

// Start has a new collector listen until the test ends, and gives its base URL.
func Start(t *testing.T) (*Collector, string) {
	t.Helper()
	c := New()
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	return c, server.URL
}

// ServeHTTP takes numbers at /v1/metrics and spans at /v1/traces.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var err error
	switch r.Method + " " + r.URL.Path {
	case "POST /v1/metrics":
		err = receive(r, new(collectormetrics.ExportMetricsServiceRequest), c.keepMetrics)
	case "POST /v1/traces":
		err = receive(r, new(collectortrace.ExportTraceServiceRequest), c.keepSpans)
	default:
		err = fmt.Errorf("nothing is taken by %s %s", r.Method, r.URL.Path)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf") // an empty answer says that all was taken
}

func receive[M proto.Message](r *http.Request, into M, keep func(M)) error {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil {
			return err
		}
		body = unpacked
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if err := proto.Unmarshal(text, into); err != nil {
		return err
	}
	keep(into)
	return nil
}

func (c *Collector) keepSpans(r *collectortrace.ExportTraceServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, from := range r.GetResourceSpans() {
		for _, scope := range from.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				span := Span{
					Trace: fmt.Sprintf("%x", s.GetTraceId()), ID: fmt.Sprintf("%x", s.GetSpanId()), Parent: fmt.Sprintf("%x", s.GetParentSpanId()),
					Name: s.GetName(), About: about(from.GetResource().GetAttributes(), s.GetAttributes()),
				}
				for _, l := range s.GetLinks() {
					span.Links = append(span.Links, fmt.Sprintf("%x", l.GetTraceId()))
				}
				c.spans[span.ID] = span
			}
		}
	}
}

func (c *Collector) keepMetrics(r *collectormetrics.ExportMetricsServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, from := range r.GetResourceMetrics() {
		for _, scope := range from.GetScopeMetrics() {
			for _, m := range scope.GetMetrics() {
				c.keepMetric(from.GetResource().GetAttributes(), m)
			}
		}
	}
}

// keepMetric adds up what a process says was added, and replaces what it says is so altogether.
func (c *Collector) keepMetric(who []*common.KeyValue, m *metrics.Metric) {
	for _, p := range m.GetHistogram().GetDataPoints() {
		c.keep(m, about(who, p.GetAttributes()), p, float64(p.GetCount()), m.GetHistogram().GetAggregationTemporality())
	}
	for _, p := range m.GetSum().GetDataPoints() {
		c.keep(m, about(who, p.GetAttributes()), p, number(p), m.GetSum().GetAggregationTemporality())
	}
	for _, p := range m.GetGauge().GetDataPoints() {
		c.keep(m, about(who, p.GetAttributes()), p, number(p), metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE)
	}
}

// moment is the time that a number tells of, in unix nanoseconds.
type moment interface {
	GetStartTimeUnixNano() uint64
	GetTimeUnixNano() uint64
}

func (c *Collector) keep(m *metrics.Metric, about Attributes, at moment, count float64, how metrics.AggregationTemporality) {
	series := m.GetName() + " " + about.String()
	told := fmt.Sprintf("%s %d-%d", series, at.GetStartTimeUnixNano(), at.GetTimeUnixNano())
	if c.told[told] {
		return
	}
	c.told[told] = true
	if c.points[series] == nil || how == metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE {
		c.points[series] = &Point{Name: m.GetName(), About: about}
	}
	c.points[series].Count += count
}

func number(p *metrics.NumberDataPoint) float64 {
	if i, ok := p.GetValue().(*metrics.NumberDataPoint_AsInt); ok {
		return float64(i.AsInt)
	}
	return p.GetAsDouble()
}

// about is what all the lists say, as text.
func about(lists ...[]*common.KeyValue) Attributes {
	all := Attributes{}
	for _, list := range lists {
		for _, a := range list {
			switch v := a.GetValue().GetValue().(type) {
			case *common.AnyValue_StringValue:
				all[a.GetKey()] = v.StringValue
			case *common.AnyValue_IntValue:
				all[a.GetKey()] = fmt.Sprint(v.IntValue)
			default:
				all[a.GetKey()] = a.GetValue().String()
			}
		}
	}
	return all
}

// String is the same for the same attributes.
func (a Attributes) String() string {
	var text strings.Builder
	for _, k := range slices.Sorted(maps.Keys(a)) {
		fmt.Fprintf(&text, "%s=%q ", k, a[k])
	}
	return text.String()
}

// Has says whether all the wanted ones are there.
func (a Attributes) Has(wanted Attributes) bool {
	for k, v := range wanted {
		if a[k] != v {
			return false
		}
	}
	return true
}

// Count adds up a number over all processes and everything that it is about, as far as that has what is wanted.
func (c *Collector) Count(name string, wanted Attributes) (sum float64) {
	for _, p := range c.Points(name) {
		if p.About.Has(wanted) {
			sum += p.Count
		}
	}
	return sum
}

// Points are what was told under a name, or everything under the empty name.
func (c *Collector) Points(name string) []Point {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Point
	for _, series := range slices.Sorted(maps.Keys(c.points)) {
		if p := c.points[series]; name == "" || p.Name == name {
			all = append(all, *p)
		}
	}
	return all
}

// Trace is every span of a trace that was told; of all traces under the empty id.
func (c *Collector) Trace(id string) []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Span
	for _, s := range c.spans {
		if id == "" || s.Trace == id {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b Span) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	return all
}
