//go:build tools

// Package gitea pins the forge of the test cluster.
package gitea

import _ "code.gitea.io/gitea"
