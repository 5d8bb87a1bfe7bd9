import { queryCommand } from './query.ts';
import { formatTable } from './table.ts';

const heading = ['NAMESPACE', 'REJECTION', 'APP', 'TAG', 'DIGEST', 'BY', 'EXPIRES', 'REASON'];

export const rejectionsCommand = queryCommand({
  name: 'rejections',
  summary: 'Show the versions that must not be taken again. Deleting a Rejection lifts it.',
  read: (records, { namespace }, signal) => records.readRejections(namespace, signal),
  toJson: (rejections) => rejections,
  toTable: (rejections) =>
    formatTable(
      heading,
      rejections.map((one) => [
        one.namespace,
        one.name,
        one.app ?? '(all)',
        one.tag ?? '',
        one.digest,
        one.author,
        one.expiresAt?.toISOString() ?? 'never',
        one.reason,
      ]),
    ),
});
