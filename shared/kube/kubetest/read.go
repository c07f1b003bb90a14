package kubetest

import (
	"encoding/json"
	"net/http"
	"sort"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
)

func (s *Server) get(at target) (int, any) {
	o, found := s.objects[at]
	if !found {
		return failed(http.StatusNotFound, metav1.StatusReasonNotFound, at)
	}
	return http.StatusOK, o
}

func (s *Server) list(r *http.Request, at target) any {
	items := []any{}
	for _, o := range s.collect(r, at) {
		items = append(items, o.Object)
	}
	return map[string]any{
		"apiVersion": versionOf(at.group),
		"kind":       kindOf(at.resource) + "List",
		"metadata":   map[string]any{"resourceVersion": strconv.Itoa(len(s.log))},
		"items":      items,
	}
}

func (s *Server) collect(r *http.Request, at target) []*unstructured.Unstructured {
	selector := selectorOf(r)
	var found []*unstructured.Unstructured
	for where, o := range s.state(r) {
		if at.has(where) && selector.Matches(labels.Set(o.GetLabels())) && named(r, o) {
			found = append(found, o)
		}
	}
	sort.Slice(found, func(i, j int) bool {
		return found[i].GetNamespace()+"/"+found[i].GetName() < found[j].GetNamespace()+"/"+found[j].GetName()
	})
	return found
}

// state is what there is, or was at the moment that the request names exactly.
func (s *Server) state(r *http.Request) map[target]*unstructured.Unstructured {
	q := r.URL.Query()
	version, err := strconv.Atoi(q.Get("resourceVersion"))
	if err != nil || q.Get("resourceVersionMatch") != string(metav1.ResourceVersionMatchExact) {
		return s.objects
	}
	past := map[target]*unstructured.Unstructured{}
	for _, c := range s.log[:min(version, len(s.log))] {
		if past[c.at] = c.object; c.kind == "DELETED" {
			delete(past, c.at)
		}
	}
	return past
}

// named tells whether the request asks for the object's name, or for none.
func named(r *http.Request, o *unstructured.Unstructured) bool {
	selector, err := fields.ParseSelector(r.URL.Query().Get("fieldSelector"))
	return err == nil && selector.Matches(fields.Set{"metadata.name": o.GetName()})
}

func selectorOf(r *http.Request) labels.Selector {
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		return labels.Nothing()
	}
	return selector
}

// watch follows the log from the wanted version on, until the client leaves.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, at target) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	lines := json.NewEncoder(w)
	next, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion")) // none means from the start
	if r.URL.Query().Get("sendInitialEvents") == "true" {
		next = s.sendInitial(lines, r, at)
	}
	for {
		s.mu.Lock()
		news, changed := s.log[min(next, len(s.log)):], s.changed
		next = len(s.log)
		s.mu.Unlock()
		for _, c := range news {
			if at.has(c.at) && selectorOf(r).Matches(labels.Set(c.object.GetLabels())) {
				_ = lines.Encode(event(c.kind, c.object)) // a client that left is seen below
			}
		}
		if flusher, ok := w.(http.Flusher); ok {
			flusher.Flush()
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}

// sendInitial opens a watch with what is there, closed by the bookmark that a reflector waits for.
func (s *Server) sendInitial(lines *json.Encoder, r *http.Request, at target) int {
	s.mu.Lock()
	found, version := s.collect(r, at), len(s.log)
	s.mu.Unlock()
	for _, o := range found {
		_ = lines.Encode(event("ADDED", o))
	}
	mark := &unstructured.Unstructured{}
	mark.SetAPIVersion(versionOf(at.group))
	mark.SetKind(kindOf(at.resource))
	mark.SetResourceVersion(strconv.Itoa(version))
	mark.SetAnnotations(map[string]string{metav1.InitialEventsAnnotationKey: "true"})
	_ = lines.Encode(event("BOOKMARK", mark))
	return version
}

func event(kind string, o *unstructured.Unstructured) map[string]any {
	return map[string]any{"type": kind, "object": o.Object}
}
