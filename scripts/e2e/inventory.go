package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"onex.io/onex/eventing"
	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/inventory"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/publish"
)

// inventory searches for the person's objects and finds what kubectl shows, page by page, and nobody else's.
func (w *world) inventory(t *testing.T, ada *life.Life) {
	ns := ada.User.UserID
	eventually(t, "search shows what kubectl shows", func(ctx context.Context) error {
		want, err := w.standing(ctx, ns)
		if err != nil {
			return err
		}
		found, err := searchAll(ctx, ada.Client, inventory.SearchRequest{Limit: 2})
		if err == nil && !slices.Equal(found, want) {
			err = fmt.Errorf("found %v, kubectl shows %v: %w", found, want, errNotYet)
		}
		return err
	})
	pool, err := searchAll(t.Context(), ada.Client, inventory.SearchRequest{Kind: "MinerSet", Chain: ada.Chain.Name, Prefix: ada.MinerSet.Name})
	if err != nil || len(pool) != 1 || !strings.HasPrefix(pool[0], "MinerSet "+ada.MinerSet.Name+" ") {
		t.Errorf("a search for the pool finds %v, %v", pool, err)
	}
	w.inventoryOfOthers(t, ada)
}

// inventoryOfOthers is for administrators alone.
func (w *world) inventoryOfOthers(t *testing.T, ada *life.Life) {
	theirs := inventory.SearchRequest{Namespace: ada.User.UserID, Kind: "Chain"}
	eve := w.newcomer(t)
	if _, err := eve.Client.SearchObjects(t.Context(), theirs); fault.KindOf(err) != fault.Denied {
		t.Errorf("a search in another's namespace: %v", err)
	}
	if found, err := searchAll(t.Context(), eve.Client, inventory.SearchRequest{}); err != nil || len(found) > 0 {
		t.Errorf("somebody with nothing finds %v, %v", found, err)
	}
	if _, err := ada.Client.CountObjects(t.Context()); fault.KindOf(err) != fault.Denied {
		t.Errorf("a user counts the platform: %v", err)
	}
	tokens, err := w.api.Login(t.Context(), session.Login{Username: "admin", Password: w.adminPassword(t)})
	fatal(t, err)
	admin := w.api.WithToken(tokens.AccessToken)
	if found, err := searchAll(t.Context(), admin, theirs); err != nil || len(found) != 1 {
		t.Errorf("the administrator finds the chains %v, %v", found, err)
	}
	counts, err := admin.CountObjects(t.Context())
	fatal(t, err)
	if counts.Total < 3 || !slices.ContainsFunc(counts.Counts, func(c inventory.Count) bool { return c.Kind == "Miner" && c.Count > 0 }) {
		t.Errorf("the administrator counts %+v", *counts)
	}
	fatal(t, admin.Logout(t.Context()))
}

// inventoryEmpty wants nothing to be found of somebody who has left.
func (w *world) inventoryEmpty(t *testing.T, ada *life.Life) {
	eventually(t, "search finds nothing", func(ctx context.Context) error {
		found, err := searchAll(ctx, ada.Client, inventory.SearchRequest{})
		if err == nil && len(found) > 0 {
			err = fmt.Errorf("found %v: %w", found, errNotYet)
		}
		return err
	})
}

// searchAll reads every page, and says kind, name and state of what is on them.
func searchAll(ctx context.Context, c *client.Client, in inventory.SearchRequest) (lines []string, err error) {
	for {
		found, err := c.SearchObjects(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, i := range found.Items {
			lines = append(lines, fmt.Sprintf("%s %s %s", i.Kind, i.Name, state(i.Kind, i.Phase, i.Ready)))
		}
		if in.After = found.After; in.After == "" {
			return lines, nil
		}
	}
}

// state is a Miner's phase, and of the others whether they are ready.
func state(kind, phase string, ready bool) string {
	if kind == "Miner" {
		return phase
	}
	return fmt.Sprintf("ready %t", ready)
}

// standing is the same as the object API has it, in the order of a search.
func (w *world) standing(ctx context.Context, namespace string) (lines []string, err error) {
	for _, kind := range []struct{ name, resource string }{{"Chain", "chains"}, {"Miner", "miners"}, {"MinerSet", "minersets"}} {
		list, err := w.dynamic.Resource(resource(kind.resource)).Namespace(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, err
		}
		for _, o := range list.Items {
			phase, ready := stateOf(o.Object)
			lines = append(lines, fmt.Sprintf("%s %s %s", kind.name, o.GetName(), state(kind.name, phase, ready)))
		}
	}
	return lines, nil
}

// tellChange says that an object has changed, as the source does and as anybody in the cluster could.
func (w *world) tellChange(t *testing.T, namespace, name string) error {
	t.Helper()
	e, err := eventing.New(eventing.ObjectUpdated, "https://kubernetes.default.svc", name, time.Now(), eventing.ObjectData{
		APIVersion: "apps.onex.io/v1beta1", Kind: "Miner", Namespace: namespace, Name: name,
	})
	fatal(t, err)
	e.SetExtension("apiversion", "apps.onex.io/v1beta1")
	return publish.Broker{URL: brokerURL, HTTP: w.inside}.Send(context.WithoutCancel(t.Context()), e)
}

func resource(name string) schema.GroupVersionResource {
	return v1beta1.SchemeGroupVersion.WithResource(name)
}

// stateOf is the phase of an object, if it has one, and whether its condition Ready is True.
func stateOf(o map[string]any) (phase string, ready bool) {
	phase, _, _ = unstructured.NestedString(o, "status", "phase")
	conditions, _, _ := unstructured.NestedSlice(o, "status", "conditions")
	for _, c := range conditions {
		if m, ok := c.(map[string]any); ok && m["type"] == "Ready" {
			ready = m["status"] == "True"
		}
	}
	return phase, ready
}
