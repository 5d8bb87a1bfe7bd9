/** The `keel:` block in the values of a Helm release (keel `provider/helm3`), in the words of an App. */
import { OperationError } from '../errors.ts';
import { parseValuePath, valueAt } from '../helm/value-path.ts';
import { isValues, type Value, type Values } from '../helm/values.ts';
import { parseKeelName } from '../policy/keel-policy.ts';
import { parseCron } from '../schedule/cron.ts';
import type { Adoption, CheckTrigger } from './adoption.ts';
import { type KeelSettings, keelCron } from './keel.ts';
import { attempt, taggedImage } from './marks.ts';

/** An image of the release, and where its values are. */
export interface FollowedValue {
  readonly name: string;
  readonly repository: string;
  readonly pullSecret: string | undefined;
  /** Where the tag is, the digest, or the whole image. */
  readonly paths: { readonly tagPath?: string; readonly digestPath?: string; readonly imagePath?: string };
}

export interface ReleaseAdoption
  extends Pick<Adoption, 'problems' | 'trigger' | 'approvals' | 'notify' | 'releaseNotes'> {
  readonly policy: { readonly policy: string; readonly matchTag: boolean; readonly matchPreRelease: boolean };
  readonly images: readonly FollowedValue[];
}

const mostImages = 20;

/**
 * @param values of the release, with the chart's own below them
 * @returns undefined when Keel would leave the release alone
 */
export function readKeelValues(values: Values, settings: KeelSettings): ReleaseAdoption | undefined {
  const block = values['keel'];
  const policy = isValues(block) ? textIn(block, 'policy') : undefined;
  if (!isValues(block) || policy === undefined || policy === '' || policy === 'never') {
    return undefined;
  }
  const problems: string[] = [];
  attempt(problems, () => parseKeelName(policy, 'keel.policy'));
  const listed = attempt(problems, () => listIn(block, 'images')) ?? [];
  const images = listed.flatMap((one, index) => attempt(problems, () => imageOf(values, one, index)) ?? []);
  return {
    problems,
    policy: { policy, matchTag: block['matchTag'] === true, matchPreRelease: block['matchPreRelease'] !== false },
    images: withOwnNames(images),
    trigger: attempt(problems, () => triggerOf(block, settings)) ?? { kind: 'Webhook' },
    approvals: attempt(problems, () => approvalsOf(block)),
    notify: channelsOf(block),
    releaseNotes: listed.map((one) => (isValues(one) ? textIn(one, 'releaseNotes') : undefined)).find(Boolean),
  };
}

function imageOf(values: Values, entry: Value, index: number): FollowedValue {
  const field = `keel.images[${index}]`;
  const paths = isValues(entry) ? entry : {};
  const repositoryPath = textIn(paths, 'repository') ?? '';
  const tagPath = textIn(paths, 'tag');
  const digestPath = textIn(paths, 'digest');
  const written = textAt(values, repositoryPath, `${field}.repository`);
  const repository = tagPath === undefined ? taggedImage({ image: written })?.repository : written;
  if (repository === undefined) {
    throw invalid(`${field}.repository`, `"${written}" at ${repositoryPath} is no image with a tag`);
  }
  if (tagPath !== undefined) {
    textAt(values, tagPath, `${field}.tag`);
  }
  const secret = textIn(paths, 'imagePullSecret');
  return {
    name: nameOf(repository),
    repository,
    pullSecret: secret === undefined ? undefined : (optionalTextAt(values, secret) ?? secret),
    paths: {
      ...(tagPath === undefined ? { imagePath: repositoryPath } : { tagPath }),
      ...(digestPath !== undefined && { digestPath }),
    },
  };
}

/** Last part of the repository, as a name of a source may be. */
function nameOf(repository: string): string {
  const last = repository.split('/').at(-1) ?? '';
  const name = last
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 50);
  return name.replace(/-+$/, '') || 'image';
}

function withOwnNames(images: readonly FollowedValue[]): readonly FollowedValue[] {
  return images.map((image, index) => {
    const isTaken = images.slice(0, index).some((one) => one.name === image.name);
    return isTaken ? { ...image, name: `${image.name}-${index + 1}` } : image;
  });
}

function triggerOf(block: Values, settings: KeelSettings): CheckTrigger {
  if (block['trigger'] !== 'poll') {
    return { kind: 'Webhook' };
  }
  const cron = keelCron(textIn(block, 'pollSchedule') || settings.defaultSchedule);
  parseCron(cron, 'keel.pollSchedule');
  return { kind: 'Schedule', cron };
}

function approvalsOf(block: Values): Adoption['approvals'] {
  const required = wholeNumber(block, 'approvals', 100) ?? 0;
  const deadlineHours = wholeNumber(block, 'approvalDeadline', 8_760) || 24;
  return required === 0 ? undefined : { required, deadlineHours };
}

function wholeNumber(block: Values, key: string, most: number): number | undefined {
  const value = block[key];
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) {
    throw invalid(`keel.${key}`, `${JSON.stringify(value).slice(0, 64)} is not a whole number from 0 to ${most}`);
  }
  return value;
}

function channelsOf(block: Values): readonly string[] | undefined {
  const channels = block['notificationChannels'];
  const names = Array.isArray(channels) ? channels.filter((one: Value) => typeof one === 'string') : [];
  return names.length === 0 ? undefined : names;
}

function listIn(block: Values, key: string): readonly Value[] {
  const list = block[key] ?? [];
  if (!Array.isArray(list) || list.length === 0 || list.length > mostImages) {
    throw invalid(
      `keel.${key}`,
      `is no list of 1 to ${mostImages} images; write - {repository: image.repository, tag: image.tag}`,
    );
  }
  return list;
}

function textIn(values: Values, key: string): string | undefined {
  const value = values[key];
  return typeof value === 'string' ? value : undefined;
}

function textAt(values: Values, path: string, field: string): string {
  const found = optionalTextAt(values, path);
  if (found === undefined) {
    throw invalid(field, `there is no text at "${path}" in the values of the release`);
  }
  return found;
}

/** Tags such as 1.27 are numbers where their author left the quotes out. */
function optionalTextAt(values: Values, path: string): string | undefined {
  const parsed = parseValuePath(path);
  const found = 'problem' in parsed ? undefined : valueAt(values, parsed);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}

function invalid(field: string, problem: string): OperationError {
  return new OperationError(`${field}: ${problem}`, { code: 'OBJECT_INVALID', retry: 'never', context: { field } });
}
