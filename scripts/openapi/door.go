package openapi

import "onex.io/onex/shared/access"

// door is what lets somebody into an operation: any one of the schemes, or nothing at all.
type door struct {
	schemes []string
	open    bool
	remark  string
}

// doors are those of the levels.
func doors() map[access.Level]door {
	return map[access.Level]door{
		access.Anyone:   {open: true},
		access.SignedIn: {schemes: []string{"user"}},
		access.Admin:    {schemes: []string{"user"}, remark: "Only an administrator may."},
		access.Platform: {schemes: []string{"platform"}},
		access.Scaler:   {schemes: []string{"platform"}, remark: "Only the autoscaler of this very MinerSet may."},
		access.LoggedIn: {schemes: []string{"user", "refresh"}},
		access.Renewing: {schemes: []string{"refresh"}},
		access.Openable: {
			schemes: []string{"user", "platform"}, open: true,
			remark: "Only an administrator or a part of the platform may, unless the operator has opened it to anyone.",
		},
	}
}

// keys are the alternatives; an empty one asks for nothing.
func (d door) keys() []map[string][]string {
	all := []map[string][]string{}
	for _, scheme := range d.schemes {
		all = append(all, map[string][]string{scheme: {}})
	}
	if d.open && len(all) > 0 {
		all = append(all, map[string][]string{})
	}
	return all
}
