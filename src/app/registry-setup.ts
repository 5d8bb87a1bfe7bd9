/** How registries are reached and signed in to, by the environment and the settings of the process. */
import type { RegistryClientOptions } from '../adapters/registry/client.ts';
import { dockerConfigCredentials } from '../adapters/registry/docker-config.ts';
import type { Clock } from '../kube/clock.ts';
import { dockerEnvironment, proxyEnvironment } from './config.ts';

export interface RegistrySetup {
  readonly clock: Clock;
  /** `OfUser`: docker's configuration of the person who runs the command; `Named`: only one that DOCKER_CONFIG names. */
  readonly dockerConfig: 'OfUser' | 'Named';
}

/** @throws CONFIG_INVALID for a proxy that is no http address */
export function registryOptions({ clock, dockerConfig }: RegistrySetup): RegistryClientOptions {
  const docker = dockerEnvironment(dockerConfig);
  return {
    clock,
    proxy: proxyEnvironment(),
    ambient: docker === undefined ? [] : [dockerConfigCredentials({ ...docker, clock })],
  };
}
