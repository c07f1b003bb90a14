// Package install brings the platform's own kinds, and the rules about them, onto an API server, from the manifests
// that a cluster gets.
package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	sigsyaml "sigs.k8s.io/yaml"
)

// Installer applies manifests as kubectl does, and overwrites what others have changed.
type Installer struct{ client dynamic.Interface }

// New makes an Installer for an API server.
func New(config *rest.Config) (*Installer, error) {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	return &Installer{client}, nil
}

// The waits for what the API server takes a moment to notice.
const (
	lookEvery = 50 * time.Millisecond
	patience  = 30 * time.Second
)

// resourceOf is the path of a kind that is installed.
func resourceOf(kind schema.GroupVersionKind) (schema.GroupVersionResource, error) {
	resources := map[string]string{
		"Namespace": "namespaces", "ConfigMap": "configmaps", "CustomResourceDefinition": "customresourcedefinitions",
		"ValidatingAdmissionPolicy": "validatingadmissionpolicies", "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
	}
	resource, known := resources[kind.Kind]
	if !known {
		return schema.GroupVersionResource{}, fmt.Errorf("nobody installs a %s", kind)
	}
	return kind.GroupVersion().WithResource(resource), nil
}

func (i *Installer) resource(o *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	resource, err := resourceOf(o.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	if o.GetNamespace() == "" {
		return i.client.Resource(resource), nil
	}
	return i.client.Resource(resource).Namespace(o.GetNamespace()), nil
}

func (i *Installer) apply(ctx context.Context, o *unstructured.Unstructured) error {
	objects, err := i.resource(o)
	if err != nil {
		return err
	}
	body, err := o.MarshalJSON()
	if err != nil {
		return fmt.Errorf("apply %q: %w", o.GetName(), err)
	}
	force := true
	if _, err := objects.Patch(ctx, o.GetName(), types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: "onex", Force: &force}); err != nil {
		return fmt.Errorf("apply %s %q: %w", o.GetKind(), o.GetName(), err)
	}
	return nil
}

// read gives the objects of all files in a folder that a pattern matches.
func read(folder, pattern string) ([]*unstructured.Unstructured, error) {
	files, err := filepath.Glob(filepath.Join(folder, pattern))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, fmt.Errorf("nothing to install in %q", folder))
	}
	var all []*unstructured.Unstructured
	for _, file := range files {
		if filepath.Base(file) == "kustomization.yaml" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("manifest: %w", err)
		}
		objects, err := documents(text)
		if err != nil {
			return nil, fmt.Errorf("manifest %q: %w", file, err)
		}
		all = append(all, objects...)
	}
	return all, nil
}

func documents(text []byte) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	separated := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(text)))
	defer separated.Close()
	part := make([]byte, len(text)+1)
	for {
		n, err := separated.Read(part)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		o := &unstructured.Unstructured{}
		if err := sigsyaml.Unmarshal(part[:n], &o.Object); err != nil {
			return nil, err
		}
		if len(o.Object) > 0 {
			all = append(all, o)
		}
	}
}
