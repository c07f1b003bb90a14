package sdk

import (
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
)

// functions is where types live that the SDK may not import.
const functions = "onex.io/onex/functions/"

// typeText is a type as Go source, importing what it needs. A type that an operation keeps in its own file is declared
// anew.
func (f *file) typeText(t reflect.Type) (string, error) {
	switch {
	case strings.Contains(t.Name(), "["):
		return "", fmt.Errorf("%s is generic", t)
	case strings.HasPrefix(t.PkgPath(), functions):
		name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
		if other, taken := f.types[name]; taken && other != t {
			return "", fmt.Errorf("%s and %s have the same name", t, other)
		}
		f.types[name] = t
		return name, nil
	case t.PkgPath() != "":
		return f.importedAs(t.PkgPath()) + "." + t.Name(), nil
	case t.Name() != "":
		return t.Name(), nil
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		text, err := f.typeText(t.Elem())
		return map[reflect.Kind]string{reflect.Pointer: "*", reflect.Slice: "[]"}[t.Kind()] + text, err
	case reflect.Map:
		key, err := f.typeText(t.Key())
		if err != nil {
			return "", err
		}
		element, err := f.typeText(t.Elem())
		return "map[" + key + "]" + element, err
	case reflect.Struct:
		return f.structText(t)
	}
	return "", fmt.Errorf("%s has no name", t)
}

// importedAs is the name that a package goes by; v1 alone says nothing, so meta/v1 is metav1.
func (f *file) importedAs(p string) string {
	name := path.Base(p)
	if name == "v1" {
		name = path.Base(path.Dir(p)) + name
	}
	f.imports[p] = name
	return name
}

func (f *file) structText(t reflect.Type) (string, error) {
	var text strings.Builder
	text.WriteString("struct {\n")
	for i := range t.NumField() {
		field := t.Field(i)
		fieldType, err := f.typeText(field.Type)
		if err != nil {
			return "", err
		}
		if !field.Anonymous {
			text.WriteString(field.Name + " ")
		}
		text.WriteString(fieldType)
		if field.Tag != "" {
			text.WriteString(" `" + string(field.Tag) + "`")
		}
		text.WriteString("\n")
	}
	return text.String() + "}", nil
}

// declarations declares the operations' own types. One may bring in the next.
func (f *file) declarations() (string, error) {
	declared := map[string]string{}
	for len(declared) < len(f.types) {
		for _, name := range slices.Sorted(maps.Keys(f.types)) {
			if declared[name] != "" {
				continue
			}
			t := f.types[name]
			if t.Kind() != reflect.Struct {
				return "", fmt.Errorf("%s is no struct: move it to shared/api", t)
			}
			text, err := f.structText(t)
			if err != nil {
				return "", err
			}
			declared[name] = fmt.Sprintf("// %s is of the operation's own contract.\ntype %s %s\n\n", name, name, text)
		}
	}
	var all strings.Builder
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		all.WriteString(declared[name])
	}
	return all.String(), nil
}
