package manifests

import (
	"regexp"
	"slices"
	"strings"
)

// EveryKey are the keys of the Secret onex-keys that the operation gets, the public ones too.
func (v view) EveryKey() []string {
	return slices.Concat([]string{"ONEX_TOKEN_PUBLIC_KEY", "ONEX_PLATFORM_PUBLIC_KEY"}, v.Keys())
}

// Invoke is what `func invoke` sends.
func (v view) Invoke() string {
	if v.Public || len(v.Routes()) > 0 {
		return "http"
	}
	return "cloudevent"
}

// variable is a part of a route's path that a caller fills in.
var variable = regexp.MustCompile(`\{\w+\}`)

// patternOf is the regular expression of a path with variables.
func patternOf(path string) string {
	fixed := variable.Split(path, -1)
	for i, part := range fixed {
		fixed[i] = regexp.QuoteMeta(part)
	}
	return strings.Join(fixed, "[^/]+")
}
