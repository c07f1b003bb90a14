package reconciler

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"onex.io/onex/shared/api/apps/v1beta1"
)

// dawn is when the miners of these tests were made, give or take.
func dawn() time.Time { return time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC) }

// made makes a healthy miner; marks change it: "old" and "new" its age, "sick" its pod, "marked" its annotation,
// "dying" its deletion.
func made(name string, marks ...string) *v1beta1.Miner {
	m := &v1beta1.Miner{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), CreationTimestamp: metav1.NewTime(dawn())}}
	m.Status.PodRef = &v1beta1.ObjectReference{}
	m.Status.Conditions = []v1beta1.Condition{is(v1beta1.ConditionPodHealthy)}
	for _, mark := range marks {
		switch mark {
		case "old":
			m.CreationTimestamp = metav1.NewTime(dawn().AddDate(-1, 0, 0))
		case "new":
			m.CreationTimestamp = metav1.NewTime(dawn().Add(time.Hour))
		case "sick":
			m.Status.Conditions = nil
		case "marked":
			m.Annotations = map[string]string{v1beta1.DeleteMinerAnnotation: ""}
		case "dying":
			m.DeletionTimestamp = &metav1.Time{Time: dawn()}
		}
	}
	return m
}

func namesOf(miners []*v1beta1.Miner) string {
	var names []string
	for _, m := range miners {
		names = append(names, m.Name)
	}
	return strings.Join(names, " ")
}

func TestVictims(t *testing.T) {
	rows := []struct {
		name    string
		policy  v1beta1.DeletePolicy
		miners  []*v1beta1.Miner
		surplus int
		want    string
	}{
		{"the oldest go first", v1beta1.DeleteOldest, []*v1beta1.Miner{made("a"), made("b", "old"), made("c", "new")}, 2, "b a"},
		{"the newest go first", v1beta1.DeleteNewest, []*v1beta1.Miner{made("a"), made("b", "old"), made("c", "new")}, 2, "c a"},
		{"of equals the first by name", v1beta1.DeleteOldest, []*v1beta1.Miner{made("c"), made("a"), made("b")}, 2, "a b"},
		{"the sick before the old", v1beta1.DeleteOldest, []*v1beta1.Miner{made("a", "old"), made("b", "sick")}, 1, "b"},
		{"the marked before the sick", v1beta1.DeleteNewest, []*v1beta1.Miner{made("a", "sick"), made("b", "marked", "old")}, 1, "b"},
		{"a mark counts under Random too", v1beta1.DeleteRandom, []*v1beta1.Miner{made("a"), made("b"), made("c", "marked")}, 1, "c"},
		{"no more than there are", v1beta1.DeleteOldest, []*v1beta1.Miner{made("a")}, 5, "a"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := namesOf(victims(row.policy, row.miners, row.surplus)); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			slices.Reverse(row.miners)
			if got := namesOf(victims(row.policy, row.miners, row.surplus)); got != row.want {
				t.Errorf("in another order of looking: got %q, want %q", got, row.want)
			}
		})
	}
}

func TestRandomIsNotAlphabetical(t *testing.T) {
	var miners []*v1beta1.Miner
	for c := 'a'; c <= 'z'; c++ {
		miners = append(miners, made(string(c)))
	}
	order := victims(v1beta1.DeleteRandom, miners, len(miners))
	if slices.IsSortedFunc(order, func(a, b *v1beta1.Miner) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("chance picked the alphabet")
	}
	if again := victims(v1beta1.DeleteRandom, miners, len(miners)); namesOf(again) != namesOf(order) {
		t.Error("two looks at one world disagree")
	}
}

