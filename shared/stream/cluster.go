package stream

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Cluster says where Kafka answers, and what it wants of those who come.
type Cluster struct {
	Brokers []string // host:port, to begin with
	TLS     bool
	CA      string // certificates in PEM to trust in place of the system's
	// SASL is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; empty where nobody logs in.
	SASL, Username, Password string
}

// Options are what a client needs to get there.
func (c Cluster) Options() ([]kgo.Opt, error) {
	options := []kgo.Opt{kgo.SeedBrokers(c.Brokers...)}
	if c.TLS {
		trust, err := c.trust()
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.DialTLSConfig(trust))
	}
	if c.SASL != "" {
		login, err := c.login()
		if err != nil {
			return nil, err
		}
		options = append(options, kgo.SASL(login))
	}
	return options, nil
}

func (c Cluster) trust() (*tls.Config, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA == "" {
		return trust, nil
	}
	trust.RootCAs = x509.NewCertPool()
	if !trust.RootCAs.AppendCertsFromPEM([]byte(c.CA)) {
		return nil, fmt.Errorf("kafka: the certificates to trust are not PEM")
	}
	return trust, nil
}

func (c Cluster) login() (sasl.Mechanism, error) {
	who := scram.Auth{User: c.Username, Pass: c.Password}
	switch c.SASL {
	case "PLAIN":
		return plain.Auth{User: c.Username, Pass: c.Password}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return who.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return who.AsSha512Mechanism(), nil
	}
	return nil, fmt.Errorf("kafka: SASL mechanism %q is none of PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512", c.SASL)
}
