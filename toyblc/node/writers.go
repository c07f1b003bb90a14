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
		user, password, basic := r.BasicAuth()
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if basic && known(n.cfg.Accounts, user, password) || strings.EqualFold(scheme, "Bearer") && listed(n.cfg.Tokens, strings.TrimSpace(token)) {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="Authorization Required"`)
		writeFault(w, fault.New(fault.Unauthenticated, "UNAUTHORIZED", "The username or password is incorrect"))
	})
}

// known compares with every account in full, so that the time tells nothing. Digests make the lengths equal.
func known(accounts map[string]string, user, password string) bool {
	given, match := digest(user, password), 0
	for u, p := range accounts {
		match |= subtle.ConstantTimeCompare(given, digest(u, p))
	}
	return match == 1
}

// listed compares with every token in full, as known does with accounts.
func listed(tokens []string, token string) bool {
	given, match := digest(token), 0
	for _, t := range tokens {
		match |= subtle.ConstantTimeCompare(given, digest(t))
	}
	return match == 1
}

func digest(parts ...string) (all []byte) {
	for _, part := range parts {
		sum := sha256.Sum256([]byte(part))
		all = append(all, sum[:]...)
	}
	return all
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
