package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/scripts/life"
	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/money"
	"onex.io/onex/shared/store"
	"onex.io/onex/toyblc/block"
)

// The promises that the ledger is held against. They stand here by themselves, not read from the code under test.
const (
	gift          = 1000_000000
	smallSlot     = 50_000000
	rate          = 1_000000 // for 10^9 hashes
	confirmations = 3
)

// auditLedger holds the ledger against the world: gifts against users, charges against the slots that the watch saw,
// rewards against blocks fetched from a node and hashed again.
func (w *world) auditLedger(t *testing.T, ada *life.Life, seen *sightings) {
	account := ada.User.UserID
	w.auditSums(t)
	w.auditGifts(t)
	entries, err := store.In[ledger.Entry](w.db, "ledger").List(t.Context(), bson.D{{Key: "account", Value: account}})
	fatal(t, err)
	w.auditSlots(t, ada, entries, seen)
	w.auditRewards(t, ada)
}

// auditSums wants every account's entries to be numbered without a gap and every balance to be the sum before it.
func (w *world) auditSums(t *testing.T) {
	entries, err := store.In[ledger.Entry](w.db, "ledger").List(t.Context(), bson.D{})
	fatal(t, err)
	slices.SortFunc(entries, func(a, b ledger.Entry) int { return int(a.Number - b.Number) })
	count, sum, keys := map[string]int64{}, map[string]money.Amount{}, map[string]bool{}
	for _, e := range entries {
		count[e.Account]++
		sum[e.Account] += e.Amount
		if e.Number != count[e.Account] || e.Balance != sum[e.Account] || e.Balance < 0 || keys[e.Key] {
			t.Errorf("entry %s: number %d of %d, balance %d of %d, key %q", e.ID, e.Number, count[e.Account], e.Balance, sum[e.Account], e.Key)
		}
		keys[e.Key] = true
	}
}

// auditGifts wants exactly one gift for every user, and none for nobody.
func (w *world) auditGifts(t *testing.T) {
	eventually(t, "every user has one gift", func(ctx context.Context) error {
		users, err := identity.NewUsers(w.db).List(ctx, bson.D{})
		if err != nil {
			return err
		}
		gifts, err := store.In[ledger.Entry](w.db, "ledger").List(ctx, bson.D{{Key: "kind", Value: ledger.KindGift}})
		if err != nil {
			return err
		}
		got := map[string]money.Amount{}
		for _, g := range gifts {
			got[g.Account] += g.Amount
		}
		for _, u := range users {
			if got[u.ID] != gift {
				return fmt.Errorf("user %s got %d", u.ID, got[u.ID])
			}
			delete(got, u.ID)
		}
		if len(got) > 0 {
			return fmt.Errorf("gifts to nobody: %v", got)
		}
		return nil
	})
}

// auditSlots wants one charge for each slot whose pod was seen, whatever happened to the pod since.
func (w *world) auditSlots(t *testing.T, ada *life.Life, entries []ledger.Entry, seen *sightings) {
	var paid []string
	for _, e := range entries {
		if e.Kind != ledger.KindSlot {
			continue
		}
		paid = append(paid, fmt.Sprintf("%s-%d", ada.MinerSet.Name, e.Slot))
		if e.Amount != -smallSlot || e.Pool != string(ada.MinerSet.UID) {
			t.Errorf("slot %d of pool %s was charged %d", e.Slot, e.Pool, e.Amount)
		}
	}
	slices.Sort(paid)
	if ran := seen.minersWithPods(ada.User.UserID); !slices.Equal(paid, ran) {
		t.Errorf("slots paid %v, slots seen with pods %v", paid, ran)
	}
}

// auditRewards verifies the whole chain and wants one reward for each confirmed block of ours, of just its worth.
func (w *world) auditRewards(t *testing.T, ada *life.Life) {
	var blocks []block.Block
	eventually(t, "the genesis node shows its chain", func(ctx context.Context) (err error) {
		blocks, err = w.blocks(ctx, ada)
		return err
	})
	verifier, err := block.NewVerifier(block.Params{
		ChainID: string(ada.Chain.UID), Time: ada.Chain.CreationTimestamp.Time,
		Interval: time.Duration(ada.Chain.Spec.MinMineIntervalSeconds) * time.Second,
	})
	fatal(t, err)
	if n, err := verifier.Add(time.Now(), blocks[1:]...); err != nil {
		t.Fatalf("after %d blocks: %v", n, err)
	}
	signers := w.signers(t, ada.User.UserID)
	want := map[int64]money.Amount{}
	for _, b := range blocks[1 : len(blocks)-confirmations] {
		if !signers[b.PublicKey.String()] || b.Address != ada.User.UserID {
			t.Errorf("block %d is by %s for %q", b.Index, b.PublicKey, b.Address)
		}
		want[b.Index] = worth(b)
	}
	eventually(t, "each confirmed block is paid", func(ctx context.Context) error {
		return w.compareRewards(ctx, string(ada.Chain.UID), want)
	})
}

