// Package config is what an operator can set. It is read once, in main, and handed down as a value.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/caarlos0/env/v11"

	"onex.io/onex/shared/minertype"
	"onex.io/onex/shared/money"
)

// Config is read from the environment; on a cluster from the ConfigMap onex-config and the Secret onex-keys.
type Config struct {
	// Mongo is the connection string of the store; its path names the database (default onex).
	Mongo string `env:"ONEX_MONGO,required"`
	// Redis is host:port of the cache. Emptying it costs only time.
	Redis string `env:"ONEX_REDIS,required"`
	// Kafka are the seed brokers, host:port.
	Kafka []string `env:"ONEX_KAFKA,required"`
	// KafkaTLS encrypts the way to Kafka. KafkaCA, PEM, is then trusted in place of the system's authorities.
	KafkaTLS bool   `env:"ONEX_KAFKA_TLS" envDefault:"false"`
	KafkaCA  string `env:"ONEX_KAFKA_CA"`
	// KafkaSASL is how the platform logs in to Kafka: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; empty for not at all.
	KafkaSASL string `env:"ONEX_KAFKA_SASL"`
	// KafkaUsername and KafkaPassword come from the Secret that the overlay kafka names.
	KafkaUsername string   `env:"ONEX_KAFKA_USERNAME"`
	KafkaPassword Password `env:"ONEX_KAFKA_PASSWORD"`
	// Kubeconfig is a file; empty means the service account of the pod.
	Kubeconfig string `env:"KUBECONFIG"`
	// Broker takes the platform's events.
	Broker string `env:"ONEX_BROKER" envDefault:"http://broker-ingress.knative-eventing.svc.cluster.local/onex/default"`
	// Services and Nodes are where functions and chain nodes answer: patterns for (name) and (chain, namespace).
	Services string `env:"ONEX_SERVICES" envDefault:"http://%s.onex.svc.cluster.local"`
	Nodes    string `env:"ONEX_NODES" envDefault:"http://%s.%s.svc.cluster.local:8080"`

	// SignupGift is what a new user gets, in micro-OX.
	SignupGift money.Amount `env:"ONEX_SIGNUP_GIFT" envDefault:"1000000000"`
	// RewardPerGigahash pays 10^9 expected hashes, in micro-OX.
	RewardPerGigahash money.Amount `env:"ONEX_REWARD_PER_GIGAHASH" envDefault:"1000000"`
	// Confirmations is how many blocks must stand on a block before it pays.
	Confirmations int64 `env:"ONEX_CONFIRMATIONS" envDefault:"3"`
	// MinerTypes is the price list, a JSON array; without it the built-in one.
	MinerTypes minertype.Catalog `env:"ONEX_MINER_TYPES"`
	// MinersPerUser is how many paid slots a user may hold whom no administrator allowed another number. It is more than
	// the gift buys, so that money ends before quota does.
	MinersPerUser int64 `env:"ONEX_MINERS_PER_USER" envDefault:"50"`
	// HashesPerSecond is what a miner with the share of a whole CPU tries on average; quotes are made with it, nothing
	// is paid by it. The default was measured by `go test -bench Try ./toyblc/block`: 560 ns for a hash on one busy core
	// of an AMD EPYC server are 1.8 million in a second, and a node hashes for 80 % of its share.
	HashesPerSecond int64 `env:"ONEX_HASHES_PER_SECOND" envDefault:"1400000"`
	// BlockInterval is a chain's mean block interval when its owner names none.
	BlockInterval time.Duration `env:"ONEX_BLOCK_INTERVAL" envDefault:"60s"`
	// BlockIntervalMin and BlockIntervalMax bound what an owner may name. An admission policy holds to them.
	BlockIntervalMin time.Duration `env:"ONEX_BLOCK_INTERVAL_MIN" envDefault:"1s"`
	BlockIntervalMax time.Duration `env:"ONEX_BLOCK_INTERVAL_MAX" envDefault:"24h"`
	// AllowedImages are the images that a chain may name beside none: whole references, or repositories of which any
	// image will do. An admission policy holds to them.
	AllowedImages []string `env:"ONEX_ALLOWED_IMAGES"`
	// ChainsPerUser is how many chains a user may have.
	ChainsPerUser int `env:"ONEX_CHAINS_PER_USER" envDefault:"5"`

	// AutoscalingStreams are what a MinerSet may name to be scaled by a lag: topic/group on the platform's Kafka.
	AutoscalingStreams []string `env:"ONEX_AUTOSCALING_STREAMS"`

	// AccessTokenLife and RefreshTokenLife are the lives of the two tokens of a log-in.
	AccessTokenLife  time.Duration `env:"ONEX_ACCESS_TOKEN_LIFE" envDefault:"2h"`
	RefreshTokenLife time.Duration `env:"ONEX_REFRESH_TOKEN_LIFE" envDefault:"24h"`
	// TokenKey signs log-in tokens; only login and refresh-token have it. TokenPublicKeys verify them: the one of
	// TokenKey, and with commas between, those that signed before it, latest first, or that will sign after it.
	TokenKey        PrivateKey `env:"ONEX_TOKEN_KEY"`
	TokenPublicKeys PublicKeys `env:"ONEX_TOKEN_PUBLIC_KEY,required"`
	// PlatformPublicKey verifies the tokens of the platform's own parts, such as the reconciler.
	PlatformPublicKey PublicKey `env:"ONEX_PLATFORM_PUBLIC_KEY,required"`
	// SecretsKey seals the secret keys that users sign their own tokens with. Every operation that asks who calls has it,
	// because a signature with a shared key can be verified only with that key.
	SecretsKey SymmetricKey `env:"ONEX_SECRETS_KEY"`
	// OriginKey is how operations know what the gateway says of a request: from which address it came.
	OriginKey SymmetricKey `env:"ONEX_ORIGIN_KEY"`
	// OpenAuthenticate lets anyone ask whose a token is, without a token of their own.
	OpenAuthenticate bool `env:"ONEX_OPEN_AUTHENTICATE" envDefault:"false"`

	// PasswordMemory (in KiB), PasswordPasses and PasswordLanes are the cost of a password's hash, argon2id. The defaults
	// are OWASP's second recommendation. A log-in renews a hash that has another cost.
	PasswordMemory uint32 `env:"ONEX_PASSWORD_MEMORY" envDefault:"19456"`
	PasswordPasses uint32 `env:"ONEX_PASSWORD_PASSES" envDefault:"2"`
	PasswordLanes  uint8  `env:"ONEX_PASSWORD_LANES" envDefault:"1"`
	// LoginFailures is how many log-ins may fail for one account within LoginWindow of the first; until that has passed,
	// none succeeds. LoginFailuresPerAddress is the same for one address.
	LoginFailures           int64         `env:"ONEX_LOGIN_FAILURES" envDefault:"10"`
	LoginFailuresPerAddress int64         `env:"ONEX_LOGIN_FAILURES_PER_ADDRESS" envDefault:"100"`
	LoginWindow             time.Duration `env:"ONEX_LOGIN_WINDOW" envDefault:"15m"`
	// LoginHistory is how long a user's log-ins are kept.
	LoginHistory time.Duration `env:"ONEX_LOGIN_HISTORY" envDefault:"2160h"`

	// AdminUsername is the name of the administrator that the first deployment makes; nobody can sign up under it.
	AdminUsername string `env:"ONEX_ADMIN_USERNAME" envDefault:"admin"`
	// AdminPassword is the administrator's first password; only make-admin has it.
	AdminPassword Password `env:"ONEX_ADMIN_PASSWORD"`

	// Collector is the base URL of an OTLP/HTTP receiver, such as http://collector.observability:4318. Without one,
	// nothing is measured and nobody is told. The reconciler and the nodes have it, too.
	Collector string `env:"ONEX_COLLECTOR"`
	// TraceRatio is the part of new traces that the collector is told, from 0 to 1.
	TraceRatio float64 `env:"ONEX_TRACE_RATIO" envDefault:"1"`

	// TrustedProxies are the networks of what stands before the gateway and says in X-Forwarded-For whom it heard. By
	// default they are those that no caller from the internet has an address of. Narrow them to those of the ingress and
	// of the pods where callers come from such networks, too.
	TrustedProxies []netip.Prefix `env:"ONEX_TRUSTED_PROXIES" envDefault:"127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7,fe80::/10"`
	// UserRate and UserBurst are how many requests a user may make: in a second in the long run, and at once after a
	// pause. AddressRate and AddressBurst are the same for an address, behind which many users may be. A rate of 0 bounds
	// nothing.
	UserRate     float64 `env:"ONEX_USER_RATE" envDefault:"200"`
	UserBurst    int     `env:"ONEX_USER_BURST" envDefault:"2000"`
	AddressRate  float64 `env:"ONEX_ADDRESS_RATE" envDefault:"1000"`
	AddressBurst int     `env:"ONEX_ADDRESS_BURST" envDefault:"10000"`

	// RequestTimeout bounds one request operation.
	RequestTimeout time.Duration `env:"ONEX_REQUEST_TIMEOUT" envDefault:"25s"`
	// StreamLife bounds one answer of a stream operation, which keeps a pod awake. Knative ends a request after ten
	// minutes; the stream ends before.
	StreamLife time.Duration `env:"ONEX_STREAM_LIFE" envDefault:"9m"`
}

