/**
 * CRDs of a chart. Helm makes them when a chart is first installed and never touches them again; here they are put in place
 * before each upgrade, if the App wants that, and with the right of whoever Helm acts as.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { assessObject } from '../../core/health/objects/assess-object.ts';
import type { Pass } from '../../kube/gateway.ts';
import { type Manifest, parseManifests } from '../../kube/manifest-text.ts';

/** How long the API server may take to accept a kind. */
const establishedMs = 30_000;
const askAgainMs = 200;
const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/**
 * Creates, or creates and replaces, by server-side apply.
 *
 * @returns what is wrong as a sentence; undefined when all are in place
 * @throws OBJECT_INVALID when a text is no manifest
 */
export async function applyCrds(
  pass: Pass,
  texts: readonly string[],
  policy: 'Create' | 'CreateReplace',
  signal: AbortSignal,
): Promise<string | undefined> {
  const crds = texts.flatMap((text) => parseManifests(text, 'crds') ?? []);
  for (const crd of crds) {
    if (crd.kind !== 'CustomResourceDefinition') {
      return `crds/ of the chart holds a ${crd.kind} "${crd.name}"; only CustomResourceDefinitions may be there`;
    }
    const problem = await applyOne(pass, crd, policy, signal);
    if (problem !== undefined) {
      return problem;
    }
  }
  return await untilEstablished(pass, crds, signal);
}

async function applyOne(
  pass: Pass,
  { name, object }: Manifest,
  policy: 'Create' | 'CreateReplace',
  signal: AbortSignal,
): Promise<string | undefined> {
  const found = await call(pass, { method: 'GET', path: `${path}/${name}` }, signal);
  if (found.status < 400 && policy === 'Create') {
    return undefined;
  }
  const answer = await call(
    pass,
    { method: 'PATCH', path: `${path}/${name}?fieldManager=headgate-crds&force=true`, body: JSON.stringify(object) },
    signal,
  );
  return answer.status < 400 ? undefined : `apply CustomResourceDefinition ${name}: ${messageOf(answer.body)}`;
}

async function untilEstablished(
  pass: Pass,
  crds: readonly Manifest[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const endsAt = performance.now() + establishedMs;
  for (const { name } of crds) {
    for (;;) {
      const { body } = await call(pass, { method: 'GET', path: `${path}/${name}` }, signal);
      const { status, message } = assessObject(asFields(body), { now: new Date() });
      if (status === 'Current') {
        break;
      }
      if (performance.now() > endsAt) {
        return `CustomResourceDefinition ${name} is not established after ${establishedMs / 1_000} s: ${message}`;
      }
      await delay(askAgainMs, undefined, { signal });
    }
  }
  return undefined;
}

interface Call {
  readonly method: 'GET' | 'PATCH';
  readonly path: string;
  readonly body?: string;
}

async function call(
  { server }: Pass,
  { method, path: target, body }: Call,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await request(`${server}${target}`, {
    method,
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/apply-patch+yaml' }),
    },
    ...(body === undefined ? {} : { body }),
    signal,
  });
  return { status: answer.statusCode, body: await answer.body.json() };
}

function asFields(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? { ...body } : {};
}

function messageOf(body: unknown): string {
  const { message } = asFields(body);
  return typeof message === 'string' ? message : 'refused without a word';
}
