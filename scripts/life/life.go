// Package life plays the platform's main job as a user would: sign up, get the gift, look at the prices, create a
// chain, buy miners, see the coins that they mine arrive in the wallet, buy more, lose one, and leave.
package life

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	corev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"onex.io/onex/shared/api/apps/v1beta1"
	"onex.io/onex/shared/api/session"
	"onex.io/onex/shared/api/user"
	"onex.io/onex/shared/api/wallet"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/fault"
)

// Options say where and how a life is played.
type Options struct {
	Client *client.Client
	// Pods reaches the pods of the miners, for the one step that no user can do: to kill a miner.
	Pods corev1.PodsGetter
	// Out hears each step and what came back.
	Out io.Writer
	// BlockInterval is the mean block interval of the chain, in whole seconds; default 2 s.
	BlockInterval time.Duration
	// Miners is how many are bought at first; default 3.
	Miners int32
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
	killed   types.UID // of the pod that was killed
}

// New begins a life under a name that nobody has.
func New(o Options) *Life {
	if o.BlockInterval == 0 {
		o.BlockInterval = 2 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = 2 * time.Minute
	}
	if o.Miners == 0 {
		o.Miners = few
	}
	name := "ada-" + strings.ToLower(rand.Text()[:8])
	return &Life{o: o, began: time.Now(), Username: name, Password: rand.Text(), Client: o.Client}
}

type step struct {
	name string
	do   func(context.Context) error
}

// Play lives until the first coin is in the wallet.
func (l *Life) Play(ctx context.Context) error { return play(ctx, l.untilTheFirstCoin()) }

// Whole lives the whole main job: until everything is deleted and the money adds up.
func (l *Life) Whole(ctx context.Context) error {
	return play(ctx, append(l.untilTheFirstCoin(), []step{
		{"scale", l.Scale}, {"see more miners run", l.SeeMinersRun}, {"kill a miner", l.KillMiner},
		{"see it replaced", l.SeeItReplaced}, {"leave", l.Leave}, {"count the money", l.CountMoney},
	}...))
}

func (l *Life) untilTheFirstCoin() []step {
	return []step{
		{"sign up", l.SignUp}, {"log in", l.LogIn}, {"receive the gift", l.ReceiveGift}, {"look at the prices", l.LookAtPrices},
		{"create a chain", l.CreateChain}, {"get a quote", l.GetQuote}, {"buy miners", l.BuyMiners},
		{"see the miners run", l.SeeMinersRun}, {"see them meet", l.SeeThemMeet}, {"receive the first coin", l.ReceiveCoin},
	}
}

func play(ctx context.Context, steps []step) error {
	for _, step := range steps {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
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
