import { expect, test } from 'vitest';
import type { AppSpecWire } from './app.ts';
import { notePinning } from './decode-pinning.ts';

const verify = { keySecretRef: { name: 'cosign' } };
const image = { repository: 'ghcr.io/org/web', policy: { semver: { range: '1.x' } } };
const sources = [
  { name: 'web', image: { ...image, verify } },
  { name: 'other', image },
  { name: 'chart', chart: { repository: 'oci://ghcr.io/org/chart', verify } },
  { name: 'code', git: { url: 'https://h/r', branch: 'main', verify: { keysSecretRef: { name: 'keys' } } } },
];
const field = { apiVersion: 'v1', kind: 'ConfigMap', name: 'web', path: 'data.a' };
const patch = (...targets: readonly object[]) => ({ patch: { targets: targets.map((one) => ({ ...field, ...one })) } });
const git = (fields: object) => ({ git: { repository: 'https://h/r', watch: {}, ...fields } });
const moved = 'cannot go with verify, because a tag can be moved after it was verified';

test.each<{ what: string; deploy: object; noted: readonly string[] }>([
  {
    what: 'workloads by tag',
    deploy: { workloads: { targets: [{ name: 'a' }], imageReference: 'Tag' } },
    noted: [`spec.deploy.workloads.imageReference: "Tag" ${moved}; use Digest`],
  },
  { what: 'workloads by digest', deploy: { workloads: { targets: [{ name: 'a' }] } }, noted: [] },
  {
    what: 'a field with the tag alone',
    deploy: patch({ source: 'web' }),
    noted: [
      `spec.deploy.patch.targets[0]: a tag alone ${moved}; use value Digest or Reference here, or in one more place`,
    ],
  },
  { what: 'a field with the tag, of a source that verifies nothing', deploy: patch({ source: 'other' }), noted: [] },
  { what: 'a tag beside its digest', deploy: patch({ source: 'web' }, { source: 'web', value: 'Digest' }), noted: [] },
  { what: 'a whole reference', deploy: patch({ source: 'web', value: 'Reference' }), noted: [] },
  { what: 'a template with the digest', deploy: patch({ source: 'web', template: 'v{tag}@{digest}' }), noted: [] },
  {
    what: 'a template without',
    deploy: patch({ source: 'code', template: 'v{tag}' }),
    noted: [`spec.deploy.patch.targets[0]: a tag alone ${moved}`],
  },
  { what: 'markers with digests', deploy: git({ writers: [{ source: 'web', marker: 'ns:p' }] }), noted: [] },
  {
    what: 'markers and kustomizations by tag',
    deploy: git({
      imageReference: 'Tag',
      writers: [
        { source: 'web', marker: 'ns:p' },
        { source: 'other', kustomization: {} },
      ],
    }),
    noted: [`spec.deploy.git.writers[0]: a tag alone ${moved}; use imageReference: Digest`],
  },
  {
    what: 'a chart in git',
    deploy: git({ writers: [{ source: 'chart', chart: { name: 'web' } }] }),
    noted: [`spec.deploy.git.writers[0]: a tag alone ${moved}; a chart is written by its version`],
  },
  {
    what: 'a value in git',
    deploy: git({ writers: [{ source: 'web', value: { file: 'values.yaml', path: 'image.tag' } }] }),
    noted: [`spec.deploy.git.writers[0].value: a tag alone ${moved}`],
  },
])('$what', ({ deploy, noted }) => {
  const found: string[] = [];

  notePinning({ sources, deploy } as Pick<AppSpecWire, 'sources' | 'deploy'>, (at, problem) =>
    found.push(`${at}: ${problem}`),
  );

  expect(found).toEqual(noted.map((text) => expect.stringContaining(text)));
});