// signers are the keys of the miners of a namespace.
func (w *world) signers(t *testing.T, namespace string) map[string]bool {
	miners, err := w.objects.Miners(namespace).List(t.Context(), metav1.ListOptions{})
	fatal(t, err)
	keys := map[string]bool{}
	for _, m := range miners.Items {
		keys[m.Status.PublicKey] = true
	}
	return keys
}

// worth is the expected hashes of a block, 2^256 / (target + 1), at the rate.
func worth(b block.Block) money.Amount {
	target := new(big.Int).SetBytes(b.Target[:])
	hashes := new(big.Int).Div(new(big.Int).Lsh(big.NewInt(1), 256), target.Add(target, big.NewInt(1)))
	hashes.Mul(hashes, big.NewInt(rate))
	return money.Amount(hashes.Div(hashes, big.NewInt(1_000_000_000)).Int64())
}

func (w *world) compareRewards(ctx context.Context, chainID string, want map[int64]money.Amount) error {
	rewards, err := store.In[ledger.Entry](w.db, "ledger").List(ctx, bson.D{{Key: "chain", Value: chainID}})
	if err != nil {
		return err
	}
	got := map[int64]money.Amount{}
	for _, r := range rewards {
		got[r.Height] += r.Amount
	}
	for height, amount := range want {
		if got[height] != amount {
			return fmt.Errorf("block %d is worth %d and was paid %d", height, amount, got[height])
		}
	}
	return nil
}

// blocks reads the whole chain from its genesis node.
func (w *world) blocks(ctx context.Context, ada *life.Life) ([]block.Block, error) {
	var all []block.Block
	for {
		var page []block.Block
		if err := w.node(ctx, ada, fmt.Sprintf("/v1/blocks?from=%d&limit=500", len(all)), &page); err != nil {
			return nil, err
		}
		if len(page) == 0 {
			return all, nil
		}
		all = append(all, page...)
	}
}

func (w *world) height(ctx context.Context, ada *life.Life) (int64, error) {
	var status struct {
		Height int64 `json:"height"`
	}
	err := w.node(ctx, ada, "/v1/status", &status)
	return status.Height, err
}

// node asks the chain's genesis node, at its pod.
func (w *world) node(ctx context.Context, ada *life.Life, path string, out any) error {
	pod, err := w.core.CoreV1().Pods(ada.User.UserID).Get(ctx, ada.Chain.Name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+pod.Status.PodIP+":38080"+path, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	return json.NewDecoder(response.Body).Decode(out)
}

// auditDecisions wants what the life did on record, and whatever more the caller knows of.
func (w *world) auditDecisions(t *testing.T, ada *life.Life, more ...string) {
	want := append([]string{"create-chain true", "create-minerset true", "get-minerset true", "get-wallet true"}, more...)
	eventually(t, "the decisions about "+ada.User.UserID+" are on record", func(ctx context.Context) error {
		records, err := store.In[audit.Record](w.db, "audit").List(ctx, bson.D{{Key: "subject", Value: ada.User.UserID}})
		if err != nil {
			return err
		}
		got := map[string]bool{}
		for _, r := range records {
			if r.RequestID == "" || r.TraceID == "" || r.Rule == "" || r.Remote == "" || r.At.IsZero() {
				t.Fatalf("a record lacks something: %+v", r)
			}
			got[fmt.Sprintf("%s %t", r.Operation, r.Allowed)] = true
		}
		for _, decision := range want {
			if !got[decision] {
				return fmt.Errorf("%q is not among %d records: %w", decision, len(records), errNotYet)
			}
		}
		return nil
	})
}

func slotOf(ada *life.Life) wallet.Slot {
	return wallet.Slot{
		Namespace: ada.User.UserID, Pool: string(ada.MinerSet.UID), Slot: 7, MinerType: "S1.SMALL1",
		ChainID: string(ada.Chain.UID), PublicKey: fmt.Sprintf("%064x", 7),
	}
}
