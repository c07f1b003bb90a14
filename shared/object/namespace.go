package object

import (
	"context"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/fault"
)

// Namespace is where a call looks: the caller's own namespace, or for an administrator the one that was asked for.
func Namespace(ctx context.Context, requested string) (string, error) {
	p := access.From(ctx)
	switch {
	case p.UserID == "":
		return "", fault.New(fault.Denied, "Forbidden", "nobody has a namespace")
	case requested == "" || requested == p.UserID:
		return p.UserID, nil
	case p.Admin:
		return requested, nil
	}
	err := fault.New(fault.Denied, "Forbidden", "namespace: %q is not your namespace", requested)
	err.Metadata = map[string]string{"field": "namespace"}
	return "", err
}
