"""Writes a channel with python-tuf: a folder, then PATH=TEXT for each file. The keys are its own, made and forgotten."""
import hashlib
import os
import sys
from datetime import datetime, timedelta, timezone

from securesystemslib._vendor.ed25519 import ed25519
from securesystemslib.signer import Key, Signature, Signer, SSlibKey
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer


class SlowSigner(Signer):
    """Ed25519 in Python alone, so that nothing has to be compiled."""

    def __init__(self):
        self._secret = os.urandom(32)
        public = ed25519.publickey_unsafe(self._secret)
        name = hashlib.sha256(public).hexdigest()
        self._key = SSlibKey(name, "ed25519", "ed25519", {"public": public.hex()})
        self._public = public

    @property
    def public_key(self) -> Key:
        return self._key

    @classmethod
    def from_priv_key_uri(cls, priv_key_uri, public_key, secrets_handler=None):
        raise NotImplementedError

    def sign(self, payload: bytes) -> Signature:
        return Signature(self._key.keyid, ed25519.signature_unsafe(payload, self._secret, self._public).hex())


folder, *files = sys.argv[1:]
expires = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=1)
signers = {role: SlowSigner() for role in ("root", "targets", "snapshot", "timestamp")}


def store(name: str, content: bytes) -> None:
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)


def sign(metadata: Metadata, role: str) -> bytes:
    metadata.sign(signers[role])
    return metadata.to_bytes(JSONSerializer(compact=True))


root = Metadata(Root(version=1, expires=expires, consistent_snapshot=True))
for role, signer in signers.items():
    root.signed.add_key(signer.public_key, role)

releases = Metadata(Targets(version=1, expires=expires))
for one in files:
    path, text = one.split("=", 1)
    content = text.encode()
    target = TargetFile.from_data(path, content, ["sha256"])
    releases.signed.targets[path] = target
    parent, name = os.path.split(path)
    store(f"targets/{parent}/{target.hashes['sha256']}.{name}", content)

targets = Metadata(Targets(version=1, expires=expires))
key = signers["targets"].public_key
role = DelegatedRole("releases", [key.keyid], 1, True, paths=["releases/*"])
targets.signed.delegations = Delegations({key.keyid: key}, {"releases": role})
meta = {"targets.json": MetaFile(1), "releases.json": MetaFile(1)}
snapshot = Metadata(Snapshot(version=1, expires=expires, meta=meta))
timestamp = Metadata(Timestamp(version=1, expires=expires, snapshot_meta=MetaFile(1)))

root_bytes = sign(root, "root")
store("1.root.json", root_bytes)
store("root.json", root_bytes)
store("1.releases.json", sign(releases, "targets"))
store("1.targets.json", sign(targets, "targets"))
store("1.snapshot.json", sign(snapshot, "snapshot"))
store("timestamp.json", sign(timestamp, "timestamp"))
