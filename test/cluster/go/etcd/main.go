// Package main is etcd's server, for machines without a packaged one: the program that go.etcd.io/etcd itself builds from its server module.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
