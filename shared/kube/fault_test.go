package kube_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/kube"
)

func TestTranslate(t *testing.T) {
	miners := v1beta1.Resource(v1beta1.ResourceMiners)
	terminating := apierrors.NewForbidden(miners, "one", errors.New("namespace a is being terminated"))
	terminating.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: "NamespaceTerminating"}}
	rows := []struct {
		name   string
		err    error
		kind   fault.Kind
		reason string
	}{
		{"it is not there", apierrors.NewNotFound(miners, "one"), fault.Missing, "NotFound"},
		{"it is there already", apierrors.NewAlreadyExists(miners, "one"), fault.Conflict, "AlreadyExists"},
		{"it has changed", apierrors.NewConflict(miners, "one", errors.New("changed")), fault.Conflict, "Conflict"},
		{"its namespace is going", terminating, fault.Conflict, "NamespaceTerminating"},
		{"it is wrong", apierrors.NewInvalid(v1beta1.Kind("Miner").GroupKind(), "one", nil), fault.Invalid, "InvalidParameter"},
		{"it cannot be read", apierrors.NewBadRequest("json"), fault.Invalid, "InvalidParameter"},
		{"it is too large", apierrors.NewRequestEntityTooLargeError("large"), fault.Invalid, "InvalidParameter"},
		{"it is forbidden", apierrors.NewForbidden(miners, "one", errors.New("policy")), fault.Denied, "Forbidden"},
		{"too many ask", apierrors.NewTooManyRequests("later", 1), fault.Busy, "Unavailable"},
		{"the server is slow", apierrors.NewServerTimeout(miners, "get", 1), fault.Busy, "Unavailable"},
		{"the server is ill", apierrors.NewInternalError(errors.New("etcd")), fault.Busy, "Unavailable"},
		{"the server is away", apierrors.NewServiceUnavailable("away"), fault.Busy, "Unavailable"},
		{"nobody listens", &net.OpError{Op: "dial", Err: errors.New("refused")}, fault.Busy, "Unavailable"},
		{"time is up", context.DeadlineExceeded, fault.Busy, "Unavailable"},
		{"we are not known", apierrors.NewUnauthorized("who"), fault.Broken, "Unknown"},
		{"anything else", errors.New("odd"), fault.Broken, "Unknown"},
		{"a fault stays what it is", fault.New(fault.Exhausted, "InsufficientFunds", "no"), fault.Exhausted, "InsufficientFunds"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			wrapped := fmt.Errorf("around: %w", row.err)
			got := kube.Translate(wrapped)
			if fault.KindOf(got) != row.kind || fault.ReasonOf(got) != row.reason || !errors.Is(got, row.err) {
				t.Errorf("got %s %q (%v), want %s %q", fault.KindOf(got), fault.ReasonOf(got), got, row.kind, row.reason)
			}
		})
	}
	if err := kube.Translate(nil); err != nil {
		t.Errorf("got %v of nothing", err)
	}
}

func TestTranslateNamesTheFields(t *testing.T) {
	err := kube.Translate(apierrors.NewInvalid(v1beta1.Kind("MinerSet").GroupKind(), "night", field.ErrorList{
		field.Invalid(field.NewPath("spec", "replicas"), -1, "must not be negative"),
		field.Required(field.NewPath("spec", "template"), ""),
		field.Invalid(field.NewPath(".spec", "replicas"), -1, "must not be negative"),
	}))
	got := fault.Of(err)
	if n := strings.Count(got.Message, "spec.replicas"); n != 1 || len(got.Metadata) != 2 {
		t.Errorf("a field that is checked twice is told %d times: %q, %v", n, got.Message, got.Metadata)
	}
	for _, f := range []string{"spec.replicas", "spec.template"} {
		if got.Metadata[f] == "" || !strings.Contains(got.Message, f) {
			t.Errorf("%s is not named: %q, %v", f, got.Message, got.Metadata)
		}
	}
}

func TestTranslateKeepsTheClusterToItself(t *testing.T) {
	err := kube.Translate(apierrors.NewForbidden(v1beta1.Resource("miners"), "one", errors.New("serviceaccount onex:functions may not")))
	if got := fault.Of(err).Message; strings.Contains(got, "serviceaccount") {
		t.Errorf("the message tells of the inside: %q", got)
	}
}

func TestTranslateTellsWhatAPolicySays(t *testing.T) {
	policy := func(err *apierrors.StatusError, reason metav1.StatusReason, code int32, message string) error {
		err.ErrStatus.Reason, err.ErrStatus.Code = reason, code
		err.ErrStatus.Details.Causes = []metav1.StatusCause{{Message: "ValidatingAdmissionPolicy 'x' with binding 'y' denied request: " + message}}
		return err
	}
	forbidden := func() *apierrors.StatusError {
		return apierrors.NewForbidden(v1beta1.Resource("chains"), "one", errors.New("ValidatingAdmissionPolicy 'x' with binding 'y' denied request"))
	}
	rows := []struct {
		name    string
		err     error
		kind    fault.Kind
		field   string
		message string
	}{
		{"a value", policy(forbidden(), metav1.StatusReasonInvalid, 422, "spec.image: not this one"), fault.Invalid, "spec.image", "not this one"},
		{"a value of no field", policy(forbidden(), metav1.StatusReasonInvalid, 422, "not on a Sunday: sorry"), fault.Invalid, "object", "not on a Sunday: sorry"},
		{"an act", policy(forbidden(), metav1.StatusReasonForbidden, 403, "metadata.annotations[x/y]: it is protected"), fault.Denied, "metadata.annotations[x/y]", "it is protected"},
	}
	for _, row := range rows {
		got := fault.Of(kube.Translate(row.err))
		named := got.Metadata[row.field] != "" || got.Metadata["field"] == row.field
		if got.Kind != row.kind || !named || !strings.Contains(got.Message, row.message) || strings.Contains(got.Message, "binding") {
			t.Errorf("%s: got %+v", row.name, got)
		}
	}
}
