/** Google Artifact Registry and Container Registry: the access token of the machine or, in GKE, of the workload identity. */

import { askCloud, parseEndpoint, readCloudJson, tokenIn } from './cloud-http.ts';
import type { CloudRegistry } from './cloud-tools.ts';

const hostPattern = /^(?:[a-z0-9-]+\.)?gcr\.io$|^[a-z0-9-]+\.pkg\.dev$/;
const path = '/computeMetadata/v1/instance/service-accounts/default/token';
const what = "Google's metadata server for an access token";
/** Where it does not say. */
const defaultLifetimeMs = 300_000;

export const googleRegistry: CloudRegistry = {
  name: 'GCP',
  serves: (host) => hostPattern.test(host),
  async signIn({ variables, nearby, clock }, _, signal) {
    const { GCE_METADATA_HOST: host } = variables;
    const base = host ? parseEndpoint('GCE_METADATA_HOST', host) : new URL('http://metadata.google.internal');
    const startedMs = clock.now().getTime();
    const headers = { accept: 'application/json', 'metadata-flavor': 'Google' };
    const answer = await askCloud(nearby, { what, method: 'GET', url: new URL(path, base), headers }, signal);
    const fields = readCloudJson(what, answer);
    const { expires_in: seconds } = fields;
    return {
      value: { username: 'oauth2accesstoken', password: tokenIn(what, fields, 'access_token') },
      expiresAtMs: startedMs + (typeof seconds === 'number' ? seconds * 1_000 : defaultLifetimeMs),
    };
  },
};
