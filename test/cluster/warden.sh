#!/bin/sh
# Ends what a test started when its owner is gone, however it went.
#
# usage: warden.sh FOLDER [CGROUP]    standard input: a pipe whose other end only the owner holds
#
# Lines on the pipe are process ids: "123" has started, "-123" has ended. At the end of file (the owner closed the pipe, ended, or was
# killed) every process that is left gets SIGKILL, then FOLDER and the control groups named CGROUP are removed.
set -u
folder=$1
cgroup=${2:-}
pids=' '

# A signal to the owner's group must not end the one who cleans up after it.
trap '' INT TERM HUP

while read -r line; do
  case $line in
    -*) gone=" ${line#-} "; case $pids in *"$gone"*) pids="${pids%%"$gone"*} ${pids#*"$gone"}" ;; esac ;;
    *) pids="$pids$line " ;;
  esac
done

is_running() {
  # A zombie whose parent is gone may wait for its reaper; it holds nothing any more.
  [ -d "/proc/$1" ] && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

for pid in $pids; do kill -KILL "$pid" 2>/dev/null; done
tries=0
for pid in $pids; do
  while is_running "$pid" && [ "$tries" -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
done
if [ -n "$cgroup" ]; then
  for group in "/sys/fs/cgroup/$cgroup" /sys/fs/cgroup/*/"$cgroup"; do
    [ ! -d "$group" ] || find "$group" -depth -type d -exec rmdir {} + 2>/dev/null
  done
fi
# A process that has just ended may still have been writing.
for _ in 1 2 3 4 5; do
  rm -rf -- "$folder" 2>/dev/null && break
  sleep 0.2
done
