package node

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"onex.io/onex/shared/fault"
)

// minToken is the fewest bytes of a bearer token: 32 hexadecimal digits are 128 bits.
const minToken = 32

// authorized lets only accounts and bearers of a token pass.
func (n *Node) authorized(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.cfg.mayWrite(r) {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="Authorization Required"`)
		writeFault(w, fault.New(fault.Unauthenticated, "UNAUTHORIZED", "The username or password is incorrect"))
	})
}

// mayWrite says whether a request comes from an account, or with a token, of the configuration.
func (c Config) mayWrite(r *http.Request) bool {
	if user, password, ok := r.BasicAuth(); ok {
		accounts := make([]string, 0, len(c.Accounts))
		for u, p := range c.Accounts {
			accounts = append(accounts, u+":"+p) // no user has a colon in it
		}
		return isOneOf(accounts, user+":"+password)
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && isOneOf(c.Tokens, strings.TrimSpace(token))
}

// isOneOf compares with every secret in full, so that the time tells nothing. Digests make the lengths equal.
func isOneOf(secrets []string, given string) bool {
	digest, match := sha256.Sum256([]byte(given)), 0
	for _, one := range secrets {
		other := sha256.Sum256([]byte(one))
		match |= subtle.ConstantTimeCompare(digest[:], other[:])
	}
	return match == 1
}

// readWriters reads who may write: accounts and tokens, parted by commas in variables, by lines in files.
func (c *Config) readWriters(getenv func(string) string, accountsFile, tokensFile string) error {
	c.Accounts = map[string]string{}
	return errors.Join(
		writers{"TOYBLC_ACCOUNTS", "--accounts-file", accountsFile, c.addAccount}.read(getenv),
		writers{"TOYBLC_TOKENS", "--tokens-file", tokensFile, c.addToken}.read(getenv),
	)
}

func (c *Config) addAccount(pair string) error {
	user, password, ok := strings.Cut(pair, ":")
	if !ok || user == "" || password == "" {
		return errors.New("an entry is not of the form user:password")
	}
	c.Accounts[user] = password
	return nil
}

func (c *Config) addToken(token string) error {
	if len(token) < minToken {
		return fmt.Errorf("a token is shorter than %d bytes", minToken)
	}
	c.Tokens = append(c.Tokens, token)
	return nil
}

// writers are the entries of a variable and of the file that an option names.
type writers struct {
	variable, option, file string
	add                    func(string) error
}

func (w writers) read(getenv func(string) string) error {
	if err := w.addEach(w.variable, strings.Split(getenv(w.variable), ",")); err != nil || w.file == "" {
		return err
	}
	text, err := os.ReadFile(w.file)
	if err != nil {
		return fmt.Errorf("%s: %w", w.option, err)
	}
	return w.addEach(w.option, strings.Split(string(text), "\n"))
}

// addEach names where a fault is, and not what: these are secrets.
func (w writers) addEach(from string, entries []string) error {
	for _, one := range entries {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		if err := w.add(one); err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
	}
	return nil
}
