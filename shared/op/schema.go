package op

import (
	"path"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"onex.io/onex/shared/api/unix"
	"onex.io/onex/shared/money"
)

// registry holds the schemas of requests and replies, as their JSON really is.
func registry() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", schemaName)
	r.RegisterTypeAlias(reflect.TypeFor[money.Amount](), reflect.TypeFor[microOX]())
	r.RegisterTypeAlias(reflect.TypeFor[unix.Time](), reflect.TypeFor[unixSeconds]())
	r.RegisterTypeAlias(reflect.TypeFor[metav1.Time](), reflect.TypeFor[time.Time]())
	return r
}

// How an int64 stands in JSON, where a number is exact to 2^53 only.
const (
	wholeNumber   = "^-?[0-9]+$"
	naturalNumber = "^[0-9]+$"
)

// microOX stands for money.Amount, which need not know what describes it.
type microOX struct{}

// Schema is what money.Amount writes.
func (microOX) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: wholeNumber, Description: "in micro-OX, millionths of one OX"}
}

// unixSeconds stands for unix.Time.
type unixSeconds struct{}

// Schema is what unix.Time reads; it writes the string.
func (unixSeconds) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeString, Pattern: wholeNumber}, {Type: huma.TypeInteger, Format: "int64"}}}
}

// schemaName tells apart types of one name: wallet.Entry is not audit.Entry.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	if t == reflect.TypeFor[problem]() || t.PkgPath() == "" {
		return name
	}
	folder := path.Base(t.PkgPath())
	for _, contract := range []string{"/api/", "/apis/"} {
		if _, below, ok := strings.Cut(t.PkgPath(), contract); ok {
			folder = strings.ReplaceAll(below, "/", ".")
		}
	}
	return folder + "." + name
}

// textNumbers mends the schemas of fields whose tag says ",string", which huma does not read.
func textNumbers(r huma.Registry) {
	for name, s := range r.Map() {
		t := r.TypeFromRef("#/components/schemas/" + name)
		if t == nil || t.Kind() != reflect.Struct {
			continue
		}
		for _, f := range reflect.VisibleFields(t) {
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if p := s.Properties[name]; p != nil && p.Type == huma.TypeInteger && strings.Contains(","+options+",", ",string,") {
				*p = textNumber(p)
			}
		}
	}
}

func textNumber(number *huma.Schema) huma.Schema {
	s := huma.Schema{Type: huma.TypeString, Pattern: wholeNumber, Description: number.Description, Nullable: number.Nullable}
	if number.Minimum != nil && *number.Minimum >= 0 {
		s.Pattern = naturalNumber
	}
	s.PrecomputeMessages()
	return s
}
