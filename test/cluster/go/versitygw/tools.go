//go:build tools

// Package tools pins what is built of versitygw.
package tools

import _ "github.com/versity/versitygw/cmd/versitygw"
