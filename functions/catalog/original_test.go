package catalog_test

import (
	"slices"
	"testing"

	"onex.io/onex/functions/catalog"
)

// What the original has and this platform does not. A MinerSet is changed by scaling it or through the object API, and
// a Miner is made by its MinerSet.
var left = []string{"GetVersion", "UpdateMinerSet", "CreateMiner", "UpdateMiner", "DeleteMiner"}

func TestEveryNameOfTheOriginalIsOneOperationsOrLeftOut(t *testing.T) {
	gateway := []string{
		"GetVersion", "GetIdempotentToken", "CreateMinerSet", "ListMinerSet", "GetMinerSet", "UpdateMinerSet", "DeleteMinerSet",
		"ScaleMinerSet", "CreateMiner", "ListMiner", "GetMiner", "UpdateMiner", "DeleteMiner",
	}
	userCenter := []string{
		"Login", "Logout", "RefreshToken", "Authenticate", "Authorize", "Auth", "CreateUser", "ListUser", "GetUser", "UpdateUser",
		"UpdatePassword", "DeleteUser", "CreateSecret", "ListSecret", "GetSecret", "UpdateSecret", "DeleteSecret",
	}
	named := map[string]string{}
	for _, o := range catalog.Operations() {
		if o.Original != "" && named[o.Original] != "" {
			t.Errorf("%s and %s are both %s", named[o.Original], o.Name, o.Original)
		}
		named[o.Original] = o.Name
	}
	for service, methods := range map[string][]string{"/gateway.v1.Gateway/": gateway, "/usercenter.v1.UserCenter/": userCenter} {
		for _, method := range methods {
			if has := named[service+method] != ""; has == slices.Contains(left, method) {
				t.Errorf("%s%s: has an operation: %v", service, method, has)
			}
			delete(named, service+method)
		}
	}
	delete(named, "")
	if len(named) > 0 {
		t.Errorf("the original has no %v", named)
	}
}
