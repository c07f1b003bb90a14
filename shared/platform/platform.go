// Package platform hands an operation what it stands on. Nothing is dialed before it is first asked for, so an
// operation that needs no store never waits for one.
package platform

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"onex.io/onex/shared/access"
	"onex.io/onex/shared/audit"
	"onex.io/onex/shared/config"
	"onex.io/onex/shared/identity"
	"onex.io/onex/shared/kube"
	"onex.io/onex/shared/ledger"
	"onex.io/onex/shared/limit"
	"onex.io/onex/shared/policy"
	"onex.io/onex/shared/publish"
	"onex.io/onex/shared/seal"
	"onex.io/onex/shared/stream"
	"onex.io/onex/shared/telemetry"
	"onex.io/onex/shared/token"
)

// Options are what main knows and configuration does not.
type Options struct {
	HTTP   *http.Client     // default http.DefaultClient
	Now    func() time.Time // default time.Now
	Log    *slog.Logger     // default slog.Default
	Member string           // static membership of a stream consumer; a pod's name
	// Telemetry tells what is done here; nobody is told without it. Close closes it.
	Telemetry *telemetry.Telemetry
	// Stopping closes when the process has to go; what would go on for long ends then. Nil never closes.
	Stopping <-chan struct{}
}

// Platform connects lazily and is safe for concurrent use. Close it.
type Platform struct {
	Config config.Config
	Options

	mongo  func() (*mongo.Database, error)
	redis  func() *redis.Client
	kafka  func() (*kgo.Client, error)
	kube   func() (*kube.Client, error)
	ledger lazyLedger

	policies func() (access.Policies, error)

	mu      sync.Mutex
	closers []func(context.Context) error
}

// New makes a platform that has connected to nothing yet.
func New(c config.Config, o Options) *Platform {
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	p := &Platform{Config: c, Options: o}
	p.mongo = sync.OnceValues(p.connectMongo)
	p.redis = sync.OnceValue(p.connectRedis)
	p.kafka = sync.OnceValues(p.connectKafka)
	p.kube = sync.OnceValues(p.connectKube)
	p.policies = sync.OnceValues(p.openPolicies)
	return p
}

// Close flushes what is buffered and closes what was opened, last opened first.
func (p *Platform) Close(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for i := len(p.closers) - 1; i >= 0; i-- {
		errs = append(errs, p.closers[i](ctx))
	}
	p.closers = nil
	p.Telemetry.Close(ctx)
	return errors.Join(errs...)
}

func (p *Platform) onClose(f func(context.Context) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closers = append(p.closers, f)
}

// storeTimeout bounds the wait for a store that is away.
const storeTimeout = 10 * time.Second

func (p *Platform) connectMongo() (*mongo.Database, error) {
	client, err := mongo.Connect(options.Client().ApplyURI(p.Config.Mongo).SetServerSelectionTimeout(storeTimeout).SetTimeout(storeTimeout))
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	p.onClose(client.Disconnect)
	name := "onex"
	if u, err := url.Parse(p.Config.Mongo); err == nil && strings.Trim(u.Path, "/") != "" {
		name = strings.Trim(u.Path, "/")
	}
	return client.Database(name), nil
}

// cacheTimeout bounds the wait for a cache that is away: the store can answer in its place.
const cacheTimeout = 500 * time.Millisecond

func (p *Platform) connectRedis() *redis.Client {
	client := redis.NewClient(&redis.Options{
		Addr: p.Config.Redis, DialTimeout: cacheTimeout, ReadTimeout: cacheTimeout, WriteTimeout: cacheTimeout,
		MaxRetries: -1, DialerRetries: 1, // neither asks twice
	})
	p.onClose(func(context.Context) error { return client.Close() })
	return client
}

// A record that was sent and not answered for is given up with its request. It may be there all the same, and again
// if somebody repeats it: readers know a repeat by its id.
func (p *Platform) connectKafka() (*kgo.Client, error) {
	options, err := p.Streams().Options()
	if err != nil {
		return nil, err
	}
	client, err := kgo.NewClient(append(options, kgo.ProducerLinger(0),
		kgo.RecordDeliveryTimeout(storeTimeout), kgo.AllowIdempotentProduceCancellation())...)
	if err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	p.onClose(func(ctx context.Context) error {
		defer client.Close()
		return client.Flush(ctx)
	})
	return client, nil
}

func (p *Platform) connectKube() (*kube.Client, error) {
	rest, err := kube.Config(p.Config.Kubeconfig)
	if err != nil {
		return nil, err
	}
	rest.QPS = -1 // the API server itself is fair to all who ask
	return kube.New(rest)
}

// Kube is the client of the object API.
func (p *Platform) Kube() (*kube.Client, error) { return p.kube() }

