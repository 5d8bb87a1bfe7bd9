import type { WriteReport } from '../app/write-markers.ts';
import { isOperationError } from '../core/errors.ts';
import type { ChosenImage } from '../core/git-write/marker.ts';
import { parseImageReference, setImage } from '../core/image/reference.ts';
import { type Command, outputOption, usageError } from './command.ts';
import { formatJson, harmless } from './table.ts';

export const writeCommand: Command = {
  name: 'write',
  summary: 'Write versions into YAML files at the image policy markers of Flux; needs no cluster.',
  arguments: [{ syntax: '<path>', description: 'folder, or one YAML file' }],
  options: [
    {
      flags: '--set <assignment>',
      description:
        'NAMESPACE:POLICY=REPOSITORY:TAG[@DIGEST]: what markers of this policy shall hold; may be given several times',
      repeatable: true,
    },
    { flags: '--dry-run', description: 'print the changes and write nothing' },
    outputOption,
  ],
  async run({ arguments: [path], options, print, signal }) {
    if (path === undefined || path === '') {
      throw usageError('write: name a folder or a YAML file');
    }
    const images = parseAssignments(options.list('set'));
    const { writeMarkers } = await import('../app/write-markers.ts');
    const report = await writeMarkers({ path, images, isDryRun: options.flag('dryRun') }, signal);
    const lines = options.text('output') === 'json' ? [formatJson(report)] : toLines(report);
    for (const line of lines) {
      print(line);
    }
    return 0;
  },
};

function toLines({ changes, unmarked }: WriteReport): string[] {
  return [
    ...changes.map((change) => `${change.file}:${change.line} ${shown(change.old)} -> ${shown(change.new)}`),
    ...unmarked.map((policy) => `no marker names ${policy}`),
  ].map(harmless);
}

function shown(value: string): string {
  return value === '' ? '""' : value;
}

function parseAssignments(texts: readonly string[]): ReadonlyMap<string, ChosenImage> {
  const images = new Map<string, ChosenImage>();
  for (const text of texts) {
    const { policy, image } = parseAssignment(text);
    if (images.has(policy)) {
      throw usageError(`--set: ${policy} is set twice; a policy has one image`);
    }
    images.set(policy, image);
  }
  if (images.size === 0) {
    throw usageError('write: say what to write, e.g. --set flux-system:web=ghcr.io/org/web:1.2.3');
  }
  return images;
}

const policyPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

function parseAssignment(text: string): { readonly policy: string; readonly image: ChosenImage } {
  const equals = text.indexOf('=');
  const policy = text.slice(0, Math.max(equals, 0));
  if (!policyPattern.test(policy)) {
    throw usageError(
      `--set "${text}": write NAMESPACE:POLICY=REPOSITORY:TAG, e.g. flux-system:web=ghcr.io/org/web:1.2.3`,
    );
  }
  try {
    return { policy, image: parseChosenImage(text.slice(equals + 1)) };
  } catch (error) {
    throw isOperationError(error, 'REFERENCE_INVALID') ? usageError(`--set "${text}": ${error.message}`) : error;
  }
}

/** The repository as written: it goes into files whose authors chose how to spell it. */
function parseChosenImage(text: string): ChosenImage {
  const { tag, digest } = parseImageReference(text);
  if (tag === undefined) {
    throw usageError(`--set: "${text}" has no tag; write REPOSITORY:TAG, with @DIGEST behind it if wanted`);
  }
  return { name: setImage(text, {}), tag, ...(digest !== undefined && { digest }) };
}
