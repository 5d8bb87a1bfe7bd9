/** How registries are reached and signed in to, by the environment and the settings of the process. */
import type { RegistryClientOptions } from '../adapters/registry/client.ts';
import { type Cloud, cloudIdentity, clouds } from '../adapters/registry/cloud/cloud-identity.ts';
import { dockerConfigCredentials } from '../adapters/registry/docker-config.ts';
import { OperationError } from '../core/errors.ts';
import type { Clock } from '../kube/clock.ts';
import { dockerEnvironment, environmentVariables, proxyEnvironment } from './config.ts';

export interface RegistrySettings {
  /** Clouds whose identity may be used, as written on the command line. */
  readonly cloudIdentity?: readonly string[] | undefined;
}

export interface RegistrySetup {
  readonly clock: Clock;
  /** `OfUser`: docker's configuration of the person who runs the command; `Named`: only one that DOCKER_CONFIG names. */
  readonly dockerConfig: 'OfUser' | 'Named';
}

/**
 * Reads all of it at once, so that a mistake ends the process before it works.
 *
 * @throws CONFIG_INVALID for a proxy that is no http address, USAGE for settings that cannot be read
 */
export function registryOptions(
  settings: RegistrySettings,
  { clock, dockerConfig }: RegistrySetup,
): RegistryClientOptions {
  const proxy = proxyEnvironment();
  const docker = dockerEnvironment(dockerConfig);
  const named = (settings.cloudIdentity ?? []).map(parseCloud);
  return {
    clock,
    proxy,
    ambient: [
      ...(docker === undefined ? [] : [dockerConfigCredentials({ ...docker, clock })]),
      ...(named.length === 0
        ? []
        : [cloudIdentity({ clouds: named, variables: environmentVariables(), clock, proxy })]),
    ],
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
