//go:build tools

// Package tools pins what is built of sops.
package tools

import _ "github.com/getsops/sops/v3/cmd/sops"