// Read reads the process environment and reports every mistake at once.
func Read() (Config, error) { return parse(env.Options{}) }

// ReadMap reads the given variables instead of the process environment.
func ReadMap(vars map[string]string) (Config, error) { return parse(env.Options{Environment: vars}) }

func parse(o env.Options) (Config, error) {
	c := Config{MinerTypes: minertype.Default()}
	if err := env.ParseWithOptions(&c, o); err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	return c, errors.Join(c.validate(), c.validateKafka(), c.validateLogins(), c.validateLimits())
}

// longestStream leaves a stream time to end before Knative cuts it off.
const longestStream = 9*time.Minute + 30*time.Second

func (c Config) validate() error {
	switch {
	case c.Confirmations < 0:
		return fmt.Errorf("configuration: ONEX_CONFIRMATIONS must be 0 or more, is %d", c.Confirmations)
	case c.SignupGift < 0:
		return fmt.Errorf("configuration: ONEX_SIGNUP_GIFT must be 0 or more, is %d", c.SignupGift)
	case c.RewardPerGigahash < 0:
		return fmt.Errorf("configuration: ONEX_REWARD_PER_GIGAHASH must be 0 or more, is %d", c.RewardPerGigahash)
	case c.MinersPerUser < 0:
		return fmt.Errorf("configuration: ONEX_MINERS_PER_USER must be 0 or more, is %d", c.MinersPerUser)
	case c.HashesPerSecond < 0:
		return fmt.Errorf("configuration: ONEX_HASHES_PER_SECOND must be 0 or more, is %d", c.HashesPerSecond)
	case c.BlockInterval < time.Second || c.BlockInterval%time.Second != 0:
		return fmt.Errorf("configuration: ONEX_BLOCK_INTERVAL must be whole seconds from 1s, is %s", c.BlockInterval)
	case c.BlockInterval < c.BlockIntervalMin || c.BlockInterval > c.BlockIntervalMax:
		return fmt.Errorf("configuration: ONEX_BLOCK_INTERVAL %s must be from ONEX_BLOCK_INTERVAL_MIN %s to ONEX_BLOCK_INTERVAL_MAX %s", c.BlockInterval, c.BlockIntervalMin, c.BlockIntervalMax)
	case c.ChainsPerUser < 0:
		return fmt.Errorf("configuration: ONEX_CHAINS_PER_USER must be 0 or more, is %d", c.ChainsPerUser)
	case c.AccessTokenLife <= 0 || c.RefreshTokenLife < c.AccessTokenLife:
		return fmt.Errorf("configuration: ONEX_ACCESS_TOKEN_LIFE %s must be above 0 and at most ONEX_REFRESH_TOKEN_LIFE %s", c.AccessTokenLife, c.RefreshTokenLife)
	case !(c.TraceRatio >= 0 && c.TraceRatio <= 1): // nor is it no number
		return fmt.Errorf("configuration: ONEX_TRACE_RATIO must be from 0 to 1, is %g", c.TraceRatio)
	case c.RequestTimeout <= 0:
		return fmt.Errorf("configuration: ONEX_REQUEST_TIMEOUT must be above 0, is %s", c.RequestTimeout)
	case c.StreamLife <= 0 || c.StreamLife > longestStream:
		return fmt.Errorf("configuration: ONEX_STREAM_LIFE must be above 0 and at most %s, is %s", longestStream, c.StreamLife)
	}
	return nil
}

