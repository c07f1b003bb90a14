package reconciler

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// KEDA's kinds. Its Go types would bring its webhooks with them, so its objects are made without types here, and tests
// hold them against KEDA's own.
const (
	scaledObjects          = "scaledobjects"
	triggerAuthentications = "triggerauthentications"
)

func kedaResource(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "keda.sh", Version: "v1alpha1", Resource: resource}
}

// The paces of autoscaling, in seconds. KEDA looks every lookSeconds; what has risen is followed at once, what has
// fallen when it has stayed so for calmSeconds.
const (
	lookSeconds = 15
	calmSeconds = 60
)

// tokenField is where the Secret of an autoscaler has its token.
const tokenField = "token"

// scalerName is what KEDA's objects for the set are called.
func scalerName(set *v1beta1.MinerSet) string { return set.Name }

// newScaledObject is what KEDA is to do for the set. Nothing in it is the tenant's own words but numbers, cron lines and
// the name of a time zone.
func newScaledObject(set *v1beta1.MinerSet, measure string) *unstructured.Unstructured {
	a := set.Spec.Autoscaling
	return kedaObject(set, "ScaledObject", map[string]any{
		"scaleTargetRef": map[string]any{
			"apiVersion": v1beta1.SchemeGroupVersion.String(), "kind": v1beta1.KindMinerSet, "name": set.Name,
		},
		"minReplicaCount": int64(a.MinReplicas),
		"maxReplicaCount": int64(a.MaxReplicas),
		"pollingInterval": int64(lookSeconds),
		"cooldownPeriod":  int64(calmSeconds),
		"advanced": map[string]any{"horizontalPodAutoscalerConfig": map[string]any{"behavior": map[string]any{
			"scaleDown": map[string]any{
				"stabilizationWindowSeconds": int64(calmSeconds),
				"policies":                   []any{map[string]any{"type": "Percent", "value": int64(100), "periodSeconds": int64(lookSeconds)}},
			},
		}}},
		"triggers": []any{newTrigger(set, measure)},
	})
}

// newTrigger is KEDA's own clock, or a look at measure-minerset: KEDA reaches neither a wallet, nor a chain, nor a
// Kafka, and needs no password of theirs.
func newTrigger(set *v1beta1.MinerSet, measure string) map[string]any {
	if c := set.Spec.Autoscaling.Clock; c != nil {
		zone := c.Timezone
		if zone == "" {
			zone = "UTC"
		}
		return map[string]any{"type": "cron", "metadata": map[string]any{
			"timezone": zone, "start": c.Start, "end": c.End, "desiredReplicas": strconv.Itoa(int(c.Replicas)),
		}}
	}
	return map[string]any{
		"type": "metrics-api", "metricType": "AverageValue", "useCachedMetrics": true,
		"metadata": map[string]any{
			"url": fmt.Sprintf(measure, set.Name), "valueLocation": "wanted", "targetValue": "1", "authMode": "bearer",
		},
		"authenticationRef": map[string]any{"name": scalerName(set)},
	}
}

// measured says whether the set's trigger is read by measure-minerset.
func measured(set *v1beta1.MinerSet) bool {
	return set.Spec.Autoscaling != nil && set.Spec.Autoscaling.Clock == nil
}

// newTriggerAuthentication tells KEDA in which Secret the set's token is.
func newTriggerAuthentication(set *v1beta1.MinerSet, secret string) *unstructured.Unstructured {
	return kedaObject(set, "TriggerAuthentication", map[string]any{
		"secretTargetRef": []any{map[string]any{"parameter": "token", "name": secret, "key": tokenField}},
	})
}

func kedaObject(set *v1beta1.MinerSet, kind string, spec map[string]any) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
	o.SetAPIVersion("keda.sh/v1alpha1")
	o.SetKind(kind)
	o.SetName(scalerName(set))
	o.SetNamespace(set.Namespace)
	o.SetLabels(map[string]string{v1beta1.ManagedByLabel: v1beta1.ManagedBy})
	o.SetOwnerReferences([]metav1.OwnerReference{*metav1.NewControllerRef(set, v1beta1.Kind(v1beta1.KindMinerSet))})
	return o
}

// tokenSecret is the name of the Secret with the set's token: another for every set and every key.
func tokenSecret(set *v1beta1.MinerSet, keyMark string) string {
	uid := string(set.UID)
	return set.Name + "-scaler-" + uid[:min(len(uid), 8)] + "-" + keyMark
}

// newTokenSecret holds the token. It goes with the TriggerAuthentication that names it.
func newTokenSecret(owner *unstructured.Unstructured, name, token string) *corev1.Secret {
	fixed := true
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: owner.GetNamespace(),
			Labels:          map[string]string{v1beta1.ManagedByLabel: v1beta1.ManagedBy},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(owner, owner.GroupVersionKind())},
		},
		Type:      corev1.SecretTypeOpaque,
		Immutable: &fixed,
		Data:      map[string][]byte{tokenField: []byte(token)},
	}
}

// holds says whether an object has all that is wanted of it. What others have added does not count: KEDA and the object
// API fill in what we leave out.
func holds(have, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		have, ok := have.(map[string]any)
		for k, v := range want {
			ok = ok && holds(have[k], v)
		}
		return ok
	case []any:
		have, ok := have.([]any)
		ok = ok && len(have) == len(want)
		for i := 0; ok && i < len(want); i++ {
			ok = holds(have[i], want[i])
		}
		return ok
	}
	return have == want
}
