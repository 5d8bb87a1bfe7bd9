//go:build tools

// The second program of this module: a registry with the referrers API, which is part of crane.
package main

import _ "github.com/google/go-containerregistry/cmd/crane"
