package config_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"onex.io/onex/shared/config"
	"onex.io/onex/shared/money"
)

func vars(t *testing.T) map[string]string {
	t.Helper()
	keys, err := config.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(keys, map[string]string{"ONEX_MONGO": "mongodb://m/", "ONEX_REDIS": "r:1", "ONEX_KAFKA": "a:1,b:2"})
	return keys
}

func TestDefaultsAreTheProductsPromises(t *testing.T) {
	c, err := config.ReadMap(vars(t))
	if err != nil {
		t.Fatal(err)
	}
	if c.SignupGift != 1000*money.OX || len(c.Kafka) != 2 || c.BlockInterval != time.Minute || c.OpenAuthenticate {
		t.Errorf("got gift %s, kafka %v, interval %s", c.SignupGift, c.Kafka, c.BlockInterval)
	}
	if _, ok := c.MinerTypes.Get("S1.SMALL1"); !ok {
		t.Error("the built-in price list is missing")
	}
}

func TestEveryMistakeIsReportedByTheNameOfItsVariable(t *testing.T) {
	v := vars(t)
	delete(v, "ONEX_MONGO")
	delete(v, "ONEX_REDIS")
	v["ONEX_BLOCK_INTERVAL"] = "soon"
	_, err := config.ReadMap(v)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, name := range []string{"ONEX_MONGO", "ONEX_REDIS", "BlockInterval"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%q is not named in %q", name, err)
		}
	}
}

func TestRulesAcrossValues(t *testing.T) {
	for name, value := range map[string]string{
		"ONEX_CONFIRMATIONS": "-1", "ONEX_SIGNUP_GIFT": "-5", "ONEX_BLOCK_INTERVAL": "10ms", "ONEX_TOKEN_PUBLIC_KEY": "zzz",
		"ONEX_REWARD_PER_GIGAHASH": "-1", "ONEX_REQUEST_TIMEOUT": "0s", "ONEX_ACCESS_TOKEN_LIFE": "48h", "ONEX_SECRETS_KEY": "c2hvcnQ=",
		"ONEX_OPEN_AUTHENTICATE": "perhaps", "ONEX_MINERS_PER_USER": "-1", "ONEX_HASHES_PER_SECOND": "-1", "ONEX_REFRESH_TOKEN_LIFE": "1h",
		"ONEX_PASSWORD_MEMORY": "4", "ONEX_PASSWORD_PASSES": "0", "ONEX_PASSWORD_LANES": "0", "ONEX_LOGIN_FAILURES": "0",
		"ONEX_LOGIN_FAILURES_PER_ADDRESS": "-1", "ONEX_LOGIN_WINDOW": "0s", "ONEX_LOGIN_HISTORY": "1m",
	} {
		v := vars(t)
		v[name] = value
		if _, err := config.ReadMap(v); err == nil {
			t.Errorf("%s=%s was accepted", name, value)
		}
	}
}

func TestAKeyThatSignsIsAmongThoseThatVerify(t *testing.T) {
	other, err := config.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	base := vars(t)
	own := base["ONEX_TOKEN_PUBLIC_KEY"]
	for name, row := range map[string]struct {
		keys string
		many int // 0: refused
	}{
		"its own":        {own, 1},
		"and one before": {own + "," + other["ONEX_TOKEN_PUBLIC_KEY"], 2},
		"after the next": {other["ONEX_TOKEN_PUBLIC_KEY"] + ", " + own, 2},
		"another's":      {other["ONEX_TOKEN_PUBLIC_KEY"], 0},
		"none after it":  {own + ",", 0},
	} {
		keys := maps.Clone(base)
		keys["ONEX_TOKEN_PUBLIC_KEY"] = row.keys
		c, err := config.ReadMap(keys)
		if (err == nil) != (row.many > 0) || err == nil && len(c.TokenPublicKeys.Keys) != row.many {
			t.Errorf("%s: %d keys, %v", name, len(c.TokenPublicKeys.Keys), err)
		}
	}
}

