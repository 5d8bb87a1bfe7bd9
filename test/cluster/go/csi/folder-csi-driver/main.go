// Program folder-csi-driver is the CSI driver of Headgate's tests, and no driver for data that anybody needs: a volume is a folder of
// this machine, and a snapshot is a copy of it. It speaks the CSI protocol to kubelet and to the real csi-snapshotter, registers itself
// with kubelet, and makes volumes for claims with the library that external-provisioner is built on.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/container-storage-interface/spec/lib/go/csi"
	snapshots "github.com/kubernetes-csi/external-snapshotter/client/v8/clientset/versioned"
	"google.golang.org/grpc"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

const version = "1"

func main() {
	name := flag.String("name", "folders.csi.headgate.test", "name of the driver")
	folder := flag.String("folder", "", "where volumes and snapshots lie")
	socket := flag.String("socket", "", "where kubelet and csi-snapshotter call it")
	plugins := flag.String("plugins", "", "folder that kubelet watches for new plugins")
	node := flag.String("node", "", "name of this node")
	kubeconfig := flag.String("kubeconfig", "", "how the API server is reached")
	isAsked := flag.Bool("version", false, "print the version and end")
	flag.Parse()
	if *isAsked {
		fmt.Println("folder-csi-driver", version)
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	disk := &disk{folder: *folder}
	driver := &driver{name: *name, node: *node, disk: disk}
	if err := disk.prepare(); err != nil {
		log.Fatal(err)
	}
	serve(*socket, func(server *grpc.Server) {
		csi.RegisterIdentityServer(server, driver)
		csi.RegisterControllerServer(server, driver)
		csi.RegisterNodeServer(server, driver)
	})
	serve(filepath.Join(*plugins, *name+"-reg.sock"), func(server *grpc.Server) {
		registration.RegisterRegistrationServer(server, &plugin{name: *name, socket: *socket})
	})
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	maker := &provisioner{driver: driver, snapshots: snapshots.NewForConfigOrDie(config)}
	controller.NewProvisionController(ctx, kubernetes.NewForConfigOrDie(config), *name, maker, controller.LeaderElection(false)).Run(ctx)
}

func serve(socket string, register func(*grpc.Server)) {
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		log.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	register(server)
	go func() { log.Fatal(server.Serve(listener)) }()
}

// plugin is what node-driver-registrar says to kubelet.
type plugin struct {
	registration.UnimplementedRegistrationServer
	name, socket string
}

func (p *plugin) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{
		Type: registration.CSIPlugin, Name: p.name, Endpoint: p.socket, SupportedVersions: []string{"1.0.0"},
	}, nil
}

func (p *plugin) NotifyRegistrationStatus(_ context.Context, status *registration.RegistrationStatus) (*registration.RegistrationStatusResponse, error) {
	if !status.PluginRegistered {
		log.Fatalf("kubelet refuses the driver: %s", status.Error)
	}
	return &registration.RegistrationStatusResponse{}, nil
}
