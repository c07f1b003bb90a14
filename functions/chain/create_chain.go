package chain

import (
	"context"
	"errors"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/chain"
	"onex.io/onex/shared/fault"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/object"
	"onex.io/onex/shared/op"
	"onex.io/onex/shared/platform"
)

// createChain writes a Chain into the caller's namespace; the reconciler does the rest.
type createChain struct {
	chains   opener
	interval time.Duration // of a chain whose owner names none
	limit    int           // of chains in a user's namespace
}

func newCreateChain(p *platform.Platform) (op.RequestFunc[chain.CreateRequest, v1beta1.Chain], error) {
	open, err := chainsOf(p)
	return (&createChain{chains: open, interval: p.Config.BlockInterval, limit: p.Config.ChainsPerUser}).Handle, err
}

// Handle leaves the judgment of the spec to the object API, whose answer names the field.
func (f *createChain) Handle(ctx context.Context, in *chain.CreateRequest) (*v1beta1.Chain, error) {
	c := &v1beta1.Chain{ObjectMeta: in.Body.ObjectMeta, Spec: in.Body.Spec}
	if err := object.Own(ctx, &c.ObjectMeta); err != nil {
		return nil, err
	}
	if c.Spec.MinMineIntervalSeconds == 0 {
		c.Spec.MinMineIntervalSeconds = int32(f.interval / time.Second)
	}
	own := f.chains(c.Namespace)
	if err := f.room(ctx, own, c); err != nil {
		return nil, err
	}
	created, err := own.Create(ctx, c, metav1.CreateOptions{FieldValidation: metav1.FieldValidationIgnore})
	if err != nil {
		return nil, kube.Translate(err)
	}
	return created, f.keepWithin(ctx, own, created)
}

// room refuses early what keepWithin would refuse late. A name that is taken is for the object API to refuse.
func (f *createChain) room(ctx context.Context, own chains, c *v1beta1.Chain) error {
	list, err := own.List(ctx, metav1.ListOptions{})
	if err != nil {
		return kube.Translate(err)
	}
	taken := slices.ContainsFunc(list.Items, func(other v1beta1.Chain) bool { return other.Name == c.Name })
	if !taken && c.Namespace != v1beta1.ChainNamespace && living(list) >= f.limit {
		return f.full()
	}
	return nil
}

// keepWithin looks at the world as it was at the moment when the chain came into it. Of creators at the same time
// each sees those before it and none after, so that exactly as many stay as the limit allows; the others go again.
func (f *createChain) keepWithin(ctx context.Context, own chains, c *v1beta1.Chain) error {
	list, err := own.List(ctx, metav1.ListOptions{
		ResourceVersion: c.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact,
	})
	if err == nil && (c.Namespace == v1beta1.ChainNamespace || living(list) <= f.limit) {
		return nil
	}
	refusal := kube.Translate(err)
	if err == nil {
		refusal = f.full()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoPatience)
	defer cancel()
	uid := string(c.UID)
	return errors.Join(refusal, kube.Translate(own.Delete(ctx, c.Name, metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(uid)})))
}

// undoPatience bounds taking a chain back, even if the caller has gone.
const undoPatience = 5 * time.Second

func (f *createChain) full() error {
	return fault.New(fault.Exhausted, "InsufficientQuota", "you have %d chains, which is as many as a user may have", f.limit)
}

// living counts the chains that are not on their way out.
func living(list *v1beta1.ChainList) int {
	count := 0
	for i := range list.Items {
		if list.Items[i].DeletionTimestamp == nil {
			count++
		}
	}
	return count
}
