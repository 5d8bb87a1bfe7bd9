import { describe, expect, test } from 'vitest';
import { reachOf } from '../../network/reach.ts';
import { findTrespass } from './hop-guard.ts';

describe('reachOf', () => {
  test.each([
    ['8.8.8.8', 'public'],
    ['2606:4700::1', 'public'],
    ['10.0.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.0', 'public'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fd12::1', 'private'],
    ['127.0.0.1', 'loopback'],
    ['0.0.0.0', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['169.254.169.254', 'linkLocal'],
    ['::ffff:169.254.169.254', 'linkLocal'],
    ['::ffff:a9fe:a9fe', 'linkLocal'],
    ['fe80::1', 'linkLocal'],
    ['fd00:ec2::254', 'linkLocal'],
    ['100.100.100.200', 'linkLocal'],
    ['168.63.129.16', 'linkLocal'],
  ])('%s is %s', (address, reach) => {
    expect(reachOf(address)).toBe(reach);
  });
});

describe('findTrespass', () => {
  const metadata = 'http://169.254.169.254/latest/meta-data/';

  test.each([
    ['https://8.8.8.8/', 'https://1.1.1.1/token', undefined],
    ['https://8.8.8.8/', 'https://8.8.8.8:5001/token', undefined],
    ['https://8.8.8.8/', 'https://10.96.0.1/token', 'private'],
    ['https://8.8.8.8/', 'https://127.0.0.1:6443/token', 'loopback'],
    ['https://8.8.8.8/', 'https://localhost:6443/token', 'loopback'],
    ['https://8.8.8.8/', metadata, 'link-local'],
    ['https://8.8.8.8/', 'http://2852039166/', 'link-local'],
    ['https://10.0.0.1/', 'https://10.0.0.2/token', undefined],
    ['https://10.0.0.1/', 'https://8.8.8.8/token', undefined],
    ['https://10.0.0.1/', 'https://127.0.0.1/token', 'loopback'],
    ['https://127.0.0.1:5000/', 'https://127.0.0.2:5001/token', undefined],
    ['https://127.0.0.1:5000/', 'http://10.0.0.1/', undefined],
    ['https://127.0.0.1:5000/', metadata, 'link-local'],
    ['https://registry.sub.localhost/', 'https://auth.sub.localhost/', undefined],
    ['https://nosuch.example/', 'https://nosuch.elsewhere.example/', undefined],
  ])('from %s to %s is %s', async (from, to, kind) => {
    const trespass = await findTrespass(new URL(from), new URL(to), () => false);

    if (kind === undefined) {
      expect(trespass).toBeUndefined();
    } else {
      expect(trespass).toContain(`is a ${kind} address, which ${new URL(from).host} is not`);
    }
  });

  test.each([
    ['https://registry.example.com/', 'https://10.0.0.1/', 'private'],
    ['https://registry.example.com/', 'https://auth.other.example/', undefined],
  ])('through a proxy from %s to %s is %s', async (from, to, kind) => {
    const trespass = await findTrespass(new URL(from), new URL(to), () => true);

    expect(trespass?.includes(`is a ${kind} address`) ?? undefined).toBe(kind === undefined ? undefined : true);
  });
});
