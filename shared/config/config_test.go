package config_test

import (
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
	if c.SignupGift != 1000*money.OX || len(c.Kafka) != 2 || c.BlockInterval != time.Minute {
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
		"ONEX_REWARD_PER_GIGAHASH": "-1", "ONEX_REQUEST_TIMEOUT": "0s", "ONEX_ACCESS_TOKEN_LIFE": "48h", "ONEX_REFRESH_TOKEN_LIFE": "1h",
	} {
		v := vars(t)
		v[name] = value
		if _, err := config.ReadMap(v); err == nil {
			t.Errorf("%s=%s was accepted", name, value)
		}
	}
}

func TestPrivateKeysDoNotPrint(t *testing.T) {
	v := vars(t)
	c, err := config.ReadMap(v)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c.TokenKey), fmt.Sprintf("%v", c.TokenKey)} {
		if !strings.Contains(text, "***") {
			t.Errorf("the key may show in %q", text)
		}
	}
}

func TestTheIntervalIsWholeSeconds(t *testing.T) {
	v := vars(t)
	v["ONEX_BLOCK_INTERVAL"] = "1500ms"
	if _, err := config.ReadMap(v); err == nil || !strings.Contains(err.Error(), "ONEX_BLOCK_INTERVAL") {
		t.Errorf("got %v: a chain counts in seconds, the rest would be dropped silently", err)
	}
}
