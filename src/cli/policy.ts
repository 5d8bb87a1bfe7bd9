import { addAbortSignal } from 'node:stream';
import { OperationError } from '../core/errors.ts';
import type { Requirements } from '../core/policy/requirements.ts';
import type { PolicyTrial } from '../core/policy/try-policy.ts';
import { type Command, type Invocation, type Options, outputOption, usageError } from './command.ts';
import { formatJson, formatTable } from './table.ts';

/** Much more than a registry has; what is beyond is refused, not cut. */
const maxInputBytes = 64 * 1024 * 1024;
const maxTags = 1_000_000;

/** Where the tags come from; opened when the policy is known to be good. */
export type OpenInput = (signal: AbortSignal) => AsyncIterable<Uint8Array>;

export const policyCommand: Command = policyCommandReading((signal) => addAbortSignal(signal, process.stdin));

/** Tries a policy on tags, without a cluster. */
export function policyCommandReading(openInput: OpenInput): Command {
  return {
    name: 'policy',
    summary: 'Try a version policy: read tags, one a line, and show which is chosen and why not each other.',
    arguments: [],
    options: [
      {
        flags: '--policy <policy>',
        description: 'as under policy: in an App (YAML), or keel:NAME for a policy of Keel',
      },
      { flags: '--current <tag>', description: 'the tag that runs' },
      {
        flags: '--match-pre-release [bool]',
        description: 'as keel.sh/matchPreRelease, which is true when absent; only for keel:NAME',
        choices: ['true', 'false'],
      },
      {
        flags: '--match-tag [bool]',
        description: 'as keel.sh/matchTag; only for keel:NAME',
        choices: ['true', 'false'],
      },
      outputOption,
    ],
    run: async (invocation) => {
      await tryOut(invocation, openInput);
      return 0;
    },
  };
}

async function tryOut({ options, print, signal }: Invocation, openInput: OpenInput): Promise<void> {
  const { tryPolicy } = await import('../core/policy/try-policy.ts');
  const current = currentOf(options);
  const policy = await wrongUse(async () => {
    const read = await readPolicy(options);
    // From no tags at all, so that a current tag that is of no use is told before a long list is read.
    tryPolicy(read, { tags: [], current });
    return read;
  });
  const tags = await readTags(openInput(signal));
  const unjudged = unjudgedOf(policy.requirements);
  print(show({ ...tryPolicy(policy, { tags, current }), ...unjudged }, options.given('output')));
}

/** What is wrong with a policy or a tag is wrong use of this command. */
async function wrongUse<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof OperationError && ['POLICY_INVALID', 'OBJECT_INVALID'].includes(error.code)) {
      throw usageError(error.message);
    }
    throw error;
  }
}

async function readPolicy(options: Options) {
  const text = options.text('policy');
  if (text === undefined) {
    throw usageError("--policy is missing; write for example --policy 'semver: {range: 1.x}' or --policy keel:minor");
  }
  const { parsePolicyText } = await import('../app/commands/policy-text.ts');
  return parsePolicyText(text, {
    matchPreRelease: booleanOf(options, 'matchPreRelease'),
    matchTag: booleanOf(options, 'matchTag'),
  });
}

/** A flag that may have a value; undefined when it is not there. */
function booleanOf(options: Options, name: string): boolean | undefined {
  const text = options.text(name);
  return text === undefined ? options.flag(name) || undefined : text === 'true';
}

/** What can be a tag of an image, a version of a chart, or a number. */
const tagPattern = /^[\w+.-]{1,256}$/;

function currentOf(options: Options): string | undefined {
  const current = options.text('current');
  if (current !== undefined && !tagPattern.test(current)) {
    throw usageError(`--current: "${current}" is not a tag; write for example 1.2.3`);
  }
  return current;
}

/** One a line, each once, in the order given. */
async function readTags(input: AsyncIterable<Uint8Array>): Promise<readonly string[]> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of input) {
    size += chunk.length;
    if (size > maxInputBytes) {
      throw usageError(`standard input has more than ${maxInputBytes} bytes; give fewer tags`);
    }
    chunks.push(chunk);
  }
  const lines = Buffer.concat(chunks).toString('utf8').split('\n');
  const tags = [...new Set(lines.map((line) => line.trim()).filter((line) => line !== ''))];
  if (tags.length > maxTags) {
    throw usageError(`standard input has ${tags.length} tags; ${maxTags} are the most`);
  }
  return tags;
}

interface Report extends PolicyTrial {
  /** Fields of the policy that only a registry and a cluster can answer; absent when there are none. */
  readonly unjudged?: readonly string[];
}

function unjudgedOf({ minimumAgeMs, platforms }: Requirements = {}): Pick<Report, 'unjudged'> {
  const unjudged = [
    ...(minimumAgeMs === undefined ? [] : ['minimumAge']),
    ...(platforms === undefined ? [] : ['platforms']),
  ];
  return unjudged.length === 0 ? {} : { unjudged };
}

function show({ choice, rejected, unjudged }: Report, form: string): string {
  const reasons = rejected.map(({ tag, reason, message }) => ({ tag, reason: `${reason}: ${message}` }));
  if (form === 'json') {
    return formatJson({ choice, rejected: reasons, ...(unjudged && { unjudged }) });
  }
  const rows = reasons.map(({ tag, reason }) => [tag, reason]);
  return [
    `choice: ${choice ?? 'none'}`,
    ...(unjudged ? [`not judged without registry and cluster: ${unjudged.join(', ')}`] : []),
    ...(rows.length > 0 ? ['', formatTable(['TAG', 'NOT TAKEN'], rows)] : []),
  ].join('\n');
}
