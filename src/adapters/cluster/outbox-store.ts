/** Fulfils the engine's OutboxStore: one ConfigMap in each namespace that has something to tell. It holds no secrets. */
import Type, { type Static } from 'typebox';
import { isOperationError } from '../../core/errors.ts';
import { noticeEvents, noticeLevels, noticeSubjects } from '../../core/notify/notice.ts';
import type { Outbox, OutboxEntry } from '../../core/notify/outbox.ts';
import type { OutboxStore, StoredOutbox } from '../../engine/ports/outbox-store.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps } from '../../kube/resource-types.ts';
import { decoderOf } from '../../resources/decode.ts';
import { fieldManager } from './kinds.ts';

interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

const name = 'headgate-outbox';
const key = 'outbox.json';
const longestMessage = 1_024;

const text = Type.String();
const time = Type.String({ format: 'date-time' });

const Stored = Type.Array(
  Type.Object({
    ...{ id: text, channel: text, at: time, problem: Type.Optional(text) },
    state: Type.Enum(['Open', 'Sent', 'GivenUp']),
    attempts: Type.Integer(),
    notice: Type.Object({
      ...{ id: text, namespace: text, app: text, update: text, versions: text, message: text, at: time },
      // Absent in what was written before Channels were told of.
      about: Type.Optional(Type.Enum([...noticeSubjects])),
      event: Type.Enum([...noticeEvents]),
      level: Type.Enum([...noticeLevels]),
      releaseNotes: Type.Optional(text),
    }),
  }),
);

const decodeStored = decoderOf(Stored);

export function createOutboxStore(client: KubeClient): OutboxStore {
  return {
    async read(namespace, signal) {
      const found = await client.find<ConfigMap>(configMaps, { namespace, name }, { signal });
      return found === undefined ? { outbox: [], revision: undefined } : storedOf(found);
    },
    async write(namespace, outbox, revision, signal) {
      const data = { [key]: JSON.stringify(encode(outbox)) };
      const metadata = { namespace, name, labels: { 'app.kubernetes.io/managed-by': 'headgate' } };
      const options = { fieldManager, signal };
      const object: ConfigMap =
        revision === undefined
          ? await client.create<ConfigMap>(configMaps, { metadata, data }, options)
          : await client.patch<ConfigMap>(
              configMaps,
              { namespace, name },
              { kind: 'merge', body: { metadata: { resourceVersion: revision }, data } },
              options,
            );
      return { outbox, revision: object.metadata.resourceVersion };
    },
  };
}

/** What somebody wrote there that cannot be read is begun anew; at worst something is told twice. */
function storedOf({ metadata, data }: ConfigMap): StoredOutbox {
  const revision = metadata.resourceVersion;
  try {
    return { outbox: decodeStored(JSON.parse(data?.[key] ?? '[]'), `ConfigMap ${name}`).map(decode), revision };
  } catch (error) {
    if (error instanceof SyntaxError || isOperationError(error, 'OBJECT_INVALID')) {
      return { outbox: [], revision };
    }
    throw error;
  }
}

function encode(outbox: Outbox): Static<typeof Stored> {
  return outbox.map(({ at, notice, problem, ...entry }) => {
    const { releaseNotes, message, ...rest } = notice;
    return {
      ...entry,
      at: at.toISOString(),
      ...(problem === undefined ? {} : { problem: problem.slice(0, longestMessage) }),
      notice: {
        ...rest,
        at: notice.at.toISOString(),
        message: message.slice(0, longestMessage),
        ...(releaseNotes === undefined ? {} : { releaseNotes }),
      },
    };
  });
}

function decode({ at, notice, problem, ...entry }: Static<typeof Stored>[number]): OutboxEntry {
  return {
    ...entry,
    at: new Date(at),
    notice: { about: 'Update', ...notice, at: new Date(notice.at), releaseNotes: notice.releaseNotes },
    ...(problem === undefined ? {} : { problem }),
  };
}
