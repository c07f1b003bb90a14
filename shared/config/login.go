package config

import (
	"crypto/ed25519"
	"fmt"
	"time"
)

// mostMemory bounds the cost of one password's hash, in KiB: four at once must fit into a function's pod.
const mostMemory = 48 * 1024

func (c Config) validateLogins() error {
	switch {
	case c.PasswordLanes < 1 || c.PasswordPasses < 1:
		return fmt.Errorf("configuration: ONEX_PASSWORD_PASSES and ONEX_PASSWORD_LANES must be 1 or more")
	case c.PasswordMemory < 8*uint32(c.PasswordLanes) || c.PasswordMemory > mostMemory:
		return fmt.Errorf("configuration: ONEX_PASSWORD_MEMORY must be from 8 KiB for each lane to %d KiB, is %d", mostMemory, c.PasswordMemory)
	case c.LoginFailures < 1 || c.LoginFailuresPerAddress < 1:
		return fmt.Errorf("configuration: ONEX_LOGIN_FAILURES and ONEX_LOGIN_FAILURES_PER_ADDRESS must be 1 or more")
	case c.LoginWindow < time.Second || c.LoginHistory < c.LoginWindow:
		return fmt.Errorf("configuration: ONEX_LOGIN_WINDOW %s must be a second or more, and at most ONEX_LOGIN_HISTORY %s", c.LoginWindow, c.LoginHistory)
	case c.TokenKey.PrivateKey != nil && !c.TokenPublicKeys.Hold(c.TokenKey.Public().(ed25519.PublicKey)):
		return fmt.Errorf("configuration: ONEX_TOKEN_PUBLIC_KEY has not the key that verifies what ONEX_TOKEN_KEY signs")
	}
	return nil
}
