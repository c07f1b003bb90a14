package install

import (
	"context"
	_ "embed"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

//go:embed keda.yaml
var kedaKinds []byte

// KEDAKinds has the API server know KEDA's kinds, and returns when they are served. Where KEDA's own are there, they
// stay.
func (i *Installer) KEDAKinds(ctx context.Context) error {
	kinds, err := documents(kedaKinds)
	if err != nil {
		return fmt.Errorf("kinds of KEDA: %w", err)
	}
	for _, kind := range kinds {
		objects, err := i.resource(kind)
		if err != nil {
			return err
		}
		if _, err := objects.Get(ctx, kind.GetName(), metav1.GetOptions{}); apierrors.IsNotFound(err) {
			if err := i.apply(ctx, kind); err != nil {
				return err
			}
		} else if err != nil {
			return fmt.Errorf("look for %q: %w", kind.GetName(), err)
		}
		if err := i.awaitServed(ctx, kind); err != nil {
			return fmt.Errorf("await %q: %w", kind.GetName(), err)
		}
	}
	return nil
}
