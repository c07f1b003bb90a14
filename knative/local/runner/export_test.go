package runner

import "net/http"

// Tap puts what around makes of it into the place of what serves the name <service>.<namespace>.
func (p *Platform) Tap(service, namespace string, around func(http.Handler) http.Handler) error {
	h, err := p.mesh.Handler(service, namespace)
	if err == nil {
		p.mesh.Handle(service, namespace, around(h))
	}
	return err
}
