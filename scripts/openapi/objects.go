package openapi

import (
	"errors"
	"fmt"
	"io/fs"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// objectSchemas is where the kinds of the object API stand among the schemas.
const objectSchemas = "apps.v1beta1."

// putObjects puts the definitions of the objects in the place of what their Go types show: whoever reads the
// document meets the rules that the object API judges by.
func putObjects(tree map[string]any, crds fs.FS) error {
	schemas, err := schemasOf(tree)
	if err != nil {
		return err
	}
	files, err := fs.Glob(crds, "*_*.yaml")
	if err != nil || len(files) == 0 {
		return fmt.Errorf("openapi: no definitions of objects were found: %w", err)
	}
	for _, file := range files {
		kind, schema, err := definition(crds, file)
		if err != nil {
			return fmt.Errorf("openapi: %s: %w", file, err)
		}
		schemas[objectSchemas+kind], schemas[objectSchemas+kind+"List"] = schema, listOf(kind) // what is not used is dropped
	}
	schemas[metaSchema] = metadata()
	return nil
}

// metaSchema is the metadata of every object.
const metaSchema = "meta.v1.ObjectMeta"

func schemasOf(tree map[string]any) (map[string]any, error) {
	components, _ := tree["components"].(map[string]any)
	schemas, ok := components["schemas"].(map[string]any)
	if !ok {
		return nil, errors.New("openapi: no operation has a schema")
	}
	return schemas, nil
}

func definition(crds fs.FS, file string) (kind string, schema map[string]any, err error) {
	text, err := fs.ReadFile(crds, file)
	if err != nil {
		return "", nil, err
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(text, &crd); err != nil {
		return "", nil, err
	}
	var raw struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					OpenAPIV3Schema map[string]any `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(text, &raw); err != nil {
		return "", nil, err
	}
	if len(raw.Spec.Versions) != 1 {
		return "", nil, fmt.Errorf("%d versions", len(raw.Spec.Versions))
	}
	schema = raw.Spec.Versions[0].Schema.OpenAPIV3Schema
	properties, ok := schema["properties"].(map[string]any)
	if !ok {
		return "", nil, errors.New("a definition without properties")
	}
	properties["metadata"] = ref(metaSchema)
	return crd.Spec.Names.Kind, schema, nil
}

func ref(schema string) map[string]any {
	return map[string]any{"$ref": schemaPrefix + schema}
}

func listOf(kind string) map[string]any {
	text := map[string]any{"type": "string"}
	return map[string]any{"type": "object", "required": []string{"items"}, "properties": map[string]any{
		"apiVersion": text, "kind": text,
		"metadata": map[string]any{"type": "object", "properties": map[string]any{"continue": text, "resourceVersion": text}},
		"items":    map[string]any{"type": []string{"array", "null"}, "items": ref(objectSchemas + kind)},
	}}
}

// metadata is what a caller says of an object, or learns. The rest of Kubernetes' own is left to Kubernetes.
func metadata() map[string]any {
	text, words := map[string]any{"type": "string"}, map[string]any{"type": "object", "additionalProperties": map[string]any{"type": "string"}}
	moment := map[string]any{"type": []string{"string", "null"}, "format": "date-time"}
	return map[string]any{"type": "object", "description": "Metadata of a Kubernetes object.", "properties": map[string]any{
		"name": text, "namespace": text, "uid": text, "resourceVersion": text, "labels": words, "annotations": words,
		"generation":        map[string]any{"type": "integer", "format": "int64"},
		"creationTimestamp": moment, "deletionTimestamp": moment,
	}}
}