func TestPlanScale(t *testing.T) {
	rows := []struct {
		name      string
		want      int32
		miners    []*v1beta1.Miner
		strangers []string
		create    []int32
		remove    string
	}{
		{"from nothing the lowest slots", 3, nil, nil, []int32{0, 1, 2}, ""},
		{"holes are filled first", 4, []*v1beta1.Miner{made("s-1"), made("s-3")}, nil, []int32{0, 2}, ""},
		{"a dying miner keeps its slot and no other is bought", 3, []*v1beta1.Miner{made("s-0"), made("s-1", "dying"), made("s-2")}, nil, nil, ""},
		{"dying miners are not counted when shrinking", 2, []*v1beta1.Miner{made("s-0"), made("s-1", "dying"), made("s-2")}, nil, nil, ""},
		{"a stranger's name is passed over", 2, nil, []string{"s-0"}, []int32{1, 2}, ""},
		{"an adopted miner counts and takes the lowest slot", 2, []*v1beta1.Miner{made("stray")}, nil, []int32{1}, ""},
		{"an adopted miner that goes keeps its slot until it has gone", 2, []*v1beta1.Miner{made("stray", "dying"), made("s-1")}, nil, nil, ""},
		{"enough is enough", 2, []*v1beta1.Miner{made("s-0"), made("s-7")}, nil, nil, ""},
		{"surplus goes", 1, []*v1beta1.Miner{made("s-0"), made("s-1", "marked")}, nil, nil, "s-1"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			set := &v1beta1.MinerSet{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Spec: v1beta1.MinerSetSpec{Replicas: &row.want}}
			strangers := map[string]bool{}
			for _, name := range row.strangers {
				strangers[name] = true
			}
			p := planScale(set, row.miners, strangers)
			if diff := cmp.Diff(row.create, p.create); diff != "" || namesOf(p.remove) != row.remove {
				t.Errorf("create (-want +got):\n%s\nremove: got %q, want %q", diff, namesOf(p.remove), row.remove)
			}
		})
	}
}

func TestPlanScaleStopsAtTheBurst(t *testing.T) {
	many := int32(100)
	set := &v1beta1.MinerSet{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Spec: v1beta1.MinerSetSpec{Replicas: &many}}
	if got := len(planScale(set, nil, nil).create); got != burst {
		t.Errorf("got %d to create, want %d", got, burst)
	}
	set.Spec.Replicas = new(int32)
	var miners []*v1beta1.Miner
	for slot := range many {
		miners = append(miners, made(minerName("s", slot)))
	}
	if got := len(planScale(set, miners, nil).remove); got != burst {
		t.Errorf("got %d to delete, want %d", got, burst)
	}
}

func TestASetHoldsSoManyUnpaidMinersAndNoMore(t *testing.T) {
	rows := []struct {
		name         string
		want         int32
		paid, unpaid int
		create       int
	}{
		{"the first ones", 10000, 0, 0, 30},
		{"none is paid", 10000, 0, 30, 0},
		{"some are paid", 10000, 12, 18, 12},
		{"all are paid", 10000, 30, 0, 30},
		{"all but the last are wanted", 31, 30, 0, 1},
		{"more wait than may, as when prices rise", 100, 0, 40, 0},
	}
	for _, row := range rows {
		set := &v1beta1.MinerSet{ObjectMeta: metav1.ObjectMeta{Name: "s"}, Spec: v1beta1.MinerSetSpec{Replicas: &row.want}}
		var miners []*v1beta1.Miner
		for i := range row.paid + row.unpaid {
			m := made(minerName("s", int32(i)))
			if i < row.paid {
				m.Status.Conditions = append(m.Status.Conditions, is(v1beta1.ConditionPaid))
			}
			miners = append(miners, m)
		}
		if got := len(planScale(set, miners, nil).create); got != row.create {
			t.Errorf("%s: got %d to create, want %d", row.name, got, row.create)
		}
	}
}

