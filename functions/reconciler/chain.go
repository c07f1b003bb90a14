package reconciler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// chainLoop gives each Chain its genesis Miner, and the Service by which all others find that.
type chainLoop struct {
	*world
	limit int // of chains in a user's namespace
}

// chainScope is what one pass knows of its chain.
type chainScope struct {
	seen    *v1beta1.Chain // as it was read
	chain   *v1beta1.Chain // our copy; what we tell goes to its status
	genesis *v1beta1.Miner
	service *corev1.Service
	peers   *corev1.Service
	now     time.Time
}

// Reconcile makes one pass over the chain named by the key.
func (l *chainLoop) Reconcile(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return fmt.Errorf("key %q: %w", key, err)
	}
	seen, err := l.chains.Get(ctx, namespace, name)
	if err == nil && seen == nil {
		return l.sweep(ctx, namespace, name)
	}
	if err != nil || paused(seen) {
		return err
	}
	s := &chainScope{seen: seen, chain: seen.DeepCopy(), now: l.now()}
	steps := []step[*chainScope]{
		{"finalizer", l.finalizer}, {"observe", l.observe}, {"genesis", l.ensureGenesis}, {"service", l.ensureService},
	}
	if seen.DeletionTimestamp != nil {
		steps = []step[*chainScope]{{"observe", l.observe}, {"remove", l.remove}}
	}
	ctx, watched := l.watch(ctx, "chain", seen)
	err = pass(ctx, s, steps, l.tell)
	watched.end(err)
	return err
}

func (l *chainLoop) finalizer(ctx context.Context, s *chainScope) error {
	if slices.Contains(s.chain.Finalizers, v1beta1.ChainFinalizer) {
		return nil
	}
	s.chain.Finalizers = append(s.chain.Finalizers, v1beta1.ChainFinalizer)
	return l.write(ctx, s)
}

func (l *chainLoop) write(ctx context.Context, s *chainScope) error {
	patch, err := metadataPatch(s.chain)
	if err != nil {
		return err
	}
	if _, err := l.api.Chains(s.chain.Namespace).Patch(ctx, s.chain.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("chain %q: %w", s.chain.Name, err)
	}
	return errWritten
}

func (l *chainLoop) observe(ctx context.Context, s *chainScope) (err error) {
	if s.genesis, err = l.miners.Get(ctx, s.chain.Namespace, s.chain.Name); err != nil {
		return err
	}
	if s.service, err = l.services.Get(ctx, s.chain.Namespace, s.chain.Name); err != nil {
		return err
	}
	if s.service != nil && !l.nodes.isOf(s.service, s.chain) {
		if err := l.sweep(ctx, s.chain.Namespace, s.chain.Name); err != nil {
			return err
		}
	}
	s.peers, err = l.services.Get(ctx, s.chain.Namespace, peersName(s.chain))
	return err
}

// ensureGenesis keeps the chain's first node: there, and of the chain's type.
func (l *chainLoop) ensureGenesis(ctx context.Context, s *chainScope) error {
	if full, err := l.isFull(ctx, s.chain); err != nil || full {
		return l.refuse(s, err)
	}
	err := l.genesis(ctx, s)
	if err != nil {
		setCondition(&s.chain.Status.Conditions, isNot(v1beta1.ConditionMinersCreated, v1beta1.SeverityError,
			v1beta1.ReasonMinerCreationFailed, err.Error()), s.now)
		l.events.Event(s.seen, corev1.EventTypeWarning, "FailedCreate", err.Error())
		return err
	}
	setCondition(&s.chain.Status.Conditions, is(v1beta1.ConditionMinersCreated), s.now)
	s.chain.Status.MinerRef = &v1beta1.LocalObjectReference{Name: s.chain.Name}
	return nil
}

func (l *chainLoop) genesis(ctx context.Context, s *chainScope) error {
	want := genesisMiner(s.chain)
	miners := l.api.Miners(s.chain.Namespace)
	switch {
	case s.genesis == nil:
		passTrace(ctx, want)
		created, err := miners.Create(ctx, want, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			return nil // made by an earlier pass; the cache is late
		}
		if err != nil {
			return fmt.Errorf("create genesis miner %q: %w", want.Name, err)
		}
		s.genesis = created
		l.events.Eventf(s.seen, corev1.EventTypeNormal, "SuccessfulCreate", "Created genesis miner %q", want.Name)
	case !metav1.IsControlledBy(s.genesis, s.chain):
		return fmt.Errorf("genesis miner %q: the name is taken by another miner", want.Name)
	case s.genesis.Spec.MinerType != want.Spec.MinerType && s.genesis.DeletionTimestamp == nil:
		next := s.genesis.DeepCopy()
		next.Spec.MinerType = want.Spec.MinerType
		if _, err := miners.Update(ctx, next, metav1.UpdateOptions{}); err != nil {
			return fmt.Errorf("update genesis miner %q: %w", want.Name, err)
		}
	}
	return nil
}

