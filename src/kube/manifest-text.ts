/** Text of YAML or JSON -> Kubernetes objects, each with the place it came from, so that an error can name it. */
import { loadAll, YAMLException } from 'js-yaml';
import { OperationError } from '../core/errors.ts';
import { kubernetesYamlSchema } from './yaml-schema.ts';

/** One object with its identity checked. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty when the object names none. */
  readonly namespace: string;
  readonly name: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly place: ManifestPlace;
}

/** Where an object was read. */
export interface ManifestPlace {
  readonly file: string;
  /** From 1. */
  readonly document: number;
  /** From 1; of the document's first line. */
  readonly line: number;
}

/** Documents of one text, and objects in it after lists were unfolded. */
const mostDocuments = 100_000;
const deepestNesting = 200;
/** Lists in lists; kubectl makes one level. */
const deepestLists = 8;
/** Aliases of one document; each may stand for a tree, so that few characters could mean very much. */
const mostAliases = 1_000;

/** Where a value stands. */
interface Place {
  readonly source: string;
  /** From 1, as `---` separates them. */
  readonly document: number;
  /** From 1. */
  readonly line: number;
}

interface Part extends Place {
  readonly text: string;
}

interface Entry extends Place {
  readonly value: unknown;
  /** Path within the document, e.g. `items[3]`; empty at its top. */
  readonly path: string;
  readonly depth: number;
}

/**
 * Reads all objects of a text: JSON, or YAML documents; empty documents are passed over and lists unfolded.
 *
 * Of equal keys in one map the last one counts, as with kubectl. Undefined when there is no document at all, which is
 * not the same as an empty list.
 *
 * @param source how messages name the text, e.g. the file
 * @throws OBJECT_INVALID with file, document and line: not YAML, no Kubernetes object, or beyond the limits
 */
export function parseManifests(text: string, source: string): Manifest[] | undefined {
  const documents = readDocuments(text, source);
  return documents.length === 0 ? undefined : unfold(documents);
}

function readDocuments(text: string, source: string): Entry[] {
  const json = parseJson(text);
  if (json !== undefined) {
    const place = { source, document: 1, line: 1 };
    return [{ ...place, value: json, path: '', depth: 0 }];
  }
  return splitDocuments(text, source).flatMap((part) =>
    loadPart(part)
      .filter((value) => value !== null)
      .map((value) => ({ ...placeOf(part), value, path: '', depth: 0 })),
  );
}

