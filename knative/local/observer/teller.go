package observer

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"knative.dev/eventing/pkg/apis/sources"
	sourcesv1 "knative.dev/eventing/pkg/apis/sources/v1"

	"onex.io/onex/knative/local/sink"
)

// teller is a store that keeps nothing and tells everything: what a reflector feeds in Knative's adapter too.
type teller struct {
	ctx      context.Context
	observer *Observer
	source   *sourcesv1.ApiServerSource
}

// Add tells that an object has come.
func (t *teller) Add(o any) error {
	return t.tell(sources.ApiServerSourceAddRefEventType, sources.ApiServerSourceAddEventType, o)
}

// Update tells that an object has changed.
func (t *teller) Update(o any) error {
	return t.tell(sources.ApiServerSourceUpdateRefEventType, sources.ApiServerSourceUpdateEventType, o)
}

// Delete tells that an object has gone.
func (t *teller) Delete(o any) error {
	return t.tell(sources.ApiServerSourceDeleteRefEventType, sources.ApiServerSourceDeleteEventType, o)
}

// Replace is called with what is there at the start, of which nothing is told.
func (t *teller) Replace([]any, string) error { return nil }

// Resync does nothing, and what follows has nothing to show.
func (t *teller) Resync() error                      { return nil }
func (t *teller) List() []any                        { return nil }
func (t *teller) ListKeys() []string                 { return nil }
func (t *teller) Get(any) (any, bool, error)         { return nil, false, nil }
func (t *teller) GetByKey(string) (any, bool, error) { return nil, false, nil }

// tell sends one event. What cannot be sent is lost, as it is on a cluster.
func (t *teller) tell(reference, resource string, o any) error {
	object, ok := o.(*unstructured.Unstructured)
	if !ok {
		return fmt.Errorf("tell of a %T", o)
	}
	e, err := t.event(reference, object)
	if t.source.Spec.EventMode == sourcesv1.ResourceMode && err == nil {
		e.SetType(resource)
		err = e.SetData(cloudevents.ApplicationJSON, object)
	}
	if err != nil {
		return err
	}
	to, err := sink.URL(t.source.Spec.Sink)
	if err == nil {
		err = sink.Send(t.ctx, t.observer.o.Client, to, e)
	}
	if err != nil && t.ctx.Err() == nil {
		t.observer.o.Log.Error("a change is lost", "source", t.source.Name, "subject", e.Subject(), "error", err)
	}
	return nil
}

// event is what Knative's adapter says of an object. Its id is new each time: the adapter does not know a change again.
func (t *teller) event(eventType string, o *unstructured.Unstructured) (cloudevents.Event, error) {
	e := cloudevents.NewEvent()
	e.SetType(eventType)
	e.SetSource(t.observer.o.Origin)
	e.SetID(rand.Text())
	e.SetTime(time.Now().UTC())
	resource, _ := meta.UnsafeGuessKindToResource(o.GroupVersionKind())
	e.SetSubject(fmt.Sprintf("/apis/%s/namespaces/%s/%s/%s", o.GetAPIVersion(), o.GetNamespace(), resource.Resource, o.GetName()))
	for name, value := range map[string]string{
		"kind": o.GetKind(), "apiversion": o.GetAPIVersion(), "name": o.GetName(), "namespace": o.GetNamespace(),
	} {
		e.SetExtension(name, value)
	}
	if overrides := t.source.Spec.CloudEventOverrides; overrides != nil {
		for name, value := range overrides.Extensions {
			e.SetExtension(name, value)
		}
	}
	return e, e.SetData(cloudevents.ApplicationJSON, corev1.ObjectReference{
		APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Name: o.GetName(), Namespace: o.GetNamespace(),
	})
}
