import type { WriteReport } from '../app/commands/write-files.ts';
import { isOperationError } from '../core/errors.ts';
import { parseFieldPath } from '../core/field-path.ts';
import type { ChosenImage } from '../core/git-write/marker.ts';
import type { ChosenChart } from '../core/git-write/set-chart-versions.ts';
import type { FileValue, Writing } from '../core/git-write/writing.ts';
import { parseImageReference, setImage } from '../core/image/reference.ts';
import { type Command, type Options, outputOption, usageError } from './command.ts';
import { formatJson, harmless } from './table.ts';

export const writeCommand: Command = {
  name: 'write',
  summary: 'Write versions into YAML files, at the image policy markers of Flux and elsewhere; needs no cluster.',
  arguments: [{ syntax: '<path>', description: 'folder, or one YAML file' }],
  options: [
    {
      flags: '--set <assignment>',
      description:
        'NAMESPACE:POLICY=REPOSITORY:TAG[@DIGEST]: what markers of this policy shall hold; may be given several times',
      repeatable: true,
    },
    {
      flags: '--image <image>',
      description: 'REPOSITORY:TAG[@DIGEST]: for images: of kustomizations; may be given several times',
      repeatable: true,
    },
    {
      flags: '--chart <assignment>',
      description:
        'NAME=VERSION: for HelmReleases, Chart.yaml, helmfiles and other files that name this chart; may be given several times',
      repeatable: true,
    },
    {
      flags: '--value <assignment>',
      description:
        'FILE:PATH=VALUE: a value by its place, e.g. values.yaml:web.image.tag=1.2.3, FILE below <path>; may be given several times',
      repeatable: true,
    },
    { flags: '--dry-run', description: 'print the changes and write nothing' },
    outputOption,
  ],
  async run({ arguments: [path], options, print, signal }) {
    if (path === undefined || path === '') {
      throw usageError('write: name a folder or a YAML file');
    }
    const writing = parseWriting(options);
    const { writeFiles } = await import('../app/commands/write-files.ts');
    const report = await writeFiles({ path, writing, isDryRun: options.flag('dryRun') }, signal);
    const lines = options.text('output') === 'json' ? [formatJson(report)] : toLines(report);
    for (const line of lines) {
      print(line);
    }
    return 0;
  },
};

function toLines({ changes, unmarked, unplaced }: WriteReport): string[] {
  return [
    ...changes.map((change) => `${change.file}:${change.line} ${shown(change.old)} -> ${shown(change.new)}`),
    ...unmarked.map((policy) => `no marker names ${policy}`),
    ...unplaced.map((name) => `no file has a place for ${name}`),
  ].map(harmless);
}

function shown(value: string): string {
  return value === '' ? '""' : value;
}

function parseWriting(options: Options): Writing {
  const writing = {
    markers: unique('--set', options.list('set').map(parseAssignment)),
    images: [...unique('--image', options.list('image').map(parseImage)).values()],
    charts: [...unique('--chart', options.list('chart').map(parseChart)).values()],
    values: [...unique('--value', options.list('value').map(parseValue)).values()],
  };
  if (writing.markers.size + writing.images.length + writing.charts.length + writing.values.length === 0) {
    throw usageError('write: say what to write, e.g. --set flux-system:web=ghcr.io/org/web:1.2.3');
  }
  return writing;
}

/** What one option says, and of what; nothing can hold two versions. */
type Assignment<T> = readonly [name: string, value: T];

function unique<T>(option: string, assignments: readonly Assignment<T>[]): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const [name, value] of assignments) {
    if (found.has(name)) {
      throw usageError(`${option}: ${name} is set twice; it has one version`);
    }
    found.set(name, value);
  }
  return found;
}

const policyPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

function parseAssignment(text: string): Assignment<ChosenImage> {
  const [policy, image] = splitAt(text, '=');
  if (!policyPattern.test(policy)) {
    throw usageError(
      `--set "${text}": write NAMESPACE:POLICY=REPOSITORY:TAG, e.g. flux-system:web=ghcr.io/org/web:1.2.3`,
    );
  }
  return [policy, parseChosenImage('--set', text, image)];
}

function parseImage(text: string): Assignment<ChosenImage> {
  const image = parseChosenImage('--image', text, text);
  return [image.name, image];
}

const chartPattern = /^[A-Za-z0-9][\w.-]{0,249}$/;
const versionPattern = /^[\w.+-]{1,256}$/;

function parseChart(text: string): Assignment<ChosenChart> {
  const [name, version] = splitAt(text, '=');
  if (!chartPattern.test(name) || !versionPattern.test(version)) {
    throw usageError(`--chart "${text}": write NAME=VERSION, e.g. ingress-nginx=4.11.3, the name without a repository`);
  }
  return [name, { name, version }];
}

function parseValue(text: string): Assignment<FileValue> {
  const [file, assignment] = splitAt(text, ':');
  const [path, value] = splitAt(assignment, '=');
  const parsed = parseFieldPath(path);
  if (file === '' || !assignment.includes('=')) {
    throw usageError(`--value "${text}": write FILE:PATH=VALUE, e.g. values.yaml:web.image.tag=1.2.3`);
  }
  if (parsed.kind === 'Invalid') {
    throw usageError(`--value "${text}": ${parsed.reason}`);
  }
  return [`${file}:${path}`, { file, path: parsed.path, value }];
}

/** What stands before and behind the first of a sign, that in brackets not counted. */
function splitAt(text: string, sign: string): readonly [before: string, behind: string] {
  let depth = 0;
  for (const [index, one] of [...text].entries()) {
    depth += one === '[' ? 1 : one === ']' ? -1 : 0;
    if (one === sign && depth === 0) {
      return [[...text].slice(0, index).join(''), [...text].slice(index + 1).join('')];
    }
  }
  return ['', text];
}

/** The repository as written: it goes into files whose authors chose how to spell it. */
function parseChosenImage(option: string, whole: string, text: string): ChosenImage {
  try {
    const { tag, digest } = parseImageReference(text);
    if (tag === undefined) {
      throw usageError(`${option}: "${text}" has no tag; write REPOSITORY:TAG, with @DIGEST behind it if wanted`);
    }
    return { name: setImage(text, {}), tag, ...(digest !== undefined && { digest }) };
  } catch (error) {
    throw isOperationError(error, 'REFERENCE_INVALID') ? usageError(`${option} "${whole}": ${error.message}`) : error;
  }
}