/** Undefined for what is not JSON or nested too deep; it is then read as YAML, whose errors name the line. */
function parseJson(text: string): unknown {
  if (!/^\s*\{/.test(text) || isDeeper(text, deepestNesting)) {
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Asked of the text, because a hostile one costs ten times its size once it is parsed. */
function isDeeper(json: string, levels: number): boolean {
  let depth = 0;
  for (let at = 0; at < json.length && depth <= levels; at += 1) {
    const character = json[at];
    if (character === '"') {
      at = endOfString(json, at);
    } else if (character === '{' || character === '[') {
      depth += 1;
    } else if (character === '}' || character === ']') {
      depth -= 1;
    }
  }
  return depth > levels;
}

/** Where the string that begins at a quote ends. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') {
    at += json[at] === '\\' ? 2 : 1;
  }
  return at;
}

/** A line that begins with `---` begins a document wherever it stands. Parts without content are left out, but counted. */
function splitDocuments(text: string, source: string): Part[] {
  const parts: Part[] = [];
  let start = 0;
  let line = 1;
  let document = 1;
  for (const marker of boundariesOf(text)) {
    if (document > mostDocuments) {
      throw invalid({ source, document, line }, `more than ${mostDocuments} documents`);
    }
    const part = text.slice(start, marker);
    const hasContent = /^[^\S\n]*[^\s#%]/m.test(part.replace(/^---/, ''));
    if (hasContent) {
      parts.push({ source, document, line, text: part });
    }
    if (hasContent || start > 0) {
      document += 1;
    }
    line += countLines(part);
    start = marker;
  }
  return parts;
}

/** Where documents end: at each marker after the beginning, and at the end. */
function* boundariesOf(text: string): Generator<number> {
  for (const { index } of text.matchAll(/^---(?=\s|$)/gm)) {
    if (index > 0) {
      yield index;
    }
  }
  yield text.length;
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
    lines += 1;
  }
  return lines;
}

function loadPart(part: Part): unknown[] {
  try {
    return loadAll(part.text, {
      schema: kubernetesYamlSchema(),
      json: true,
      maxDepth: deepestNesting,
      maxAliases: mostAliases,
    });
  } catch (error) {
    if (!(error instanceof YAMLException)) {
      throw error;
    }
    throw invalid({ ...placeOf(part), line: part.line + (error.mark?.line ?? 0) }, `no YAML: ${error.reason}`);
  }
}

/** Lists of lists are unfolded too; the limits also end a list that contains itself through an alias. */
function unfold(documents: readonly Entry[]): Manifest[] {
  const manifests: Manifest[] = [];
  const open = documents.toReversed();
  let seen = 0;
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    seen += 1;
    if (seen > mostDocuments || entry.depth > deepestLists) {
      throw invalid(entry, `more than ${mostDocuments} objects, or lists in lists in more than ${deepestLists} levels`);
    }
    const items = itemsOf(entry);
    if (items === undefined) {
      manifests.push(identify(entry));
    } else {
      open.push(...items.reverse());
    }
  }
  return manifests;
}

/** The entries of a list kind; undefined for any other object. */
function itemsOf({ value, path, depth, ...place }: Entry): Entry[] | undefined {
  if (!isMap(value) || typeof value['kind'] !== 'string' || !value['kind'].endsWith('List')) {
    return undefined;
  }
  const { kind, apiVersion, items } = value;
  if (!Array.isArray(items)) {
    return undefined;
  }
  const itemKind = kind.slice(0, -'List'.length);
  const named = itemKind === '' ? {} : { apiVersion, kind: itemKind };
  return items.map((item: unknown, index) => ({
    ...place,
    // Items of a typed list (DeploymentList) need not say what they are.
    value: isMap(item) ? { ...named, ...item } : item,
    path: `${path === '' ? '' : `${path}.`}items[${index}]`,
    depth: depth + 1,
  }));
}

function identify(entry: Entry): Manifest {
  const { value } = entry;
  if (!isMap(value)) {
    throw invalid(entry, 'no Kubernetes object: it is no map with apiVersion, kind and metadata.name');
  }
  const metadata = isMap(value['metadata']) ? value['metadata'] : {};
  const identity = {
    apiVersion: textOf(value['apiVersion']),
    kind: textOf(value['kind']),
    namespace: metadata['namespace'] === undefined ? '' : textOf(metadata['namespace']),
    name: textOf(metadata['name']),
  };
  const { apiVersion, kind, namespace, name } = identity;
  const missing = [
    ...(apiVersion ? [] : ['apiVersion']),
    ...(kind ? [] : ['kind']),
    ...(name ? [] : ['metadata.name']),
    ...(namespace === undefined ? ['metadata.namespace'] : []),
  ];
  if (apiVersion && kind && name && namespace !== undefined) {
    const { source: file, document, line } = entry;
    return { apiVersion, kind, namespace, name, object: value, place: { file, document, line } };
  }
  throw invalid(entry, `no Kubernetes object: ${missing.join(', ')} missing, or no text`);
}

/** Empty counts as missing where a text is needed; null as empty. */
function textOf(value: unknown): string | undefined {
  return value === null ? '' : typeof value === 'string' ? value : undefined;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function placeOf({ source, document, line }: Place): Place {
  return { source, document, line };
}

function invalid(place: Place & { readonly path?: string }, what: string): OperationError {
  const { source, document, line, path = '' } = place;
  const where = `${source}, document ${document}, line ${line}${path === '' ? '' : `, ${path}`}`;
  return new OperationError(`read ${where}: ${what}`, {
    code: 'OBJECT_INVALID',
    retry: 'never',
    context: { file: source, document: String(document), line: String(line) },
  });
}