func TestKafkaIsEnteredInOneOfTheKnownWays(t *testing.T) {
	for name, row := range map[string]struct {
		set  map[string]string
		want string // in the error; empty for none
	}{
		"without a log-in":                 {map[string]string{}, ""},
		"a challenge":                      {map[string]string{"ONEX_KAFKA_SASL": "SCRAM-SHA-512", "ONEX_KAFKA_USERNAME": "u", "ONEX_KAFKA_PASSWORD": "p"}, ""},
		"an encrypted password":            {map[string]string{"ONEX_KAFKA_SASL": "PLAIN", "ONEX_KAFKA_USERNAME": "u", "ONEX_KAFKA_PASSWORD": "p", "ONEX_KAFKA_TLS": "true"}, ""},
		"a password that anybody can read": {map[string]string{"ONEX_KAFKA_SASL": "PLAIN", "ONEX_KAFKA_USERNAME": "u", "ONEX_KAFKA_PASSWORD": "p"}, "ONEX_KAFKA_TLS"},
		"a way that nobody knows":          {map[string]string{"ONEX_KAFKA_SASL": "scram", "ONEX_KAFKA_USERNAME": "u", "ONEX_KAFKA_PASSWORD": "p"}, "ONEX_KAFKA_SASL"},
		"no password":                      {map[string]string{"ONEX_KAFKA_SASL": "SCRAM-SHA-256", "ONEX_KAFKA_USERNAME": "u"}, "ONEX_KAFKA_PASSWORD"},
		"trust in what is not asked":       {map[string]string{"ONEX_KAFKA_CA": "x"}, "ONEX_KAFKA_CA"},
	} {
		v := vars(t)
		maps.Copy(v, row.set)
		_, err := config.ReadMap(v)
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}

func TestPrivateKeysDoNotPrint(t *testing.T) {
	v := vars(t)
	c, err := config.ReadMap(v)
	if err != nil {
		t.Fatal(err)
	}
	password, err := json.Marshal(c.AdminPassword)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c.TokenKey), fmt.Sprintf("%v", c.TokenKey), string(password),
		fmt.Sprintf("%#v", c.SecretsKey), fmt.Sprintf("%x", c.SecretsKey), fmt.Sprintf("%#v", c.AdminPassword), fmt.Sprint(c.AdminPassword),
	} {
		if !strings.Contains(text, "***") && !strings.Contains(text, fmt.Sprintf("%x", "***")) || strings.Contains(text, v["ONEX_ADMIN_PASSWORD"]) {
			t.Errorf("the key may show in %q", text)
		}
	}
}

func TestKeysThatAreThereStayAndTheMissingAreAdded(t *testing.T) {
	old, err := config.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	delete(old, "ONEX_SECRETS_KEY")
	delete(old, "ONEX_ADMIN_PASSWORD")
	all, err := config.CompleteKeys(old)
	if err != nil {
		t.Fatal(err)
	}
	if all["ONEX_SECRETS_KEY"] == "" || len(all["ONEX_ADMIN_PASSWORD"]) < 20 {
		t.Errorf("still missing: %v", all)
	}
	for name, key := range old {
		if all[name] != key {
			t.Errorf("%s was replaced", name)
		}
	}
	again, err := config.CompleteKeys(all)
	if err != nil || !maps.Equal(again, all) {
		t.Errorf("keys that were complete have changed: %v", err)
	}
}

func TestTheIntervalIsWholeSeconds(t *testing.T) {
	v := vars(t)
	v["ONEX_BLOCK_INTERVAL"] = "1500ms"
	if _, err := config.ReadMap(v); err == nil || !strings.Contains(err.Error(), "ONEX_BLOCK_INTERVAL") {
		t.Errorf("got %v: a chain counts in seconds, the rest would be dropped silently", err)
	}
}
