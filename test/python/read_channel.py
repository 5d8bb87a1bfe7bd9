"""Reads files of a channel with python-tuf: URL, root.json, an empty folder, then paths. Prints what it read as JSON."""
import json
import os
import sys

from tuf.ngclient import Updater

url, root, folder, *paths = sys.argv[1:]
metadata, targets = os.path.join(folder, "metadata"), os.path.join(folder, "targets")
os.makedirs(metadata)
os.makedirs(targets)
with open(root, "rb") as file:
    updater = Updater(metadata, url, targets, f"{url}targets/", bootstrap=file.read())
updater.refresh()
found = {}
for path in paths:
    info = updater.get_targetinfo(path)
    if info is not None:
        with open(updater.download_target(info), "rb") as file:
            found[path] = file.read().decode()
print(json.dumps(found))
