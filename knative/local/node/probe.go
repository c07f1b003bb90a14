package node

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// verdictKind is what probing found out.
type verdictKind int

const (
	up      verdictKind = iota // it has started; liveness and readiness count from here
	ready                      // it may get requests
	unready                    // it may not
	sick                       // it has to be restarted
)

type verdict struct {
	kind    verdictKind
	message string
}

// probe asks a process how it is until ctx ends, and tells what changed.
func (c *container) probe(ctx context.Context, out chan<- verdict) {
	if err := c.awaitStart(ctx); err != nil {
		tell(ctx, out, verdict{sick, "startup probe: " + err.Error()})
		return
	}
	tell(ctx, out, verdict{kind: up})
	if c.spec.ReadinessProbe == nil {
		tell(ctx, out, verdict{kind: ready})
	} else {
		go c.watchReadiness(ctx, out)
	}
	if c.spec.LivenessProbe == nil {
		return
	}
	if err := c.awaitSickness(ctx); err != nil {
		tell(ctx, out, verdict{sick, "liveness probe: " + err.Error()})
	}
}

func tell(ctx context.Context, out chan<- verdict, v verdict) {
	select {
	case out <- v:
	case <-ctx.Done():
	}
}

// awaitStart returns when the startup probe succeeds, or with its last error when it has failed too often.
func (c *container) awaitStart(ctx context.Context) error {
	p := c.spec.StartupProbe
	if p == nil {
		return nil
	}
	return c.each(ctx, p, func(good, bad int32, err error) (bool, error) {
		if bad >= p.FailureThreshold {
			return true, err
		}
		return good >= max(p.SuccessThreshold, 1), nil
	})
}

// awaitSickness returns the last error when the liveness probe has failed too often in a row.
func (c *container) awaitSickness(ctx context.Context) error {
	p := c.spec.LivenessProbe
	return c.each(ctx, p, func(_, bad int32, err error) (bool, error) {
		return bad >= p.FailureThreshold, err
	})
}

// watchReadiness tells each change of the readiness probe's mind.
func (c *container) watchReadiness(ctx context.Context, out chan<- verdict) {
	p := c.spec.ReadinessProbe
	was := false
	_ = c.each(ctx, p, func(good, bad int32, err error) (bool, error) {
		switch {
		case !was && good >= max(p.SuccessThreshold, 1):
			was = true
			tell(ctx, out, verdict{kind: ready})
		case was && bad >= p.FailureThreshold:
			was = false
			tell(ctx, out, verdict{unready, err.Error()})
		}
		return false, nil
	})
}

// eagerness is the pause between probes of a process that has never answered well: on one machine nobody should wait a
// whole period for what takes a few milliseconds.
const eagerness = 50 * time.Millisecond

// each probes once per period and hands over how many successes or failures in a row there are, until see says that
// this is enough.
func (c *container) each(ctx context.Context, p *v1.Probe, see func(good, bad int32, err error) (bool, error)) error {
	timer := time.NewTimer(time.Duration(p.InitialDelaySeconds) * time.Second)
	defer timer.Stop()
	var good, bad int32
	eager := p != c.spec.LivenessProbe
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		next := time.Now().Add(time.Duration(max(p.PeriodSeconds, 1)) * time.Second)
		err := c.within(ctx, p, eager, next)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			good, bad, eager = good+1, 0, false
		} else {
			good, bad = 0, bad+1
		}
		if enough, err := see(good, bad, err); enough {
			return err
		}
		timer.Reset(time.Until(next))
	}
}

// within asks once or, being eager, as often as the period allows, until the answer is good. It counts as one.
func (c *container) within(ctx context.Context, p *v1.Probe, eager bool, end time.Time) error {
	for {
		err := c.once(ctx, p)
		if err == nil || !eager || time.Until(end) < eagerness {
			return err
		}
		timer := time.NewTimer(eagerness)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// once asks one time.
func (c *container) once(ctx context.Context, p *v1.Probe) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(max(p.TimeoutSeconds, 1))*time.Second)
	defer cancel()
	switch {
	case p.HTTPGet != nil:
		return c.get(ctx, p.HTTPGet)
	case p.TCPSocket != nil:
		return c.dial(ctx, p.TCPSocket)
	default:
		return nil // exec and gRPC would need the container's own tools
	}
}

func (c *container) get(ctx context.Context, a *v1.HTTPGetAction) error {
	host, err := c.hostPort(a.Host, a.Port)
	if err != nil {
		return err
	}
	scheme := strings.ToLower(string(a.Scheme))
	if scheme == "" {
		scheme = "http"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+host+"/"+strings.TrimPrefix(a.Path, "/"), nil)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("User-Agent", "kube-probe/local")
	for _, h := range a.HTTPHeaders {
		req.Header.Set(h.Name, h.Value)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode >= 400 {
		return fmt.Errorf("GET %s: %s", a.Path, resp.Status)
	}
	return nil
}

func (c *container) dial(ctx context.Context, a *v1.TCPSocketAction) error {
	host, err := c.hostPort(a.Host, a.Port)
	if err != nil {
		return err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		return err
	}
	return conn.Close()
}

func (c *container) hostPort(host string, port intstr.IntOrString) (string, error) {
	if host == "" {
		host = c.addr.String()
	}
	if port.Type == intstr.Int {
		return net.JoinHostPort(host, strconv.Itoa(port.IntValue())), nil
	}
	for _, p := range c.spec.Ports {
		if p.Name == port.StrVal {
			return net.JoinHostPort(host, strconv.Itoa(int(p.ContainerPort))), nil
		}
	}
	return "", fmt.Errorf("port %q is not declared", port.StrVal)
}
