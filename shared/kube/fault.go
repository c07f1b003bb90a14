package kube

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/fault"
)

// Translate puts an error of Kubernetes into the platform's words: nil stays nil, a fault stays what it is, and an
// Invalid one names each field that is wrong.
func Translate(err error) error {
	var known *fault.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return translateStatus(err, status.Status())
	}
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return fault.New(fault.Busy, "Unavailable", "the object API does not answer: %w", err)
	}
	return fault.New(fault.Broken, "Unknown", "the object API gave no sense: %w", err)
}

func translateStatus(err error, s metav1.Status) error {
	kind, name := subject(s)
	switch {
	case apierrors.IsNotFound(err):
		return fault.New(fault.Missing, "NotFound", "%s %q is not there: %w", kind, name, err)
	case apierrors.IsAlreadyExists(err):
		return fault.New(fault.Conflict, "AlreadyExists", "%s %q is there already: %w", kind, name, err)
	case apierrors.HasStatusCause(err, "NamespaceTerminating"):
		return fault.New(fault.Conflict, "NamespaceTerminating", "the namespace of %s %q is being deleted: %w", kind, name, err)
	case apierrors.IsConflict(err):
		return fault.New(fault.Conflict, "Conflict", "%s %q has changed meanwhile: %w", kind, name, err)
	case apierrors.IsInvalid(err):
		return invalid(err, s)
	case s.Code == http.StatusBadRequest, s.Code == http.StatusRequestEntityTooLarge:
		return fault.New(fault.Invalid, "InvalidParameter", "%s %q cannot be read: %w", kind, name, err)
	case apierrors.IsForbidden(err) && len(policies(s)) > 0:
		return protected(err, s)
	case apierrors.IsForbidden(err):
		return fault.New(fault.Denied, "Forbidden", "the cluster forbids this for %s %q: %w", kind, name, err)
	case passing(err, s):
		return fault.New(fault.Busy, "Unavailable", "the object API is busy: %w", err)
	}
	return fault.New(fault.Broken, "Unknown", "the object API refuses %s %q: %w", kind, name, err)
}

// invalid names the fields at fault. What Kubernetes says of them is about the caller's own input and can be shown.
func invalid(err error, s metav1.Status) error {
	kind, name := subject(s)
	f := fault.New(fault.Invalid, "InvalidParameter", "%s %q is not valid: %w", kind, name, err)
	if s.Details == nil || len(s.Details.Causes) == 0 {
		return f
	}
	f.Metadata = make(map[string]string, len(s.Details.Causes))
	for _, cause := range s.Details.Causes {
		// Kubernetes checks some fields twice and spells the second one with a dot in front.
		name, message := strings.TrimPrefix(cause.Field, "."), cause.Message
		if name == "" {
			name, message = fieldOf(message)
		}
		if f.Metadata[name] == "" {
			f.Message += "; " + name + ": " + message
			f.Metadata[name] = message
		}
	}
	return f
}

// fieldOf splits what an admission policy says, "field: message": policies have no other way to name a field. The
// API server puts the names of the policy and of its binding in front.
func fieldOf(text string) (field, message string) {
	if _, said, found := strings.Cut(text, "denied request: "); found {
		text = said
	}
	field, message, named := strings.Cut(text, ": ")
	if !named || strings.Contains(field, " ") {
		return "object", text
	}
	return field, message
}

// policies are what admission policies say against a request. Other refusals have causes of a type, or none.
func policies(s metav1.Status) (said []string) {
	if s.Details == nil {
		return nil
	}
	for _, cause := range s.Details.Causes {
		if cause.Type == "" && cause.Field == "" {
			said = append(said, cause.Message)
		}
	}
	return said
}

// protected is what a policy forbids, in its own words: they are made for the caller.
func protected(err error, s metav1.Status) error {
	kind, name := subject(s)
	field, message := fieldOf(policies(s)[0])
	f := fault.New(fault.Denied, "Forbidden", "%s %q: %s: %w", kind, name, message, err)
	f.Metadata = map[string]string{"field": field}
	return f
}

func passing(err error, s metav1.Status) bool {
	return apierrors.IsTooManyRequests(err) || apierrors.IsServerTimeout(err) || apierrors.IsTimeout(err) ||
		s.Code >= http.StatusInternalServerError
}

func subject(s metav1.Status) (kind, name string) {
	if s.Details == nil {
		return "object", ""
	}
	return s.Details.Kind, s.Details.Name
}
