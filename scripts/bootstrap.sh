#!/usr/bin/env bash
# Makes this machine ready for one level of work and then runs a command with the right Node in front of PATH.
#
# usage: scripts/bootstrap.sh check|docs|server|node|browser COMMAND [ARGUMENT...]
#
# check    Node and the locked npm packages
# docs     also the packages that build the documentation
# server   also etcd, git, ssh, a registry and Prometheus, for tests against a real API server
# node     also what a real Kubernetes node with pods needs (root)
# browser  also Chromium and the packages of the documentation, for tests of the pages
#
# What is there in the right version is used. Where root or apt is missing, HEADGATE_SKIP_NODE and HEADGATE_SKIP_BROWSER are exported with
# the reason, so that the test run can skip that level loudly; with CI=true a skip is a failure.
set -euo pipefail

readonly node_minimum=24.15.0
readonly node_fallback=24.21.0
readonly server_packages=(ca-certificates etcd-server docker-registry git gnupg jq openssh-client openssh-server openssl prometheus prometheus-alertmanager python3-venv)
readonly node_packages=(containerd runc containernetworking-plugins nftables conntrack busybox-static iproute2 procps util-linux unzip
  postgresql)
readonly browser_packages=(chromium fonts-dejavu-core)

level=$1
shift
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export HEADGATE_CACHE=${HEADGATE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/headgate}
started=$SECONDS

say() { printf 'bootstrap: %s\n' "$*"; }

# With the certificates that the machine trusts: a Node that came as a package does not read the npmrc of the system, which may name them.
npm() { NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt} command npm "$@"; }

# Runs a long command quietly: a line every ten seconds, its output only when it ends badly.
quietly() {
  local label=$1 begin=$SECONDS output pid code=0
  shift
  output=$(mktemp)
  "$@" >"$output" 2>&1 </dev/null &
  pid=$!
  # An interrupted run must not leave the installer behind.
  trap 'kill "$pid" 2>/dev/null || true; rm -f "$output"; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if ((SECONDS - begin >= 10 && (SECONDS - begin) % 10 == 0)) && ((SECONDS != ${last_line:-0})); then
      last_line=$SECONDS
      say "$label: $((SECONDS - begin)) s"
    fi
  done
  wait "$pid" || code=$?
  trap - INT TERM
  if ((code != 0)); then
    tail -n 40 "$output" >&2
    say "$label: exit $code after $((SECONDS - begin)) s" >&2
  else
    say "$label: done in $((SECONDS - begin)) s"
  fi
  rm -f "$output"
  return "$code"
}

at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

use_node() {
  local found folder=$HEADGATE_CACHE/node-$node_fallback
  found=$(node --version 2>/dev/null || true)
  found=${found#v}
  if [ -n "$found" ] && at_least "$found" "$node_minimum"; then return; fi
  if [ ! -x "$folder/node_modules/node/bin/node" ]; then
    say "Node ${found:-is missing}; at least $node_minimum is needed: installing the npm package node@$node_fallback in $folder"
    mkdir -p "$folder"
    quietly "npm install node@$node_fallback" npm install --no-save --no-audit --no-fund --prefix "$folder" "node@$node_fallback"
  fi
  export PATH=$folder/node_modules/node/bin:$PATH
}

# npm writes node_modules/.package-lock.json at the end of an installation, so its age tells whether the last one finished.
use_packages() {
  local mark=$root/node_modules/.package-lock.json
  if [ -f "$mark" ] && [ ! "$root/package-lock.json" -nt "$mark" ]; then return; fi
  quietly 'install npm packages' install_locked
  touch "$mark"
}

# A project of its own: whoever works on the product does not need 270 packages more.
use_site_packages() {
  local mark=$root/site/node_modules/.package-lock.json
  if [ -f "$mark" ] && [ ! "$root/site/package-lock.json" -nt "$mark" ]; then return; fi
  quietly 'install npm packages of the documentation' npm ci --prefix "$root/site" --no-audit --no-fund
  touch "$mark"
}

# Platform packages (@biomejs/cli-win32-x64 and the like) that a registry lacks at one time and has at another make `npm ci` take the
# lockfile for one out of step. As long as it names what package.json names, `npm install --no-save` installs the same locked versions
# and writes no lockfile.
install_locked() {
  local log code=0
  log=$(mktemp)
  cd "$root"
  npm ci --no-audit --no-fund 2>&1 | tee "$log" || code=$?
  if ((code != 0)) && grep -q 'Missing: .* from lock file' "$log" && ! grep -q 'Invalid: ' "$log" && lock_names_packages; then
    code=0
    npm install --no-save --no-audit --no-fund || code=$?
  fi
  rm -f "$log"
  return "$code"
}

lock_names_packages() {
  node -e '
    const { readFileSync } = require("node:fs");
    const { isDeepStrictEqual } = require("node:util");
    const wanted = JSON.parse(readFileSync("package.json", "utf8"));
    const locked = JSON.parse(readFileSync("package-lock.json", "utf8")).packages[""];
    const direct = ({ dependencies, devDependencies }) => [dependencies, devDependencies];
    process.exitCode = isDeepStrictEqual(direct(wanted), direct(locked)) ? 0 : 1;
  '
}

# Prints those of the given Debian packages that are not installed.
missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || printf '%s ' "$package"
  done
}

