#!/bin/sh
# First process of a node's namespaces (processes, mounts, network). Everything the node makes in them - pods, shims, mounts,
# bridges, nftables - ends with this process.
#
# usage: unshare --pid --net --mount --fork --kill-child --mount-proc node-namespace.sh FOLDER CGROUP
set -eu
folder=$1
cgroup=$2

# Kubelet wants mounts that spread to its pods; they spread inside this namespace alone.
mount --make-rshared /

# What kubelet, containerd and the network plugins write at fixed places goes to memory.
mkdir -p /var/lib/kubelet
for place in /run /var/log /var/lib/kubelet; do mount -t tmpfs -o mode=755 node "$place"; done

# Kubelet sets these for the whole machine; it gets copies to write to.
mkdir "$folder/sysctl"
for name in vm/overcommit_memory kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
  copy="$folder/sysctl/$(basename "$name")"
  cat "/proc/sys/$name" >"$copy"
  mount --bind "$copy" "/proc/sys/$name"
done

# Each hierarchy of version 1, or the one of version 2, gets a group for this node's pods.
for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
  [ -f "$hierarchy/cgroup.procs" ] && [ ! -L "$hierarchy" ] || continue
  case $hierarchy in /sys/fs/cgroup/*) [ ! -f /sys/fs/cgroup/cgroup.procs ] || continue ;; esac
  mkdir -p "$hierarchy/$cgroup"
  for file in cpuset.cpus cpuset.mems; do
    if [ -f "$hierarchy/$file" ]; then cat "$hierarchy/$file" >"$hierarchy/$cgroup/$file"; fi
  done
done

ip link set lo up
sysctl -qw net.ipv4.ip_forward=1

: >"$folder/namespace.ready"

# Orphans of the namespace become children of this process, and waiting for any child reaps them.
while :; do
  sleep 3600 &
  wait $!
done