// ensureService keeps the ways to the chain's nodes: to the first one for readers, to all for each other.
func (l *chainLoop) ensureService(ctx context.Context, s *chainScope) error {
	err := errors.Join(l.serve(ctx, s.chain, &s.service, chainService(s.chain)), l.serve(ctx, s.chain, &s.peers, peersService(s.chain)))
	if err != nil {
		setCondition(&s.chain.Status.Conditions, isNot(v1beta1.ConditionServiceCreated, v1beta1.SeverityError,
			v1beta1.ReasonServiceCreationFailed, err.Error()), s.now)
		l.events.Event(s.seen, corev1.EventTypeWarning, "FailedCreate", err.Error())
		return err
	}
	setCondition(&s.chain.Status.Conditions, is(v1beta1.ConditionServiceCreated), s.now)
	return nil
}

// serve brings one Service in line, if have is not what is wanted.
func (l *chainLoop) serve(ctx context.Context, chain *v1beta1.Chain, have **corev1.Service, want *corev1.Service) error {
	l.nodes.settle(want)
	services := l.nodes.core.CoreV1().Services(want.Namespace)
	switch {
	case *have == nil:
		var created *corev1.Service
		err := l.nodes.within(ctx, want.Namespace, func() (err error) {
			created, err = services.Create(ctx, want, metav1.CreateOptions{})
			return err
		})
		if apierrors.IsAlreadyExists(err) {
			return l.claimed(ctx, chain, want.Name)
		}
		if err != nil {
			return fmt.Errorf("create service %q: %w", want.Name, err)
		}
		*have = created
	case !l.nodes.isOf(*have, chain):
		return fmt.Errorf("service %q: the name is taken by another service", want.Name)
	case !samePorts(*have, want) || !equality.Semantic.DeepEqual((*have).Spec.Selector, want.Spec.Selector):
		next := (*have).DeepCopy()
		next.Spec.Ports, next.Spec.Selector = want.Spec.Ports, want.Spec.Selector
		if _, err := services.Update(ctx, next, metav1.UpdateOptions{}); err != nil {
			return fmt.Errorf("update service %q: %w", want.Name, err)
		}
	}
	return nil
}

// claimed finds out whose the service is that our cache does not show: ours, made a moment ago, or a stranger's,
// which the cache leaves out.
func (l *chainLoop) claimed(ctx context.Context, chain *v1beta1.Chain, name string) error {
	found, err := l.nodes.core.CoreV1().Services(chain.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("service %q: %w", name, err)
	}
	if !l.nodes.isOf(found, chain) {
		return fmt.Errorf("service %q: the name is taken by another service", name)
	}
	return nil
}

// remove asks the genesis Miner to go and, when it has gone, lets the chain go. Its Services go by their
// owner, where that can be.
func (l *chainLoop) remove(ctx context.Context, s *chainScope) error {
	if s.genesis != nil && metav1.IsControlledBy(s.genesis, s.chain) {
		if s.genesis.DeletionTimestamp == nil {
			err := l.api.Miners(s.chain.Namespace).Delete(ctx, s.genesis.Name, exactly(s.genesis))
			if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
				return fmt.Errorf("delete genesis miner %q: %w", s.genesis.Name, err)
			}
		}
		return errWait
	}
	if !slices.Contains(s.chain.Finalizers, v1beta1.ChainFinalizer) {
		return errWritten
	}
	for _, service := range []*corev1.Service{s.service, s.peers} {
		if service != nil && l.nodes.isOf(service, s.chain) {
			if err := l.nodes.dropService(ctx, service); err != nil {
				return err
			}
		}
	}
	s.chain.Finalizers = without(s.chain.Finalizers, v1beta1.ChainFinalizer)
	return l.write(ctx, s)
}

// tell writes the status if it says something new.
func (l *chainLoop) tell(ctx context.Context, s *chainScope, fault error) error {
	status := &s.chain.Status
	if s.seen.DeletionTimestamp != nil {
		setCondition(&status.Conditions, isNot(v1beta1.ConditionMinersReady, v1beta1.SeverityInfo,
			v1beta1.ReasonDeleting, "the chain is being deleted"), s.now)
	} else {
		setCondition(&status.Conditions, genesisReady(s.genesis), s.now)
	}
	setCondition(&status.Conditions, summary(status.Conditions, v1beta1.ConditionMinersCreated,
		v1beta1.ConditionServiceCreated, v1beta1.ConditionMinersReady), s.now)
	if fault == nil {
		status.ObservedGeneration = s.chain.Generation
	}
	if equality.Semantic.DeepEqual(s.seen.Status, *status) {
		return nil
	}
	if _, err := l.api.Chains(s.chain.Namespace).UpdateStatus(ctx, s.chain, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("status of chain %q: %w", s.chain.Name, err)
	}
	return nil
}
