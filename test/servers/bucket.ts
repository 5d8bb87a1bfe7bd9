/** A real S3 gateway (versitygw) over a folder, on a free port of 127.0.0.1, with one bucket. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { locateTools } from '../cluster/binaries.ts';
import { freePort } from '../cluster/ports.ts';
import { hireWarden, waitUntilReady } from '../cluster/warden.ts';

export interface Bucket {
  readonly origin: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Where its objects are. */
  readonly folder: string;
  stop(): Promise<void>;
}

const accessKeyId = 'headgate';
const secretAccessKey = 'a secret of the test';

/** @param folder where objects are kept; default: one of its own */
export async function startBucket(name: string, folder?: string): Promise<Bucket> {
  const { versitygw } = await locateTools(['versitygw']);
  const warden = await hireWarden();
  try {
    const root = folder ?? join(warden.directory, 'objects');
    // A folder at the top is a bucket.
    mkdirSync(join(root, name), { recursive: true });
    // Without its metadata it takes every object for a new one, so that a write on condition always succeeds.
    const metadata = join(warden.directory, 'metadata');
    mkdirSync(metadata, { recursive: true });
    const host = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const process = warden.start({
      name: 'versitygw',
      program: versitygw,
      arguments: [
        '--port',
        host,
        '--access',
        accessKeyId,
        '--secret',
        secretAccessKey,
        'posix',
        '--sidecar',
        metadata,
        root,
      ],
    });
    await waitUntilReady(process, 30_000, () => answers(host));
    return {
      ...{ accessKeyId, secretAccessKey, origin: `http://${host}`, folder: join(root, name) },
      stop: () => warden.dismiss(),
    };
  } catch (error) {
    await warden.dismiss();
    throw error;
  }
}

async function answers(host: string): Promise<boolean> {
  try {
    const response = await request(`http://${host}/`, { headersTimeout: 2_000 });
    await response.body.dump();
    return response.statusCode < 500;
  } catch {
    return false;
  }
}
