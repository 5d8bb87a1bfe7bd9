/** Who may send webhooks: under which paths, how each proves itself, and who reads what it sends. The one table of them. */
import type { ReadDelivery } from './announcement.ts';
import { readAzure } from './azure.ts';
import { readBitbucket } from './bitbucket.ts';
import { readCdEvents } from './cd-events.ts';
import { readDistribution } from './distribution.ts';
import { readDockerHub } from './docker-hub.ts';
import { readGeneric } from './generic.ts';
import { readGitHub } from './github.ts';
import { readGitLab } from './gitlab.ts';
import { readGoogle } from './google.ts';
import { readHarbor } from './harbor.ts';
import { readJfrog } from './jfrog.ts';
import { readNative } from './native.ts';
import { readNexus } from './nexus.ts';
import type { Proof } from './proof.ts';
import { readQuay } from './quay.ts';

export interface WebhookSender {
  /** Label of the metrics, and name of its own secret. */
  readonly name: string;
  /** Keel's path `/v1/webhooks/...`, and `/hook/<type>` with the type of Flux's Receiver. */
  readonly paths: readonly string[];
  /** Any one is enough. */
  readonly proofs: readonly Proof[];
  readonly read: ReadDelivery;
}

const authorization: Proof = { kind: 'authorization' };
const signedIn = (header: string, form: 'named' | 'sha1' = 'named'): Proof => ({ kind: 'hmac', header, form });

export const webhookSenders: readonly WebhookSender[] = [
  { name: 'native', paths: ['/v1/webhooks/native'], proofs: [authorization], read: readNative },
  {
    name: 'dockerhub',
    paths: ['/v1/webhooks/dockerhub', '/hook/dockerhub'],
    proofs: [authorization],
    read: readDockerHub,
  },
  { name: 'quay', paths: ['/v1/webhooks/quay', '/hook/quay'], proofs: [authorization], read: readQuay },
  { name: 'azure', paths: ['/v1/webhooks/azure', '/hook/acr'], proofs: [authorization], read: readAzure },
  {
    name: 'github',
    paths: ['/v1/webhooks/github', '/hook/github'],
    proofs: [signedIn('x-hub-signature-256'), authorization],
    read: readGitHub,
  },
  { name: 'harbor', paths: ['/v1/webhooks/harbor', '/hook/harbor'], proofs: [authorization], read: readHarbor },
  { name: 'jfrog', paths: ['/v1/webhooks/jfrog'], proofs: [authorization], read: readJfrog },
  { name: 'registry', paths: ['/v1/webhooks/registry'], proofs: [authorization], read: readDistribution },
  { name: 'generic', paths: ['/hook/generic'], proofs: [authorization], read: readGeneric },
  { name: 'generic-hmac', paths: ['/hook/generic-hmac'], proofs: [signedIn('x-signature')], read: readGeneric },
  {
    name: 'gitlab',
    paths: ['/hook/gitlab'],
    proofs: [{ kind: 'token', header: 'x-gitlab-token' }],
    read: readGitLab,
  },
  { name: 'bitbucket', paths: ['/hook/bitbucket'], proofs: [signedIn('x-hub-signature')], read: readBitbucket },
  { name: 'gcr', paths: ['/hook/gcr'], proofs: [authorization], read: readGoogle },
  {
    name: 'nexus',
    paths: ['/hook/nexus'],
    proofs: [signedIn('x-nexus-webhook-signature', 'sha1')],
    read: readNexus,
  },
  { name: 'cdevents', paths: ['/hook/cdevents'], proofs: [authorization], read: readCdEvents },
];
