import { describe, expect, test } from 'vitest';
import { completeVersion, readValue, type ValueForm, writeValue } from './object-field.ts';

const digest = `sha256:${'d'.repeat(64)}`;
const older = `sha256:${'0'.repeat(64)}`;
const template = (text: string): ValueForm => ({ kind: 'Template', text });

describe('what is written', () => {
  test.each([
    { form: { kind: 'Tag' } as const, value: 'v2' },
    { form: { kind: 'Digest' } as const, value: digest },
    { form: { kind: 'Reference' } as const, value: `ghcr.io/org/web:v2@${digest}` },
    { form: { kind: 'Reference' } as const, current: 'mirror/web:v1', value: `mirror/web:v2@${digest}` },
    { form: template('{tag}+k3s1'), value: 'v2+k3s1' },
    { form: template('{repository}@{digest}'), value: `ghcr.io/org/web@${digest}` },
    { form: template('oci://{repository}:{tag}'), value: 'oci://ghcr.io/org/web:v2' },
  ])('$form.kind $form.text over $current', ({ form, current, value }) => {
    expect(writeValue(form, { repository: 'ghcr.io/org/web', version: { tag: 'v2', digest }, current })).toBe(value);
  });

  test.each([{ kind: 'Digest' } as const, template('{tag}@{digest}')])('$kind needs a digest', (form) => {
    expect(writeValue(form, { repository: 'a', version: { tag: 'v2', digest: undefined }, current: undefined })).toBe(
      undefined,
    );
  });
});

describe('what is read', () => {
  test.each([
    { form: { kind: 'Tag' } as const, text: 'v1', tag: 'v1', digest: undefined },
    { form: { kind: 'Digest' } as const, text: digest, tag: undefined, digest },
    { form: { kind: 'Digest' } as const, text: 'main', tag: undefined, digest: undefined },
    { form: { kind: 'Reference' } as const, text: `web:v1@${digest}`, tag: 'v1', digest },
    { form: template('{tag}+k3s1'), text: 'v1+k3s1', tag: 'v1', digest: undefined },
    { form: template('{tag}+k3s1'), text: 'v1+k3s2', tag: undefined, digest: undefined },
    { form: template('x{tag}x'), text: 'x', tag: undefined, digest: undefined },
    { form: template('{tag}@{digest}'), text: `v1@${digest}`, tag: undefined, digest: undefined },
    { form: { kind: 'Tag' } as const, text: undefined, tag: undefined, digest: undefined },
  ])('$form.kind $form.text in $text', ({ form, text, ...version }) => {
    expect(readValue(form, text)).toEqual({ tag: version.tag, digest: version.digest });
  });

  test.each([
    { form: { kind: 'Tag' } as const, text: 'v1', version: { tag: 'v1', digest: older } },
    { form: { kind: 'Digest' } as const, text: digest, version: { tag: 'v2', digest } },
    { form: template('{tag}@{digest}'), text: `v2@${digest}`, version: { tag: 'v2', digest } },
    { form: { kind: 'Tag' } as const, text: 'v9', version: { tag: 'v9', digest: undefined } },
  ])('$form.kind $text, completed by what Updates wrote', ({ form, text, version }) => {
    const known = [
      { tag: 'v2', digest },
      { tag: 'v1', digest: older },
    ];

    expect(completeVersion({ form, text, repository: 'web' }, known)).toEqual(version);
  });
});
