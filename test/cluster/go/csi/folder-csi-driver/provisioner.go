package main

import (
	"context"
	"fmt"

	"github.com/container-storage-interface/spec/lib/go/csi"
	snapshots "github.com/kubernetes-csi/external-snapshotter/client/v8/clientset/versioned"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// provisioner does for this driver what external-provisioner does: it makes a volume for a claim, empty or of a snapshot.
type provisioner struct {
	driver    *driver
	snapshots snapshots.Interface
}

func (p *provisioner) Provision(ctx context.Context, options controller.ProvisionOptions) (*core.PersistentVolume, controller.ProvisioningState, error) {
	claim := options.PVC
	request := &csi.CreateVolumeRequest{
		Name:          options.PVName,
		CapacityRange: &csi.CapacityRange{RequiredBytes: claim.Spec.Resources.Requests.Storage().Value()},
	}
	if source := claim.Spec.DataSource; source != nil {
		id, err := p.handleOf(ctx, claim.Namespace, source)
		if err != nil {
			return nil, controller.ProvisioningFinished, err
		}
		snapshot := &csi.VolumeContentSource_Snapshot{Snapshot: &csi.VolumeContentSource_SnapshotSource{SnapshotId: id}}
		request.VolumeContentSource = &csi.VolumeContentSource{Type: snapshot}
	}
	made, err := p.driver.CreateVolume(ctx, request)
	if err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	size := *resource.NewQuantity(made.Volume.CapacityBytes, resource.BinarySI)
	return &core.PersistentVolume{
		ObjectMeta: meta.ObjectMeta{Name: options.PVName},
		Spec: core.PersistentVolumeSpec{
			AccessModes:                   claim.Spec.AccessModes,
			Capacity:                      core.ResourceList{core.ResourceStorage: size},
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			StorageClassName:              options.StorageClass.Name,
			VolumeMode:                    claim.Spec.VolumeMode,
			PersistentVolumeSource: core.PersistentVolumeSource{
				CSI: &core.CSIPersistentVolumeSource{Driver: p.driver.name, VolumeHandle: made.Volume.VolumeId},
			},
		},
	}, controller.ProvisioningFinished, nil
}

func (p *provisioner) handleOf(ctx context.Context, namespace string, source *core.TypedLocalObjectReference) (string, error) {
	if source.Kind != "VolumeSnapshot" {
		return "", fmt.Errorf("a claim from %s %s is not supported", source.Kind, source.Name)
	}
	api := p.snapshots.SnapshotV1()
	snapshot, err := api.VolumeSnapshots(namespace).Get(ctx, source.Name, meta.GetOptions{})
	if err != nil {
		return "", err
	}
	if status := snapshot.Status; status == nil || status.ReadyToUse == nil || !*status.ReadyToUse || status.BoundVolumeSnapshotContentName == nil {
		return "", fmt.Errorf("VolumeSnapshot %s is not ready", source.Name)
	}
	content, err := api.VolumeSnapshotContents().Get(ctx, *snapshot.Status.BoundVolumeSnapshotContentName, meta.GetOptions{})
	if err != nil {
		return "", err
	}
	if content.Status == nil || content.Status.SnapshotHandle == nil {
		return "", fmt.Errorf("VolumeSnapshotContent %s has no handle yet", content.Name)
	}
	return *content.Status.SnapshotHandle, nil
}

func (p *provisioner) Delete(ctx context.Context, volume *core.PersistentVolume) error {
	if volume.Spec.CSI == nil || volume.Spec.CSI.Driver != p.driver.name {
		return &controller.IgnoredError{Reason: "it is a volume of another driver"}
	}
	_, err := p.driver.DeleteVolume(ctx, &csi.DeleteVolumeRequest{VolumeId: volume.Spec.CSI.VolumeHandle})
	return err
}
