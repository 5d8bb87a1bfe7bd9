/** How registries are reached and signed in to, by the environment and the settings of the process. */
import {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
} from '../../adapters/registry/client.ts';
import { type Cloud, cloudIdentity, clouds } from '../../adapters/registry/cloud/cloud-identity.ts';
import { dockerConfigCredentials } from '../../adapters/registry/docker-config.ts';
import { type RegistryContent, withMirroredContent } from '../../adapters/registry/mirrored-content.ts';
import { type Mirroring, withMirrors } from '../../adapters/registry/mirrored-registry.ts';
import { OperationError } from '../../core/errors.ts';
import type { Registry } from '../../engine/ports/registry.ts';
import type { Clock } from '../../kube/clock.ts';
import type { Logger } from '../../telemetry/log.ts';
import { dockerEnvironment, environmentVariables, proxyEnvironment } from '../config.ts';
import { parseMirrorings } from './registry-mirrors.ts';

/** As written on the command line. */
export interface RegistrySettings {
  /** Clouds whose identity may be used. */
  readonly cloudIdentity?: readonly string[] | undefined;
  /** `HOST=URL`, asked before the registry. */
  readonly registryMirrors?: readonly string[] | undefined;
  /** `HOST=URL`, asked in its place. */
  readonly registrySubstitutes?: readonly string[] | undefined;
}

export interface RegistrySurroundings {
  readonly clock: Clock;
  /** `OfUser`: docker's configuration of the person who runs the command; `Named`: only one that DOCKER_CONFIG names. */
  readonly dockerConfig: 'OfUser' | 'Named';
}

export interface RegistrySetup {
  readonly client: RegistryClientOptions;
  readonly mirrorings: readonly Mirroring[];
}

/**
 * Reads all of it at once, so that a mistake ends the process before it works.
 *
 * @throws CONFIG_INVALID for a proxy that is no http address, USAGE for settings that cannot be read
 */
export function readRegistrySetup(
  settings: RegistrySettings,
  { clock, dockerConfig }: RegistrySurroundings,
): RegistrySetup {
  const proxy = proxyEnvironment();
  const docker = dockerEnvironment(dockerConfig);
  const named = (settings.cloudIdentity ?? []).map(parseCloud);
  const mirrorings = parseMirrorings(settings.registryMirrors ?? [], settings.registrySubstitutes ?? []);
  const ambient = [
    ...(docker === undefined ? [] : [dockerConfigCredentials({ ...docker, clock })]),
    ...(named.length === 0 ? [] : [cloudIdentity({ clouds: named, variables: environmentVariables(), clock, proxy })]),
  ];
  return { client: { clock, proxy, ambient }, mirrorings };
}

export interface OpenRegistries {
  /** With mirrors. */
  readonly registry: Registry;
  /** Charts, artifacts and signatures, with mirrors too. */
  readonly content: RegistryContent;
  readonly client: RegistryClient;
  close(): Promise<void>;
}

/** There is the origin to ask after a mirror. */
const mirrorTimeoutMs = 5_000;

/** @param more limits and counters of the client for origins */
export function openRegistries(
  { client: options, mirrorings }: RegistrySetup,
  log: Logger,
  more: Pick<RegistryClientOptions, 'limits' | 'onSent' | 'guard'> = {},
): OpenRegistries {
  const client = createRegistryClient({ ...options, ...more });
  const isOnlyBefore = mirrorings.every(({ place }) => place === 'Before');
  const mirrors = createRegistryClient({
    ...options,
    ...more,
    ...(isOnlyBefore ? { timeoutMs: mirrorTimeoutMs } : {}),
  });
  const mirroring = {
    clock: options.clock,
    mirrorings,
    mirrors,
    onProblem: (mirror: string, error: OperationError | undefined) => {
      if (error === undefined) {
        log.info('mirror answers again', { mirror });
      } else {
        log.warn('mirror fails and is left alone for a while', { mirror, code: error.code, error: error.message });
      }
    },
  };
  return {
    registry: withMirrors(client, mirroring),
    content: withMirroredContent(client, mirroring),
    client,
    close: async () => {
      await Promise.all([client.close(), mirrors.close()]);
    },
  };
}

function parseCloud(text: string): Cloud {
  const cloud = clouds.find((one) => one === text);
  if (cloud === undefined) {
    throw new OperationError(`--cloud-identity: "${text}" is none of ${clouds.join(', ')}`, {
      code: 'USAGE',
      retry: 'never',
    });
  }
  return cloud;
}
