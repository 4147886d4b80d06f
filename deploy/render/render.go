// Package render does what `kubectl kustomize` does, and decodes the result as strictly as the API server would.
package render

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Objects renders the kustomization in a folder. A field that the API's types do not have is an error.
func Objects(fs filesys.FileSystem, folder string) ([]runtime.Object, error) {
	rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(fs, folder)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", folder, err)
	}
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	objects := make([]runtime.Object, 0, rendered.Size())
	for _, resource := range rendered.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", resource.CurId(), err)
		}
		object, _, err := decoder.Decode(text, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %s is not what the API takes: %w", folder, resource.CurId(), err)
		}
		objects = append(objects, object)
	}
	return objects, nil
}
