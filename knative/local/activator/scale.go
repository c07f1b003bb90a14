package activator

import (
	"fmt"
	"slices"
	"time"
)

// scaleUp starts as many copies as those who wait need, within the limit. The lock is held.
func (a *Activator) scaleUp() {
	for len(a.waiters) > a.starting*a.o.Concurrency && len(a.copies)+a.starting < a.o.Max {
		a.starting++
		a.working.Go(a.startOne)
	}
}

// startOne starts a copy and gives it to those who wait.
func (a *Activator) startOne() {
	began := time.Now()
	p, err := a.o.Program.start(a.o.Operation)
	if err == nil {
		if err = awaitHealth(a.life, p, a.transport); err != nil {
			p.Stop(stopGrace)
			err = fmt.Errorf("start %s: %w", a.o.Operation, err)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.starting--
	a.failure = err
	if err != nil {
		a.failed = time.Now()
		a.o.Program.Log.Error("operation does not start", "operation", a.o.Operation, "error", err)
		if len(a.copies)+a.starting == 0 {
			a.refuseWaiters(err)
		}
		return
	}
	a.join(&replica{process: p, began: began})
}

// join adds a copy that answers. The lock is held.
func (a *Activator) join(r *replica) {
	if a.life.Err() != nil {
		a.working.Go(func() { r.Stop(stopGrace) })
		return
	}
	a.copies = append(a.copies, r)
	a.o.Program.Log.Info("operation scaled", "operation", a.o.Operation, "to", len(a.copies), "pid", r.PID(),
		"start", time.Since(r.began).Round(100*time.Microsecond).String())
	r.idle = time.AfterFunc(a.o.Idle, func() { a.retire(r) })
	a.serveWaiters()
	a.working.Go(func() { a.watch(r) })
}

// watch sees the end of a process.
func (a *Activator) watch(r *replica) {
	<-r.Done()
	a.bury(r)
}

// bury takes a process that ended out of service at once, and starts another if somebody waits.
func (a *Activator) bury(r *replica) {
	if !a.lose(r) {
		return // it was asked to end
	}
	a.o.Program.Log.Warn("operation crashed", "operation", a.o.Operation, "pid", r.PID(), "error", ended(r.process))
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.life.Err() == nil {
		a.scaleUp()
	}
}

// lose takes a copy out of service, unless it is out already.
func (a *Activator) lose(r *replica) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.remove(r)
}

func (a *Activator) remove(r *replica) bool {
	i := slices.Index(a.copies, r)
	if i < 0 {
		return false
	}
	a.copies = slices.Delete(a.copies, i, i+1)
	return true
}

// retire stops a copy that nobody has asked for anything for a while. It is out of service before it is told.
func (a *Activator) retire(r *replica) {
	a.mu.Lock()
	idle := r.inflight == 0 && a.life.Err() == nil && a.remove(r)
	left := len(a.copies)
	if idle {
		a.working.Add(1)
	}
	a.mu.Unlock()
	if !idle {
		return
	}
	defer a.working.Done()
	r.Stop(stopGrace)
	a.o.Program.Log.Info("operation scaled", "operation", a.o.Operation, "to", left, "why", "nothing came for "+a.o.Idle.String())
}