# Installs Debian packages without letting any of them start its service: the tests run their own on their own ports.
install_packages() {
  local policy=/usr/sbin/policy-rc.d own_policy=0 code=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    own_policy=1
  fi
  export DEBIAN_FRONTEND=noninteractive
  quietly 'apt-get update' apt-get update &&
    quietly "apt-get install $*" apt-get install -y --no-install-recommends "$@" || code=$?
  if ((own_policy)); then rm -f "$policy"; fi
  # A service that is enabled would start at the next boot and take the ports.
  if [ -d /run/systemd/system ]; then
    systemctl disable --now etcd docker-registry prometheus prometheus-alertmanager postgresql >/dev/null 2>&1 || true
    # Somebody's own ssh service, which was there before, is left alone.
    if [[ " $* " == *' openssh-server '* ]]; then systemctl disable --now ssh >/dev/null 2>&1 || true; fi
  fi
  return "$code"
}

# Says in one line why the packages cannot be had; nothing when all are there now.
ensure_packages() {
  local missing
  read -ra missing <<<"$(missing_packages "$@")"
  ((${#missing[@]})) || return 0
  if ! command -v apt-get >/dev/null; then
    echo "apt-get is missing, so these cannot be installed: ${missing[*]}"
  elif [ "$(id -u)" != 0 ]; then
    echo "only root can install: ${missing[*]} (sudo apt-get install --no-install-recommends ${missing[*]})"
  elif ! install_packages "${missing[@]}" >&2; then
    echo "apt-get could not install: ${missing[*]}"
  fi
}

# Without them the tests that need one fail and say so; etcd alone can be built from its Go module.
prepare_server() {
  local reason
  reason=$(ensure_packages "${server_packages[@]}")
  if [ -n "$reason" ]; then say "not installed: $reason" >&2; fi
}

prepare_node() {
  local reason=''
  if [ "$(uname -s)" != Linux ]; then
    reason="a node needs Linux, this is $(uname -s)"
  elif [ "$(id -u)" != 0 ]; then
    reason='a node needs root: namespaces, mounts and network devices'
  fi
  if [ -n "$reason" ]; then
    prepare_server
  else
    reason=$(ensure_packages "${server_packages[@]}" "${node_packages[@]}")
  fi
  if [ -n "$reason" ]; then
    export HEADGATE_SKIP_NODE=$reason
    say "the node level is not available: $reason" >&2
  fi
}

prepare_browser() {
  local reason
  prepare_node
  reason=$(ensure_packages "${browser_packages[@]}")
  if [ -n "$reason" ]; then
    export HEADGATE_SKIP_BROWSER=$reason
    say "there is no browser: $reason" >&2
  fi
}

# Tools of administrators are not in everyone's PATH, nor is Go where its own archive is unpacked as go.dev says.
export PATH=$PATH:/usr/sbin:/sbin:/usr/local/go/bin
use_node
use_packages
case $level in
  check) ;;
  docs) use_site_packages ;;
  server) prepare_server ;;
  node) prepare_node ;;
  browser)
    use_site_packages
    prepare_browser
    ;;
  *)
    say "unknown level $level; use check, docs, server, node or browser" >&2
    exit 2
    ;;
esac
if ((SECONDS - started > 1)); then say "ready in $((SECONDS - started)) s"; fi
cd "$root"
exec "$@"
