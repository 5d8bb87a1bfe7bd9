/** helm and kubectl for an architecture that the npm package of both does not have: from the Go modules of the same versions. */
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../../test/cluster/binaries.ts';
import { runLong } from '../../../test/cluster/run-command.ts';
import type { Architecture, System } from './system.ts';

const source = fileURLToPath(new URL('../go', import.meta.url));
const modules = { helm: 'helm.sh/helm/v4', kubectl: 'k8s.io/kubernetes' } as const;

/**
 * Minutes the first time; what comes of it stays in the cache. The versions stand in scripts/product-image/go/go.mod.
 *
 * @throws Error with the compiler's messages, or when there is no Go
 */
export async function compileTools(architecture: Architecture): Promise<System['tools']> {
  const versions = readVersions(await readFile(join(source, 'go.mod'), 'utf8'));
  const folder = join(cacheFolder(), `image-${architecture}`, `helm-${versions.helm}-kubectl-${versions.kubectl}`);
  const tools = { helm: join(folder, 'helm'), kubectl: join(folder, 'kubectl') };
  const isThere = await access(tools.kubectl).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    await compile(architecture, versions, folder);
  }
  return tools;
}

type Versions = Readonly<Record<keyof typeof modules, string>>;

function readVersions(goMod: string): Versions {
  const versionOf = (module: string) => {
    const [, version] = new RegExp(`^\\s*${module} (v\\S+)$`, 'm').exec(goMod) ?? [];
    if (version === undefined) {
      throw new Error(`read go.mod: it does not require ${module}`);
    }
    return version;
  };
  return { helm: versionOf(modules.helm), kubectl: versionOf(modules.kubectl) };
}

async function compile(architecture: Architecture, versions: Versions, folder: string): Promise<void> {
  const work = `${folder}.${process.pid}`;
  await mkdir(work, { recursive: true });
  try {
    await runLong(`compile helm ${versions.helm} and kubectl ${versions.kubectl} for ${architecture}`, 'go', {
      arguments: [
        ...['build', '-trimpath', '-buildvcs=false', '-ldflags', linkerFlags(versions), '-o', `${work}/`],
        ...[`${modules.helm}/cmd/helm`, `${modules.kubectl}/cmd/kubectl`],
      ],
      directory: source,
      environment: { CGO_ENABLED: '0', GOOS: 'linux', GOARCH: architecture },
      timeoutMs: 60 * 60_000,
    });
    await rm(folder, { recursive: true, force: true });
    await rename(work, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** What their own builds write into them, so that they say which version they are. */
function linkerFlags({ helm, kubectl }: Versions): string {
  const [major = '', minor = ''] = kubectl.replace(/^v/, '').split('.');
  const kubernetes = 'k8s.io/component-base/version';
  return [
    ...['-s', '-w', `-X ${modules.helm}/internal/version.version=${helm}`],
    ...[
      `-X ${kubernetes}.gitVersion=${kubectl}`,
      `-X ${kubernetes}.gitMajor=${major}`,
      `-X ${kubernetes}.gitMinor=${minor}`,
    ],
  ].join(' ');
}
