/** Everything in a registry that may be a signature of one digest, wherever the tools of the last years put it. */
import { setImmediate } from 'node:timers/promises';
import { isOperationError } from '../../core/errors.ts';
import { attachedTags } from '../../core/signature/attached-tags.ts';
import { isRecord } from '../../core/signature/record.ts';
import type { ArtifactPlace } from '../../engine/ports/artifacts.ts';
import type { AttachmentStore, Referrer } from '../../engine/ports/attachments.ts';
import { readAttestationLayer, readSignatureLayer } from './cosign-layer.ts';
import { readBundle, type SignedText } from './signed-text.ts';

export interface FoundSignature {
  /** For people: the tag or digest of the manifest it lies in. */
  readonly where: string;
  /** A text says why it cannot be read. */
  readonly signed: SignedText | string;
}

export interface Search {
  readonly store: AttachmentStore;
  readonly place: ArtifactPlace;
  readonly digest: string;
  readonly wants: Wants;
  readonly signal: AbortSignal;
}

/** What is still of use; asked again before each thing is fetched. */
export interface Wants {
  readonly signature: () => boolean;
  /** @param predicateType undefined where it is not known yet */
  readonly attestation: (predicateType: string | undefined) => boolean;
}

/** All that one search may cost, so that a thousand bogus signatures cost no more. */
class Budget {
  blobs = 100;
  bytes = 64 * 1_024 * 1_024;
  signatures = 200;

  /** @param isFetched whether the next one needs no more bytes */
  isSpent(isFetched: boolean): boolean {
    return this.signatures <= 0 || (!isFetched && (this.blobs <= 0 || this.bytes <= 0));
  }
}

const maxPayloadBytes = 65_536;
/** An inventory of a large image (SBOM) has some megabytes. */
const maxStatementBytes = 16 * 1_024 * 1_024;
const bundleType = /^application\/vnd\.dev\.sigstore\.bundle(?:\+json|\.v\d)/;
const signatureArtifactType = 'application/vnd.dev.cosign.artifact.sig.v1+json';
const simpleSigningType = 'application/vnd.dev.cosign.simplesigning.v1+json';
const envelopeType = 'application/vnd.dsse.envelope.v1+json';

/** First the tag of cosign's first layout, then what refers to the digest, then the tag of old attestations. */
export async function* findSignatures(search: Search): AsyncGenerator<FoundSignature> {
  const budget = new Budget();
  const { signatures, attestations } = attachedTags(search.digest);
  if (search.wants.signature()) {
    yield* inManifest(search, budget, signatures);
  }
  for (const referrer of await search.store.listReferrers(search.place, search.digest, search.signal)) {
    if (isOfUse(search, referrer)) {
      yield* inManifest(search, budget, referrer.digest);
    }
  }
  if (search.wants.attestation(undefined)) {
    yield* inManifest(search, budget, attestations);
  }
}

/** What the line says is a hint by whoever pushed it: believing it can only cost a signature, never win one. */
function isOfUse({ wants }: Search, { artifactType, annotations }: Referrer): boolean {
  if (artifactType === signatureArtifactType) {
    return wants.signature();
  }
  const isBundle = artifactType === undefined || bundleType.test(artifactType);
  return isBundle && wants.attestation(annotations['dev.sigstore.bundle.predicateType']);
}

interface Layer {
  readonly mediaType: string;
  readonly digest: string;
  readonly annotations: Readonly<Record<string, string>>;
}

async function* inManifest(search: Search, budget: Budget, where: string): AsyncGenerator<FoundSignature> {
  const layers = await readLayers(search, where);
  if (typeof layers === 'string') {
    yield { where, signed: layers };
    return;
  }
  // Several signatures of one image mostly cover one and the same text.
  const blobs = new Map<string, Buffer | string>();
  for (const layer of layers.filter((one) => isLayerOfUse(search, one))) {
    if (budget.isSpent(blobs.has(layer.digest))) {
      yield { where, signed: 'there are too many to look at all of them' };
      return;
    }
    const blob = blobs.get(layer.digest) ?? (await fetchBlob(search, budget, layer));
    blobs.set(layer.digest, blob);
    for (const signed of typeof blob === 'string' ? [blob] : readLayer(layer, blob)) {
      budget.signatures -= 1;
      yield { where, signed };
      // Others must get their turn between hundreds of signatures.
      await setImmediate();
    }
  }
}

/** None where there is no such manifest. */
async function readLayers(search: Search, where: string): Promise<readonly Layer[] | string> {
  const manifest = await tolerate(() => search.store.readManifest(search.place, where, search.signal));
  if (manifest === undefined) {
    return [];
  }
  return typeof manifest === 'string' ? manifest : layersOf(manifest.body);
}

function isLayerOfUse({ wants }: Search, { mediaType, annotations }: Layer): boolean {
  return mediaType === simpleSigningType ? wants.signature() : wants.attestation(annotations['predicateType']);
}

async function fetchBlob(search: Search, budget: Budget, layer: Layer): Promise<Buffer | string> {
  const most = layer.mediaType === simpleSigningType ? maxPayloadBytes : maxStatementBytes;
  budget.blobs -= 1;
  const wanted = { digest: layer.digest, maxBytes: Math.min(most, budget.bytes) };
  const blob = await tolerate(() => search.store.readBlob(search.place, wanted, search.signal));
  budget.bytes -= typeof blob === 'string' ? 0 : blob.length;
  return blob;
}

function readLayer({ mediaType, annotations }: Layer, blob: Buffer): readonly (SignedText | string)[] {
  switch (mediaType) {
    case simpleSigningType:
      return [readSignatureLayer({ annotations, blob })];
    case envelopeType:
      return readAttestationLayer({ annotations, blob });
    default:
      return [readBundle(blob)];
  }
}

/**
 * What whoever pushed it can have spoilt is a reason not to believe this one signature, and must not hide the others. What the
 * registry itself fails at says nothing about any signature and goes on as an error.
 */
async function tolerate<T>(read: () => Promise<T>): Promise<T | string> {
  try {
    return await read();
  } catch (error) {
    if (isOperationError(error, 'REGISTRY_ANSWER_INVALID') || isOperationError(error, 'REGISTRY_NOT_FOUND')) {
      return error.message;
    }
    throw error;
  }
}

function layersOf(body: Buffer): readonly Layer[] | string {
  let manifest: unknown;
  try {
    manifest = JSON.parse(body.toString('utf8'));
  } catch {
    return 'the manifest is not JSON';
  }
  const layers = isRecord(manifest) ? manifest['layers'] : undefined;
  return Array.isArray(layers) ? layers.flatMap(layerOf) : 'the manifest has no layers';
}

function layerOf(layer: unknown): readonly Layer[] {
  const { mediaType, digest, annotations } = isRecord(layer) ? layer : {};
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || !isKnown(mediaType)) {
    return [];
  }
  const texts = Object.entries(isRecord(annotations) ? annotations : {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return [{ mediaType, digest, annotations: Object.fromEntries(texts) }];
}

function isKnown(mediaType: string): boolean {
  return mediaType === simpleSigningType || mediaType === envelopeType || bundleType.test(mediaType);
}