func TestSlotsOf(t *testing.T) {
	set := &v1beta1.MinerSet{ObjectMeta: metav1.ObjectMeta{Name: "s", UID: "pool"}}
	bought := func(name, pool string, slot int32) *v1beta1.Miner {
		m := made(name)
		m.Status.Purchase = &v1beta1.SlotPurchase{Pool: pool, Slot: slot}
		return m
	}
	rows := []struct {
		name   string
		miners []*v1beta1.Miner
		want   map[string]int32
	}{
		{"names decide", []*v1beta1.Miner{made("s-4"), made("s-0")}, map[string]int32{"s-4": 4, "s-0": 0}},
		{"the adopted take what is free", []*v1beta1.Miner{made("b"), made("s-1"), made("a")}, map[string]int32{"s-1": 1, "a": 0, "b": 2}},
		{"and keep what they bought", []*v1beta1.Miner{made("a"), bought("b", "pool", 0)}, map[string]int32{"b": 0, "a": 1}},
		{"what was bought elsewhere is nothing here", []*v1beta1.Miner{made("a"), bought("b", "other", 0)}, map[string]int32{"a": 0, "b": 1}},
		{"a name comes before what was bought", []*v1beta1.Miner{bought("a", "pool", 0), made("s-0")}, map[string]int32{"s-0": 0, "a": 1}},
		{"one slot is not bought twice", []*v1beta1.Miner{bought("b", "pool", 3), bought("a", "pool", 3)}, map[string]int32{"a": 3, "b": 0}},
		{"the dying stand in theirs", []*v1beta1.Miner{made("s-0", "dying"), made("a")}, map[string]int32{"s-0": 0, "a": 1}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, slotsOf(set, row.miners)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			slices.Reverse(row.miners)
			if diff := cmp.Diff(row.want, slotsOf(set, row.miners)); diff != "" {
				t.Errorf("in another order of looking (-want +got)\n%s", diff)
			}
		})
	}
}

func TestThePaceOfARollOut(t *testing.T) {
	p := newPace()
	for _, row := range []struct {
		name  string
		set   types.UID
		after time.Duration
		want  bool
	}{
		{"the first", "a", 0, true},
		{"the next at once", "a", time.Second, false},
		{"of another set", "b", time.Second, true},
		{"the next after a while", "a", rollSettle, true},
		{"the one after that at once", "a", rollSettle + time.Second, false},
	} {
		if got := p.take(row.set, dawn().Add(row.after)); got != row.want {
			t.Errorf("%s: got %t, want %t", row.name, got, row.want)
		}
	}
	if p.take("c", dawn().Add(time.Hour)); len(p.last) != 1 {
		t.Errorf("remembers %v", p.last)
	}
}

func TestReplicasThatNobodySet(t *testing.T) {
	set := &v1beta1.MinerSet{}
	if got := wanted(set); got != 1 {
		t.Errorf("got %d, want 1", got)
	}
	negative := int32(-3)
	set.Spec.Replicas = &negative
	if got := wanted(set); got != 0 {
		t.Errorf("got %d for %d, want 0", got, negative)
	}
}

func TestSlotOf(t *testing.T) {
	rows := []struct {
		miner string
		slot  int32
		named bool
	}{
		{"night-0", 0, true}, {"night-12", 12, true}, {"night-2147483647", 2147483647, true},
		{"night-", 0, false}, {"night--1", 0, false}, {"night-01", 0, false}, {"night-+1", 0, false},
		{"night-2147483648", 0, false}, {"day-0", 0, false}, {"night-0-0", 0, false}, {"night", 0, false},
	}
	for _, row := range rows {
		if slot, named := slotOf("night", row.miner); slot != row.slot || named != row.named {
			t.Errorf("%q: got %d, %t; want %d, %t", row.miner, slot, named, row.slot, row.named)
		}
	}
}

func TestRetryInDoublesUpToHalfAMinute(t *testing.T) {
	rows := []struct{ unpaid, want time.Duration }{
		{0, time.Second}, {3 * time.Second, 3 * time.Second}, {time.Hour, 30 * time.Second},
	}
	for _, row := range rows {
		conditions := []v1beta1.Condition{{Type: v1beta1.ConditionPaid, LastTransitionTime: metav1.NewTime(dawn())}}
		if got := retryIn(conditions, dawn().Add(row.unpaid)); got != row.want {
			t.Errorf("unpaid for %s: got %s, want %s", row.unpaid, got, row.want)
		}
	}
}

