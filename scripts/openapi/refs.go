package openapi

import "strings"

const schemaPrefix = "#/components/schemas/"

// dropUnused removes the schemas that nothing refers to, such as the parts of types that have been replaced.
func dropUnused(tree map[string]any) {
	schemas, err := schemasOf(tree)
	if err != nil {
		return
	}
	used := map[string]bool{}
	var follow func(node any)
	follow = func(node any) {
		for _, name := range refsOf(node) {
			if !used[name] {
				used[name] = true
				follow(schemas[name])
			}
		}
	}
	follow(tree["paths"])
	follow(tree["components"].(map[string]any)["responses"])
	for name := range schemas {
		if !used[name] {
			delete(schemas, name)
		}
	}
}

// refsOf are the names of the schemas that a node refers to.
func refsOf(node any) []string {
	var names []string
	switch node := node.(type) {
	case map[string]any:
		for key, v := range node {
			if text, ok := v.(string); ok && key == "$ref" {
				if name, ok := strings.CutPrefix(text, schemaPrefix); ok {
					names = append(names, name)
				}
				continue
			}
			names = append(names, refsOf(v)...)
		}
	case []any:
		for _, v := range node {
			names = append(names, refsOf(v)...)
		}
	}
	return names
}
