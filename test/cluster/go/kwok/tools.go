// Package kwok pins the program that plays the kubelets of nodes that are not there.
package kwok

import _ "sigs.k8s.io/kwok/cmd/kwok"
