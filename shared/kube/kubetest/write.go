package kubetest

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/uuid"
)

func (s *Server) create(r *http.Request, at target) (int, any) {
	var content map[string]any
	if err := json.NewDecoder(r.Body).Decode(&content); err != nil {
		return failed(http.StatusBadRequest, metav1.StatusReasonBadRequest, at)
	}
	o := &unstructured.Unstructured{Object: content}
	if o.GetName() == "" {
		o.SetName(o.GetGenerateName() + rand.String(5))
	}
	at.name = o.GetName()
	if _, taken := s.objects[at]; taken {
		return failed(http.StatusConflict, metav1.StatusReasonAlreadyExists, at)
	}
	if dryRun(r) {
		return http.StatusCreated, o
	}
	delete(o.Object, "status")
	o.SetAPIVersion(versionOf(at.group))
	if o.GetKind() == "" {
		o.SetKind(kindOf(at.resource))
	}
	o.SetNamespace(at.namespace)
	o.SetUID(uuid.NewUUID())
	o.SetCreationTimestamp(metav1.NewTime(time.Now().Truncate(time.Second)))
	o.SetGeneration(1)
	return http.StatusCreated, s.store("ADDED", at, o)
}

func (s *Server) update(r *http.Request, at target) (int, any) {
	var content map[string]any
	if err := json.NewDecoder(r.Body).Decode(&content); err != nil {
		return failed(http.StatusBadRequest, metav1.StatusReasonBadRequest, at)
	}
	return s.replace(r, at, &unstructured.Unstructured{Object: content})
}

// patch takes merge patches, and strategic ones and what is applied where they mean the same: nothing here has lists to
// merge. What is applied is made if it is not there.
func (s *Server) patch(r *http.Request, at target) (int, any) {
	old, found := s.objects[at]
	kind := types.PatchType(r.Header.Get("Content-Type"))
	if !found && kind == types.ApplyYAMLPatchType {
		return s.create(r, at)
	}
	if !found {
		return failed(http.StatusNotFound, metav1.StatusReasonNotFound, at)
	}
	var change map[string]any
	known := kind == types.MergePatchType || kind == types.StrategicMergePatchType || kind == types.ApplyYAMLPatchType
	if err := json.NewDecoder(r.Body).Decode(&change); err != nil || !known {
		return failed(http.StatusUnsupportedMediaType, metav1.StatusReasonUnsupportedMediaType, at)
	}
	next := old.DeepCopy()
	merge(next.Object, change)
	return s.replace(r, at, next)
}

func merge(into, change map[string]any) {
	for k, v := range change {
		sub, isMap := v.(map[string]any)
		old, wasMap := into[k].(map[string]any)
		switch {
		case v == nil:
			delete(into, k)
		case isMap && wasMap:
			merge(old, sub)
		default:
			into[k] = v
		}
	}
}

// replace puts next where the object at the target is: its status if the path says so, else all but its status.
func (s *Server) replace(r *http.Request, at target, next *unstructured.Unstructured) (int, any) {
	old, found := s.objects[at]
	switch {
	case !found:
		return failed(http.StatusNotFound, metav1.StatusReasonNotFound, at)
	case next.GetResourceVersion() != "" && next.GetResourceVersion() != old.GetResourceVersion(),
		next.GetUID() != "" && next.GetUID() != old.GetUID():
		return failed(http.StatusConflict, metav1.StatusReasonConflict, at)
	}
	merged := old.DeepCopy()
	if strings.HasSuffix(r.URL.Path, "/status") {
		put(merged, "status", next.Object["status"])
	} else {
		merged = next.DeepCopy()
		put(merged, "status", old.Object["status"])
		keepSystemFields(merged, old)
	}
	if reflect.DeepEqual(merged.Object, old.Object) {
		return http.StatusOK, old
	}
	if !reflect.DeepEqual(merged.Object["spec"], old.Object["spec"]) {
		merged.SetGeneration(old.GetGeneration() + 1)
	}
	if merged.GetDeletionTimestamp() != nil && len(merged.GetFinalizers()) == 0 {
		return http.StatusOK, s.drop(at, merged)
	}
	return http.StatusOK, s.store("MODIFIED", at, merged)
}

// keepSystemFields restores what a client cannot change.
func keepSystemFields(o, old *unstructured.Unstructured) {
	o.SetUID(old.GetUID())
	o.SetNamespace(old.GetNamespace())
	o.SetResourceVersion(old.GetResourceVersion())
	o.SetCreationTimestamp(old.GetCreationTimestamp())
	o.SetDeletionTimestamp(old.GetDeletionTimestamp())
	o.SetGeneration(old.GetGeneration())
	o.SetAPIVersion(old.GetAPIVersion())
	o.SetKind(old.GetKind())
}

func put(o *unstructured.Unstructured, field string, value any) {
	if value == nil {
		delete(o.Object, field)
		return
	}
	o.Object[field] = value
}

func (s *Server) remove(r *http.Request, at target) (int, any) {
	old, found := s.objects[at]
	if !found {
		return failed(http.StatusNotFound, metav1.StatusReasonNotFound, at)
	}
	var options metav1.DeleteOptions
	_ = json.NewDecoder(r.Body).Decode(&options) // an empty body has no options
	if p := options.Preconditions; p != nil && p.UID != nil && *p.UID != old.GetUID() {
		return failed(http.StatusConflict, metav1.StatusReasonConflict, at)
	}
	return http.StatusOK, s.removeObject(at, old)
}

func (s *Server) removeObject(at target, old *unstructured.Unstructured) *unstructured.Unstructured {
	if len(old.GetFinalizers()) == 0 {
		return s.drop(at, old)
	}
	if old.GetDeletionTimestamp() != nil {
		return old
	}
	dying := old.DeepCopy()
	now := metav1.NewTime(time.Now().Truncate(time.Second))
	dying.SetDeletionTimestamp(&now)
	return s.store("MODIFIED", at, dying)
}

// drop takes the object out, and after it what it owned.
func (s *Server) drop(at target, o *unstructured.Unstructured) *unstructured.Unstructured {
	delete(s.objects, at)
	gone := s.record("DELETED", at, o.DeepCopy())
	for below, dependent := range s.objects {
		for _, owner := range dependent.GetOwnerReferences() {
			if owner.UID == o.GetUID() {
				s.removeObject(below, dependent)
				break
			}
		}
	}
	return gone
}

func (s *Server) store(kind string, at target, o *unstructured.Unstructured) *unstructured.Unstructured {
	s.objects[at] = s.record(kind, at, o)
	return o
}

func (s *Server) record(kind string, at target, o *unstructured.Unstructured) *unstructured.Unstructured {
	o.SetResourceVersion(strconv.Itoa(len(s.log) + 1))
	s.log = append(s.log, change{kind: kind, at: at, object: o})
	close(s.changed)
	s.changed = make(chan struct{})
	return o
}
