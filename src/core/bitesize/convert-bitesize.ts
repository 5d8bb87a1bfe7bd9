/**
 * Reads `environments.bitesize` of the Environment Operator and writes what it stands for: plain manifests, and an App for each service
 * whose versions Headgate is to look after.
 */
import { LineCounter, parseDocument } from 'yaml';
import { OperationError } from '../errors.ts';
import { convertService } from './convert-service.ts';
import { Fields, type Note, type Path } from './fields.ts';
import type { ManifestOut } from './service-context.ts';

export interface BitesizeOptions {
  /** All when undefined. */
  readonly environment: string | undefined;
  /** As DOCKER_REGISTRY; empty: Docker Hub. */
  readonly registry: string;
}

export interface Conversion {
  readonly objects: readonly ManifestOut[];
  /** What was not carried over, in the order of the file. */
  readonly notes: readonly Note[];
}

const maxTextLength = 4 * 2 ** 20;

/** @throws USAGE for text that is no YAML, or without the environment */
export function convertBitesize(text: string, options: BitesizeOptions): Conversion {
  if (text.length > maxTextLength) {
    throw usage(`it has more than ${maxTextLength} characters`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const [problem] = document.errors;
  if (problem) {
    throw usage(`it is no YAML: ${problem.message}`);
  }
  const notes: Note[] = [];
  const root = new Fields(document.toJS({ maxAliasCount: 100 }), [], { lineOf: lineFinder(document, lines), notes });
  const project = root.text('project') ?? '';
  const objects = chosen(root, options).flatMap((environment) => convertEnvironment(environment, project, options));
  root.loseRest();
  return { objects, notes: notes.toSorted((left, right) => left.line - right.line) };
}

function chosen(root: Fields, { environment }: BitesizeOptions): readonly Fields[] {
  const all = root.each('environments');
  const named = all.map((fields) => ({ fields, name: fields.text('name') }));
  const wanted = named.filter(({ name }) => environment === undefined || name === environment);
  if (wanted.length === 0) {
    const known = named.map(({ name }) => name ?? '?').join(', ');
    throw usage(`it has no environment ${environment ?? ''}; there are ${known || 'none'}`);
  }
  return wanted.map(({ fields }) => fields);
}

function convertEnvironment(environment: Fields, project: string, options: BitesizeOptions): readonly ManifestOut[] {
  const namespace = environment.text('namespace') ?? environment.text('name') ?? 'default';
  environment.take('name');
  const deployment = environment.within('deployment');
  if (deployment.text('method') === 'bluegreen') {
    deployment.note('method', 'two sets side by side are not made; Headgate goes back by itself when a version is bad');
  }
  deployment.lose('active', 'there is one set of each service');
  deployment.lose('mode', 'say spec.gates.approvals in the Apps when people are to be asked');
  deployment.lose('custom_urls', 'write them into the Ingress');
  deployment.loseRest();
  environment.lose('tests', 'was of no effect; tests of a new version stand in spec.tests of an App');
  environment.lose('gists', 'apply these files by an App with spec.deploy.manifests');
  environment.lose('gists_repository', 'apply its files by an App with spec.deploy.manifests');
  const services = environment.each('services');
  const objects = services.flatMap((service) => convertService(service, { namespace, project, ...options }));
  environment.loseRest();
  return objects;
}

function lineFinder(document: ReturnType<typeof parseDocument>, lines: LineCounter): (path: Path) => number {
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const node: unknown = document.getIn(path.slice(0, length), true);
      const range = typeof node === 'object' && node !== null && 'range' in node ? node.range : undefined;
      if (Array.isArray(range) && typeof range[0] === 'number') {
        return lines.linePos(range[0]).line;
      }
    }
    return 0;
  };
}

function usage(why: string): OperationError {
  return new OperationError(`convert environments.bitesize: ${why}`, { code: 'USAGE', retry: 'never' });
}
