// Package life plays the platform's main job as a user would: sign up, get the gift, create a chain, buy a miner,
// and see the coins that it mines arrive in the wallet.
package life

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/minerset"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/fault"
)

// Options say where and how a life is played.
type Options struct {
	Client *client.Client
	// Out hears each step and what came back.
	Out io.Writer
	// BlockInterval is the mean block interval of the chain, in whole seconds; default 2 s.
	BlockInterval time.Duration
	// Patience bounds each wait; default 2 minutes.
	Patience time.Duration
}

// Life is one person on the platform.
type Life struct {
	o        Options
	began    time.Time
	Username string
	Password string
	User     *user.User
	Tokens   *session.Tokens
	Client   *client.Client // as the person
	Chain    *v1beta1.Chain
	MinerSet *v1beta1.MinerSet
	Wallet   *wallet.Wallet
}

// New begins a life under a name that nobody has.
func New(o Options) *Life {
	if o.BlockInterval == 0 {
		o.BlockInterval = 2 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = 2 * time.Minute
	}
	name := "ada-" + strings.ToLower(rand.Text()[:8])
	return &Life{o: o, began: time.Now(), Username: name, Password: rand.Text(), Client: o.Client}
}

// Play lives until the first coin is in the wallet.
func (l *Life) Play(ctx context.Context) error {
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"sign up", l.SignUp}, {"log in", l.LogIn}, {"receive the gift", l.ReceiveGift}, {"create a chain", l.CreateChain},
		{"buy a miner", l.BuyMiner}, {"see the miner run", l.SeeMinerRun}, {"receive the first coin", l.ReceiveCoin},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// Reconnect goes on with the same life at a platform that has another address now.
func (l *Life) Reconnect(c *client.Client) {
	l.o.Client, l.Client = c, c
	if l.Tokens != nil {
		l.Client = c.WithToken(l.Tokens.AccessToken)
	}
}

func (l *Life) say(format string, args ...any) {
	fmt.Fprintf(l.o.Out, "%6.1fs  %s\n", time.Since(l.began).Seconds(), fmt.Sprintf(format, args...))
}

// SignUp registers the person.
func (l *Life) SignUp(ctx context.Context) (err error) {
	l.User, err = l.Client.CreateUser(ctx, user.Create{Username: l.Username, Password: l.Password, Nickname: "Ada"})
	if err == nil {
		l.say("signed up as %s: user, namespace and wallet are %s", l.Username, l.User.UserID)
	}
	return err
}

// LogIn gets a token; from then on the person speaks for herself.
func (l *Life) LogIn(ctx context.Context) (err error) {
	l.Tokens, err = l.Client.Login(ctx, session.Login{Username: l.Username, Password: l.Password})
	if err != nil {
		return err
	}
	l.Client = l.Client.WithToken(l.Tokens.AccessToken)
	l.say("logged in until %s", time.Unix(l.Tokens.ExpiresAt, 0).UTC().Format(time.TimeOnly))
	return nil
}

// ReceiveGift waits for the gift, which an event brings.
func (l *Life) ReceiveGift(ctx context.Context) error {
	err := l.await(ctx, func(ctx context.Context) (bool, error) { return l.look(ctx, func() bool { return l.Wallet.Count > 0 }) })
	if err == nil {
		l.say("wallet: %s OX, the gift", l.Wallet.OX)
	}
	return err
}

// CreateChain creates a private chain.
func (l *Life) CreateChain(ctx context.Context) (err error) {
	l.Chain, err = l.Client.CreateChain(ctx, &v1beta1.Chain{
		ObjectMeta: metav1.ObjectMeta{Name: "harbor"},
		Spec:       v1beta1.ChainSpec{DisplayName: "Harbor", MinMineIntervalSeconds: int32(l.o.BlockInterval / time.Second)},
	})
	if err == nil {
		l.say("created chain %s, a block every %s", l.Chain.Name, l.o.BlockInterval)
	}
	return err
}

// BuyMiner buys a pool of one miner.
func (l *Life) BuyMiner(ctx context.Context) (err error) {
	replicas := int32(1)
	l.MinerSet, err = l.Client.CreateMinerSet(ctx, &v1beta1.MinerSet{
		ObjectMeta: metav1.ObjectMeta{Name: "night-shift"},
		Spec: v1beta1.MinerSetSpec{
			Replicas: &replicas,
			Template: v1beta1.MinerTemplateSpec{Spec: v1beta1.MinerSpec{ChainName: l.Chain.Name, MinerType: "S1.SMALL1"}},
		},
	})
	if err == nil {
		l.say("ordered MinerSet %s: 1 miner of type S1.SMALL1", l.MinerSet.Name)
	}
	return err
}

// SeeMinerRun waits until the slot is paid and the miner's pod is ready.
func (l *Life) SeeMinerRun(ctx context.Context) error {
	err := l.await(ctx, func(ctx context.Context) (bool, error) {
		m, err := l.Client.GetMinerSet(ctx, minerset.GetRequest{Name: l.MinerSet.Name})
		if err != nil {
			return false, err
		}
		l.MinerSet = m
		return m.Status.ReadyReplicas == *m.Spec.Replicas, nil
	})
	if err != nil {
		return err
	}
	if _, err := l.look(ctx, func() bool { return true }); err != nil {
		return err
	}
	l.say("the miner runs: ready %s, wallet %s OX", l.MinerSet.Status.Ready, l.Wallet.OX)
	return nil
}

// ReceiveCoin waits for the first reward.
func (l *Life) ReceiveCoin(ctx context.Context) error {
	err := l.await(ctx, func(ctx context.Context) (bool, error) {
		return l.look(ctx, func() bool { return l.reward() != nil })
	})
	if err == nil {
		r := l.reward()
		l.say("block %d pays %s OX: wallet %s OX", r.Height, r.Amount, l.Wallet.OX)
	}
	return err
}

// reward is the newest reward in the wallet, or nil.
func (l *Life) reward() *wallet.Entry {
	for i, e := range l.Wallet.Entries {
		if e.Kind == "reward" {
			return &l.Wallet.Entries[i]
		}
	}
	return nil
}

// look reads the wallet and asks whether it is as wanted.
func (l *Life) look(ctx context.Context, wanted func() bool) (bool, error) {
	w, err := l.Client.GetWallet(ctx, 20)
	if err != nil {
		return false, err
	}
	l.Wallet = w
	return wanted(), nil
}

const lookEvery = 200 * time.Millisecond

// await polls until done or out of patience. What is busy now is asked again.
func (l *Life) await(ctx context.Context, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, l.o.Patience)
	defer cancel()
	var last error
	for {
		ok, err := done(ctx)
		switch {
		case ok:
			return nil
		case err != nil && fault.KindOf(err) != fault.Busy && ctx.Err() == nil:
			return err
		case err != nil:
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s (last error: %v): %w", l.o.Patience, last, ctx.Err())
		case <-time.After(lookEvery):
		}
	}
}
