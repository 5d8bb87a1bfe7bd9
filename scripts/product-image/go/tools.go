//go:build tools

// Package image pins helm and kubectl for images of an architecture that no package carries them for.
package image

import (
	_ "helm.sh/helm/v4/cmd/helm"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