// Streams is where the streams are, and how to get in.
func (p *Platform) Streams() stream.Cluster {
	c := p.Config
	return stream.Cluster{
		Brokers: c.Kafka, TLS: c.KafkaTLS, CA: c.KafkaCA,
		SASL: c.KafkaSASL, Username: c.KafkaUsername, Password: string(c.KafkaPassword),
	}
}

// Kafka is the client of the streams.
func (p *Platform) Kafka() (*kgo.Client, error) { return p.kafka() }

// Mongo is the store.
func (p *Platform) Mongo() (*mongo.Database, error) { return p.mongo() }

// Redis is the cache.
func (p *Platform) Redis() *redis.Client { return p.redis() }

// lazyLedger opens the ledger once it can be opened: a store that was away is asked again.
type lazyLedger struct {
	mu   sync.Mutex
	open *ledger.Ledger
}

// Ledger is the book of every wallet.
func (p *Platform) Ledger(ctx context.Context) (*ledger.Ledger, error) {
	p.ledger.mu.Lock()
	defer p.ledger.mu.Unlock()
	if p.ledger.open != nil {
		return p.ledger.open, nil
	}
	db, err := p.mongo()
	if err != nil {
		return nil, err
	}
	p.ledger.open, err = ledger.Open(ctx, db, p.Now)
	return p.ledger.open, err
}

// Broker takes the platform's events.
func (p *Platform) Broker() publish.Broker { return publish.Broker{URL: p.Config.Broker, HTTP: p.HTTP} }

// Bearers tells who a bearer token speaks for.
func (p *Platform) Bearers() (identity.Bearers, error) {
	db, err := p.mongo()
	if err != nil {
		return identity.Bearers{}, err
	}
	keys, err := p.Seals()
	if err != nil {
		return identity.Bearers{}, err
	}
	return identity.Bearers{
		Tokens: p.verifier(),
		Keys:   keys,
		Standing: identity.Standing{
			Limits: limit.New(p.redis(), "user", limit.Rate{PerSecond: p.Config.UserRate, Burst: p.Config.UserBurst}, p.Now),
			Users:  identity.NewUsers(db), Sessions: identity.NewSessions(db), Secrets: identity.NewSecrets(db), Cache: p.redis(), Now: p.Now,
		},
	}, nil
}

func (p *Platform) verifier() *token.Verifier {
	var login []ed25519.PublicKey
	for _, key := range p.Config.TokenPublicKeys.Keys {
		login = append(login, key.PublicKey)
	}
	return token.NewVerifier(login[0], p.Config.PlatformPublicKey.PublicKey, p.Now, login[1:]...)
}

// Passwords hashes passwords at the operator's cost.
func (p *Platform) Passwords() identity.Passwords {
	return identity.Passwords{Memory: p.Config.PasswordMemory, Passes: p.Config.PasswordPasses, Lanes: p.Config.PasswordLanes}
}

// Seals opens and seals the secret keys of users. Every operation that asks who calls needs ONEX_SECRETS_KEY for it.
func (p *Platform) Seals() (*seal.Box, error) {
	box, err := seal.NewBox(p.Config.SecretsKey.Bytes, p.Config.SecretsKey.Older...)
	if err != nil {
		return nil, fmt.Errorf("ONEX_SECRETS_KEY: %w", err)
	}
	return box, nil
}

// Addresses are the limits of those who come to the gateway, by their addresses.
func (p *Platform) Addresses() *limit.Ahead {
	return limit.New(p.redis(), "address", limit.Rate{PerSecond: p.Config.AddressRate, Burst: p.Config.AddressBurst}, p.Now).Ahead()
}

// Guard decides who may call what has the level.
func (p *Platform) Guard(level access.Level) (*access.Guard, error) {
	client, err := p.kafka()
	if err != nil {
		return nil, err
	}
	g := &access.Guard{
		Recorder: audit.Recorder{Sender: stream.NewProducer(client, audit.Topic), Log: p.Log},
		Now:      p.Now, Opened: p.Config.OpenAuthenticate, Root: p.Root(),
	}
	if level == access.Anyone {
		return g, nil // it looks at no token, so it needs no keys
	}
	if g.Policies, err = p.Policies(); err != nil {
		return nil, err
	}
	g.Bearers, err = p.Bearers()
	return g, err
}

// Root is the userID of the administrator whom the first deployment makes, and no policy stops.
func (p *Platform) Root() string { return identity.UserID(p.Config.AdminUsername) }

// Policies are the policies that administrators keep, read once for all operations of the process.
func (p *Platform) Policies() (access.Policies, error) { return p.policies() }

func (p *Platform) openPolicies() (access.Policies, error) {
	db, err := p.mongo()
	if err != nil {
		return nil, err
	}
	return policy.NewBook(policy.NewStore(db), p.redis(), p.Now), nil
}