// fastest is more than anybody needs, and few enough to be counted.
const fastest = 1e6

func (c Config) validateLimits() error {
	for _, l := range []struct {
		name  string
		rate  float64
		burst int
	}{{"USER", c.UserRate, c.UserBurst}, {"ADDRESS", c.AddressRate, c.AddressBurst}} {
		switch {
		case !(l.rate == 0 || l.rate >= 0.001 && l.rate <= fastest):
			return fmt.Errorf("configuration: ONEX_%s_RATE must be 0 or from 0.001 to %g, is %g", l.name, fastest, l.rate)
		case l.burst < 1 || l.burst > fastest:
			return fmt.Errorf("configuration: ONEX_%s_BURST must be from 1 to %g, is %d", l.name, fastest, l.burst)
		}
	}
	return nil
}

func (c Config) validateKafka() error {
	switch {
	case !slices.Contains([]string{"", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}, c.KafkaSASL):
		return fmt.Errorf("configuration: ONEX_KAFKA_SASL must be PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, is %q", c.KafkaSASL)
	case c.KafkaSASL != "" && (c.KafkaUsername == "" || c.KafkaPassword == ""):
		return fmt.Errorf("configuration: ONEX_KAFKA_SASL needs ONEX_KAFKA_USERNAME and ONEX_KAFKA_PASSWORD")
	case c.KafkaSASL == "PLAIN" && !c.KafkaTLS:
		return fmt.Errorf("configuration: ONEX_KAFKA_SASL PLAIN would show the password to everybody on the way: set ONEX_KAFKA_TLS")
	case c.KafkaCA != "" && !c.KafkaTLS:
		return fmt.Errorf("configuration: ONEX_KAFKA_CA is trusted by nobody without ONEX_KAFKA_TLS")
	}
	return nil
}
