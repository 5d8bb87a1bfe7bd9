/** Records of tests within an Update: wire form <-> what the product works with. */
import Type, { type Static } from 'typebox';
import { type TestRecord, verdicts } from '../../core/app-test/test-record.ts';
import { clipMessage } from '../../core/text.ts';
import { Text, Time } from '../schema-parts.ts';

const count = (description: string) => Type.Integer({ description, minimum: 0 });

export const TestRecordSchema = Type.Object({
  name: Text('Name of the test; of one of an AnalysisTemplate, with that of the metric behind a dot.', 127),
  startedAt: Time('When it began.'),
  finishedAt: Type.Optional(Time('When it had its verdict.')),
  verdict: Type.Optional(
    Type.Enum([...verdicts], { description: 'What it came to; absent while it goes on. It does not change.' }),
  ),
  message: Text('What the last attempt came to, for people.', 32_768),
  attempts: count('Attempts that have ended.'),
  passed: count('Of them, those that passed.'),
  failed: count('Of them, those that failed.'),
  inconclusive: count('Of them, those that could not tell.'),
  nextAt: Type.Optional(Time('When the next attempt may begin.')),
  logDigest: Type.Optional(Text('SHA-256 of what the last attempt wrote or was answered.', 256)),
  run: Type.Optional(
    Type.Object(
      { id: Text('Its name: of a Job, or as a CI is told.', 253), startedAt: Time('When it began.') },
      { description: 'The attempt under way, where it goes on outside of Headgate.' },
    ),
  ),
  acceptedBy: Type.Optional(Text('Who took it for good although it was inconclusive.', 512)),
});

type TestRecordWire = Static<typeof TestRecordSchema>;

export function encodeTest(record: TestRecord): TestRecordWire {
  const { startedAt, finishedAt, nextAt, message, run, ...rest } = record;
  return {
    ...rest,
    message: clipMessage(message),
    startedAt: startedAt.toISOString(),
    ...(run === undefined ? {} : { run: { id: run.id, startedAt: run.startedAt.toISOString() } }),
    ...(finishedAt === undefined ? {} : { finishedAt: finishedAt.toISOString() }),
    ...(nextAt === undefined ? {} : { nextAt: nextAt.toISOString() }),
  };
}

export function decodeTest({ startedAt, finishedAt, nextAt, run, ...rest }: TestRecordWire): TestRecord {
  const { verdict, logDigest, acceptedBy, ...counts } = rest;
  return {
    ...counts,
    startedAt: new Date(startedAt),
    ...(run === undefined ? {} : { run: { id: run.id, startedAt: new Date(run.startedAt) } }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(logDigest === undefined ? {} : { logDigest }),
    ...(acceptedBy === undefined ? {} : { acceptedBy }),
    ...(finishedAt === undefined ? {} : { finishedAt: new Date(finishedAt) }),
    ...(nextAt === undefined ? {} : { nextAt: new Date(nextAt) }),
  };
}
