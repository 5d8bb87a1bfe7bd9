import { expect, test } from 'vitest';
import { type AppObjectWire, decodeApp, decodeAppSpec } from '../../resources/app/decode-app.ts';
import { findSharedPlace, type GitWriter } from './git-places.ts';

const metadata = { name: 'web', namespace: 'demo', uid: 'uid', creationTimestamp: '2026-05-04T12:00:00Z' };

function writer(git: object, image = 'ghcr.io/org/web'): GitWriter {
  const spec = {
    sources: [{ name: 'web', image: { repository: image, policy: { semver: { range: '1.x' } } } }],
    deploy: {
      git: {
        repository: 'https://git.example.org/org/fleet.git',
        watch: { workloads: [{ kind: 'Deployment', name: 'web' }] },
        ...git,
      },
    },
  };
  const app: AppObjectWire = decodeApp({ metadata, spec }, 'App');
  const { sources, deploy } = decodeAppSpec(app);
  return deploy.kind === 'Git' ? { sources, deploy } : expect.fail();
}

const marker = (policy: string) => ({ writers: [{ source: 'web', marker: policy }] });
const kustomization = { writers: [{ source: 'web', kustomization: {} }] };
const value = (file: string, path: string) => ({ writers: [{ source: 'web', value: { file, path } }] });

test.each<[string, GitWriter, GitWriter, string | undefined]>([
  ['one marker', writer(marker('demo:web')), writer(marker('demo:web')), 'the marker demo:web'],
  ['two markers', writer(marker('demo:web')), writer(marker('demo:other')), undefined],
  [
    'one by https, one by ssh',
    writer(marker('demo:web')),
    writer({ ...marker('demo:web'), repository: 'git@git.example.org:Org/fleet' }),
    'the marker demo:web',
  ],
  [
    'another repository',
    writer(marker('demo:web')),
    writer({ ...marker('demo:web'), repository: 'https://git.example.org/org/other' }),
    undefined,
  ],
  ['another branch', writer(marker('demo:web')), writer({ ...marker('demo:web'), branch: 'stage' }), undefined],
  [
    'folders beside each other',
    writer({ ...marker('demo:web'), path: 'stage' }),
    writer({ ...marker('demo:web'), path: 'stage-two' }),
    undefined,
  ],
  [
    'a folder in a folder',
    writer({ ...marker('demo:web'), path: 'apps' }),
    writer({ ...marker('demo:web'), path: 'apps/web' }),
    'the marker demo:web',
  ],
  [
    'one image of kustomizations',
    writer(kustomization),
    writer(kustomization),
    'the image ghcr.io/org/web of kustomizations',
  ],
  ['two images of kustomizations', writer(kustomization), writer(kustomization, 'ghcr.io/org/other'), undefined],
  [
    'one value, by two folders',
    writer(value('apps/web.yaml', 'image.tag')),
    writer({ ...value('web.yaml', 'image.tag'), path: 'apps' }),
    'image.tag of apps/web.yaml',
  ],
  ['two values of one file', writer(value('web.yaml', 'image.tag')), writer(value('web.yaml', 'other.tag')), undefined],
])('%s', (_, one, other, expected) => {
  expect(findSharedPlace(one, other)).toBe(expected);
  expect(findSharedPlace(other, one)).toBe(expected);
});
