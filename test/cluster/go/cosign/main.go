// Package main is cosign without the plugins for the key services of clouds, which no test uses and which take long to compile.
package main

import (
	"log"
	"os"

	"github.com/sigstore/cosign/v3/cmd/cosign/cli"
)

func main() {
	log.SetFlags(0)
	if err := cli.New().Execute(); err != nil {
		log.Print(err)
		os.Exit(1)
	}
}