func TestSummaryIsTheWorst(t *testing.T) {
	info := isNot("A", v1beta1.SeverityInfo, "Info", "")
	warning := isNot("B", v1beta1.SeverityWarning, "Warning", "")
	fault := isNot("C", v1beta1.SeverityError, "Error", "")
	rows := []struct {
		name       string
		conditions []v1beta1.Condition
		want       string
	}{
		{"all well", []v1beta1.Condition{is("A"), is("B"), is("C")}, ""},
		{"one bad", []v1beta1.Condition{is("A"), warning, is("C")}, "Warning"},
		{"the worst of three", []v1beta1.Condition{info, warning, fault}, "Error"},
		{"one that nobody looked at", []v1beta1.Condition{is("A"), is("C")}, "Waiting"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got := summary(row.conditions, "A", "B", "C")
			if got.Reason != row.want || (got.Status == v1beta1.ConditionTrue) != (row.want == "") {
				t.Errorf("got %+v, want reason %q", got, row.want)
			}
		})
	}
}

func TestAConditionKeepsItsTimeWhileItsStatusStays(t *testing.T) {
	var conditions []v1beta1.Condition
	setCondition(&conditions, isNot("A", v1beta1.SeverityInfo, "One", "first"), dawn())
	setCondition(&conditions, isNot("A", v1beta1.SeverityError, "Two", "second"), dawn().Add(time.Minute))
	if got := conditions[0]; !got.LastTransitionTime.Time.Equal(dawn()) || got.Reason != "Two" {
		t.Errorf("got %+v, want the new reason since %s", got, dawn())
	}
	setCondition(&conditions, is("A"), dawn().Add(time.Hour))
	if got := conditions[0].LastTransitionTime.Time; !got.Equal(dawn().Add(time.Hour)) || len(conditions) != 1 {
		t.Errorf("got %v, want one condition since %s", conditions, dawn().Add(time.Hour))
	}
}

func TestDecidePod(t *testing.T) {
	pod := func(phase corev1.PodPhase, hash string) *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(dawn()), Annotations: map[string]string{v1beta1.TemplateHashAnnotation: hash}},
			Status:     corev1.PodStatus{Phase: phase},
		}
	}
	going := pod(corev1.PodRunning, "other")
	going.DeletionTimestamp = &metav1.Time{Time: dawn()}
	rows := []struct {
		name string
		have *corev1.Pod
		age  time.Duration
		want podAct
		rest time.Duration
	}{
		{"none is made", nil, 0, podCreate, 0},
		{"a running one is kept", pod(corev1.PodRunning, "x"), 0, podKeep, 0},
		{"a pending one is kept", pod(corev1.PodPending, "x"), time.Hour, podKeep, 0},
		{"one of unknown fate is kept", pod(corev1.PodUnknown, "x"), time.Hour, podKeep, 0},
		{"one that is going is waited for", going, 0, podAwait, 0},
		{"another make is replaced at once", pod(corev1.PodRunning, "y"), 0, podReplace, 0},
		{"a failed one rests first", pod(corev1.PodFailed, "x"), 4 * time.Second, podAwait, 6 * time.Second},
		{"a failed one is replaced", pod(corev1.PodFailed, "x"), 10 * time.Second, podReplace, 0},
		{"one that ended well is replaced too", pod(corev1.PodSucceeded, "x"), time.Minute, podReplace, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			got, rest := decidePod(row.have, pod("", "x"), dawn().Add(row.age))
			if got != row.want || rest != row.rest {
				t.Errorf("got act %d and rest %s, want %d and %s", got, rest, row.want, row.rest)
			}
		})
	}
}
