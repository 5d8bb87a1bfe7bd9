import { describe, expect, test } from 'vitest';
import { formatChannelAddress, parseChannelAddress } from './address.ts';

describe('an address', () => {
  test.each([
    { text: 'https://hub.example.com/stable', place: 'https://hub.example.com/stable/' },
    { text: 'file:///srv/stable/', place: 'file:///srv/stable/' },
    { text: 's3://bucket/a/b/', place: 's3://bucket/a/b at https://s3.us-east-1.amazonaws.com' },
    { text: 's3://bucket?region=cn-north-1', place: 's3://bucket at https://s3.cn-north-1.amazonaws.com.cn' },
    { text: 's3://bucket/x?endpoint=http://127.0.0.1:9000', place: 's3://bucket/x at http://127.0.0.1:9000' },
    { text: 'oci://127.0.0.1:5000/org/stable', place: 'oci://127.0.0.1:5000/org/stable:channel' },
    { text: 'oci://ghcr.io/org/stable?tag=beta&insecure=true', place: 'oci://ghcr.io/org/stable:beta' },
    { text: 'git+https://host/org/repo.git', place: 'branch channel of https://host/org/repo.git' },
    { text: 'git+ssh://git@host/org/repo?branch=pub&path=a/b', place: 'branch pub of ssh://git@host/org/repo' },
  ])('$text is $place', ({ text, place }) => {
    expect(formatChannelAddress(parseChannelAddress(text, 'spec.url'))).toBe(place);
  });

  test.each([
    { text: 'stable', problem: 'it is no address' },
    { text: 'ftp://host/x', problem: 'it begins with none of' },
    { text: 's3://bucket/x?endpoint=https://host/path', problem: 'endpoint has to be an origin' },
    { text: 's3://bucket/x?endpoint=https://user:pass@host', problem: 'endpoint has to be an origin' },
    { text: 's3://bucket/x?regoin=eu', problem: 'it knows endpoint and region alone' },
    { text: 's3://Bucket_1/x', problem: 'is no name of a bucket' },
    { text: 's3://bucket/a%20b', problem: 'its path may have' },
    { text: 's3://key:secret@bucket/a', problem: 'credentials do not belong into an address' },
    { text: 'oci://ghcr.io/org/x?tag=a/b', problem: 'is no tag' },
    { text: 'git+https://host/repo?branch=-x', problem: 'is no name of a branch' },
    { text: 'git+https://host/repo?path=../x', problem: '..' },
    { text: 'git+https://user:secret@host/repo', problem: 'credentials do not belong into an address' },
  ])('$text is refused: $problem', ({ text, problem }) => {
    const read = () => parseChannelAddress(text, 'spec.url');
    expect(read).toThrow(problem);
    expect(read).not.toThrow(/secret|pass@/);
  });
});
