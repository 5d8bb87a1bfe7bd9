package main

import (
	"context"
	"os"
	"syscall"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type driver struct {
	csi.UnimplementedIdentityServer
	csi.UnimplementedControllerServer
	csi.UnimplementedNodeServer
	name, node string
	disk       *disk
}

func (d *driver) GetPluginInfo(context.Context, *csi.GetPluginInfoRequest) (*csi.GetPluginInfoResponse, error) {
	return &csi.GetPluginInfoResponse{Name: d.name, VendorVersion: version}, nil
}

func (d *driver) GetPluginCapabilities(context.Context, *csi.GetPluginCapabilitiesRequest) (*csi.GetPluginCapabilitiesResponse, error) {
	service := &csi.PluginCapability_Service_{Service: &csi.PluginCapability_Service{Type: csi.PluginCapability_Service_CONTROLLER_SERVICE}}
	return &csi.GetPluginCapabilitiesResponse{Capabilities: []*csi.PluginCapability{{Type: service}}}, nil
}

func (d *driver) Probe(context.Context, *csi.ProbeRequest) (*csi.ProbeResponse, error) {
	return &csi.ProbeResponse{Ready: wrapperspb.Bool(true)}, nil
}

func (d *driver) ControllerGetCapabilities(context.Context, *csi.ControllerGetCapabilitiesRequest) (*csi.ControllerGetCapabilitiesResponse, error) {
	answer := &csi.ControllerGetCapabilitiesResponse{}
	for _, one := range []csi.ControllerServiceCapability_RPC_Type{
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME,
		csi.ControllerServiceCapability_RPC_CREATE_DELETE_SNAPSHOT,
		csi.ControllerServiceCapability_RPC_LIST_SNAPSHOTS,
	} {
		rpc := &csi.ControllerServiceCapability_Rpc{Rpc: &csi.ControllerServiceCapability_RPC{Type: one}}
		answer.Capabilities = append(answer.Capabilities, &csi.ControllerServiceCapability{Type: rpc})
	}
	return answer, nil
}

func (d *driver) CreateVolume(_ context.Context, request *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	from, bytes := "", request.GetCapacityRange().GetRequiredBytes()
	if id := request.GetVolumeContentSource().GetSnapshot().GetSnapshotId(); id != "" {
		found, err := d.disk.find(copies, id)
		if err != nil || found == nil {
			return nil, status.Errorf(codes.NotFound, "snapshot %s: %v", id, err)
		}
		if bytes < found.Bytes {
			return nil, status.Errorf(codes.OutOfRange, "%d bytes are less than the %d of snapshot %s", bytes, found.Bytes, id)
		}
		from = d.disk.path(copies, id)
	}
	made, err := d.disk.add(volumes, facts{ID: request.Name, Bytes: bytes}, from)
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	volume := &csi.Volume{VolumeId: made.ID, CapacityBytes: made.Bytes, ContentSource: request.VolumeContentSource}
	return &csi.CreateVolumeResponse{Volume: volume}, nil
}

func (d *driver) DeleteVolume(_ context.Context, request *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	return &csi.DeleteVolumeResponse{}, d.disk.remove(volumes, request.VolumeId)
}

func (d *driver) CreateSnapshot(_ context.Context, request *csi.CreateSnapshotRequest) (*csi.CreateSnapshotResponse, error) {
	source, err := d.disk.find(volumes, request.SourceVolumeId)
	if err != nil || source == nil {
		return nil, status.Errorf(codes.NotFound, "volume %s: %v", request.SourceVolumeId, err)
	}
	made, err := d.disk.add(copies, facts{ID: request.Name, Source: source.ID, Bytes: source.Bytes}, d.disk.path(volumes, source.ID))
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.CreateSnapshotResponse{Snapshot: say(made)}, nil
}

func (d *driver) DeleteSnapshot(_ context.Context, request *csi.DeleteSnapshotRequest) (*csi.DeleteSnapshotResponse, error) {
	return &csi.DeleteSnapshotResponse{}, d.disk.remove(copies, request.SnapshotId)
}

// ListSnapshots is only asked for one by its id.
func (d *driver) ListSnapshots(_ context.Context, request *csi.ListSnapshotsRequest) (*csi.ListSnapshotsResponse, error) {
	found, err := d.disk.find(copies, request.SnapshotId)
	if err != nil || found == nil {
		return &csi.ListSnapshotsResponse{}, err
	}
	return &csi.ListSnapshotsResponse{Entries: []*csi.ListSnapshotsResponse_Entry{{Snapshot: say(found)}}}, nil
}

func say(made *facts) *csi.Snapshot {
	return &csi.Snapshot{
		SnapshotId: made.ID, SourceVolumeId: made.Source, SizeBytes: made.Bytes, ReadyToUse: true, CreationTime: timestamppb.New(made.MadeAt),
	}
}

func (d *driver) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	return &csi.NodeGetInfoResponse{NodeId: d.node}, nil
}

func (d *driver) NodeGetCapabilities(context.Context, *csi.NodeGetCapabilitiesRequest) (*csi.NodeGetCapabilitiesResponse, error) {
	return &csi.NodeGetCapabilitiesResponse{}, nil
}

func (d *driver) NodePublishVolume(_ context.Context, request *csi.NodePublishVolumeRequest) (*csi.NodePublishVolumeResponse, error) {
	found, err := d.disk.find(volumes, request.VolumeId)
	if err != nil || found == nil {
		return nil, status.Errorf(codes.NotFound, "volume %s: %v", request.VolumeId, err)
	}
	if err := os.Mkdir(request.TargetPath, 0o755); err != nil {
		// Kubelet asks again after a restart; what is mounted stays.
		return &csi.NodePublishVolumeResponse{}, ignoreExisting(err)
	}
	if err := syscall.Mount(d.disk.path(volumes, found.ID), request.TargetPath, "", syscall.MS_BIND, ""); err != nil {
		return nil, status.Errorf(codes.Internal, "mount %s: %v", request.TargetPath, err)
	}
	return &csi.NodePublishVolumeResponse{}, nil
}

func ignoreExisting(err error) error {
	if os.IsExist(err) {
		return nil
	}
	return err
}

func (d *driver) NodeUnpublishVolume(_ context.Context, request *csi.NodeUnpublishVolumeRequest) (*csi.NodeUnpublishVolumeResponse, error) {
	if err := syscall.Unmount(request.TargetPath, 0); err != nil && err != syscall.EINVAL && err != syscall.ENOENT {
		return nil, status.Errorf(codes.Internal, "unmount %s: %v", request.TargetPath, err)
	}
	if err := os.Remove(request.TargetPath); err != nil && !os.IsNotExist(err) {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &csi.NodeUnpublishVolumeResponse{}, nil
}
