package check

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"onex.io/onex/functions/catalog"
	"onex.io/onex/shared/client"
	"onex.io/onex/shared/op"
)

// notCalls are the methods of the SDK's client that call nothing.
var notCalls = map[string]bool{"WithToken": true}

// TestTheSDKCoversEveryOperation calls every method of the SDK and sees which operation it would have reached.
func TestTheSDKCoversEveryOperation(t *testing.T) {
	var reached string
	router := http.NewServeMux()
	for _, o := range catalog.Operations() {
		if in, _ := o.Handler.Types(); in == nil {
			continue
		}
		for _, r := range o.Routes() {
			router.HandleFunc(r.Method+" "+r.Path, func(w http.ResponseWriter, _ *http.Request) {
				reached = o.Name
				fmt.Fprint(w, "{}")
			})
		}
	}
	platform := httptest.NewServer(router)
	defer platform.Close()

	covered := map[string]string{}
	sdk := reflect.ValueOf(client.New(platform.URL, client.Options{}))
	for i := range sdk.NumMethod() {
		name := sdk.Type().Method(i).Name
		if notCalls[name] {
			continue
		}
		reached = ""
		call(t, sdk.Method(i))
		if reached == "" {
			t.Errorf("the SDK's %s reaches no operation", name)
		}
		covered[reached] = name
	}
	for _, o := range catalog.Operations() {
		if in, _ := o.Handler.Types(); in != nil && covered[o.Name] == "" {
			t.Errorf("the SDK has no method for %s: %s", o.Name, routesText(o))
		}
	}
}

// call calls a method with something in every argument: an empty name would leave a path that no route has.
func call(t *testing.T, method reflect.Value) {
	t.Helper()
	var in []reflect.Value
	for i := range method.Type().NumIn() {
		argument := method.Type().In(i)
		if argument == reflect.TypeFor[context.Context]() {
			in = append(in, reflect.ValueOf(t.Context()))
			continue
		}
		v := reflect.New(argument).Elem()
		fill(v, 0)
		in = append(in, v)
	}
	if method.Type().IsVariadic() {
		method.CallSlice(in)
		return
	}
	method.Call(in)
}

// fill puts something into every text and number, to a depth that requests do not go beyond.
func fill(v reflect.Value, depth int) {
	switch {
	case depth > 4 || !v.CanSet():
	case v.Kind() == reflect.String:
		v.SetString("a")
	case v.CanInt():
		v.SetInt(1)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	}
}

func routesText(o op.Operation) string {
	var all []string
	for _, r := range o.Routes() {
		all = append(all, r.Method+" "+r.Path)
	}
	return strings.Join(all, ", ")
}
