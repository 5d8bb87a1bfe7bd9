/** What an Event object looks like, and which events are repeats of each other. */
import { microTime } from './clock.ts';
import { type KubeObject, keyOf } from './objects.ts';

export interface EventInput {
  /** The object it is about. */
  readonly regarding: KubeObject;
  readonly related?: KubeObject;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, for machines; at most 128 characters. */
  readonly reason: string;
  /** CamelCase: what was being done; at most 128 characters. */
  readonly action: string;
  /** For people; at most 1 KiB, the rest is cut. No secrets. */
  readonly note: string;
}

/** Who reports; see EventRecorderOptions. */
interface Reporter {
  readonly controller: string;
  readonly instance: string;
}

/** An event that was seen lately: the series that its repeats join. */
export interface Series {
  readonly input: EventInput;
  readonly namespace: string;
  readonly firstAt: Date;
  name: string;
  count: number;
  lastAt: Date;
  lastAtMs: number;
  isCreated: boolean;
}

const maxNoteBytes = 1024;
const maxWordLength = 128;

/** The Event as it stands now: with a series when it was repeated before its first write. */
export function eventObject(series: Series, reporter: Reporter) {
  const { input } = series;
  return {
    metadata: { namespace: series.namespace, name: series.name },
    eventTime: microTime(series.firstAt),
    reportingController: reporter.controller,
    reportingInstance: reporter.instance.slice(0, maxWordLength),
    type: input.type,
    reason: input.reason.slice(0, maxWordLength),
    action: input.action.slice(0, maxWordLength),
    note: clipBytes(input.note, maxNoteBytes),
    regarding: referenceTo(input.regarding),
    ...(input.related && { related: referenceTo(input.related) }),
    ...(series.count > 1 && { series: { count: series.count, lastObservedTime: microTime(series.lastAt) } }),
  };
}

function referenceTo({ apiVersion, kind, metadata }: KubeObject) {
  const { name, namespace, uid, resourceVersion } = metadata;
  return { apiVersion, kind, name, namespace, uid, resourceVersion };
}

/** Events with the same key join one series. */
export function seriesKey({ regarding, related, type, reason, action, note }: EventInput): string {
  const objects = [regarding, related].map((object) => object && [object.kind, keyOf(object), object.metadata.uid]);
  return JSON.stringify([...objects, type, reason, action, note]);
}

/** Cuts at a character, not in the middle of one. */
function clipBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  return bytes.length <= maxBytes
    ? text
    : bytes
        .subarray(0, maxBytes)
        .toString('utf8')
        .replace(/\uFFFD$/, '');
}

/** A name that is a DNS subdomain whatever the object is called (RBAC names hold colons). `unique` is a number in [0, 1). */
export function eventName(regarding: KubeObject, now: Date, unique: number): string {
  const base = regarding.metadata.name
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .slice(0, 200)
    .replace(/[.-]+$/, '');
  const suffix = Math.floor(unique * 2 ** 48).toString(16);
  return `${base || 'x'}.${now.getTime().toString(16)}${suffix}`;
}
