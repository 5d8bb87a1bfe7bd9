/**
 * Where a field stands in an object or in a YAML document: `spec.chart.spec.version`, `images[0].newTag`,
 * `containers[name=web].image`. The spelling is that of `helm --set`, with the choice of a list's item by one of its fields.
 */

export type PathStep =
  | { readonly kind: 'Key'; readonly key: string }
  | { readonly kind: 'Index'; readonly index: number }
  /** The one item of a list whose field has this text. */
  | { readonly kind: 'Item'; readonly key: string; readonly value: string };

export type FieldPath = readonly PathStep[];

export type ParsedPath =
  | { readonly kind: 'Path'; readonly path: FieldPath }
  | { readonly kind: 'Invalid'; readonly reason: string };

const longestPath = 1_024;
const mostSteps = 64;

const keyStep = /(?:[^.[\]\\]|\\.)+/y;
const indexStep = /\[(0|[1-9]\d{0,5})\]/y;
const itemStep = /\[((?:[^=[\]\\]|\\.)+)=((?:[^[\]\\]|\\.)*)\]/y;

/**
 * Reads a path. A backslash takes the meaning from the sign behind it: `metadata.annotations.example\.org/version`.
 *
 * @returns Invalid, with what would be right, when the text is no path, longer than 1,024 characters or deeper than 64 steps
 */
export function parseFieldPath(text: string): ParsedPath {
  if (text.length > longestPath) {
    return { kind: 'Invalid', reason: `a path has at most ${longestPath} characters` };
  }
  const path: PathStep[] = [];
  let at = 0;
  while (at < text.length) {
    const isFirst = path.length === 0;
    const found = stepAt(text, at, isFirst);
    if (found === undefined || path.length === mostSteps) {
      const place =
        found === undefined ? `at "${text.slice(at, at + 20)}" it is none` : `it has more than ${mostSteps} steps`;
      return { kind: 'Invalid', reason: `"${text}" is no path, ${place}; write for example spec.images[0].newTag` };
    }
    path.push(found.step);
    at = found.end;
  }
  return path.length === 0 ? { kind: 'Invalid', reason: 'the path is empty' } : { kind: 'Path', path };
}

function stepAt(
  text: string,
  at: number,
  isFirst: boolean,
): { readonly step: PathStep; readonly end: number } | undefined {
  if (text[at] === '[') {
    const index = matchAt(indexStep, text, at);
    if (index) {
      return { step: { kind: 'Index', index: Number(index[1]) }, end: indexStep.lastIndex };
    }
    const item = matchAt(itemStep, text, at);
    return item && { step: itemOf(item), end: itemStep.lastIndex };
  }
  const hasDot = text[at] === '.';
  const key = hasDot === isFirst ? undefined : matchAt(keyStep, text, hasDot ? at + 1 : at);
  return key && { step: { kind: 'Key', key: unquote(key[0]) }, end: keyStep.lastIndex };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

function itemOf([, key = '', value = '']: RegExpExecArray): PathStep {
  return { kind: 'Item', key: unquote(key), value: unquote(value) };
}

/** The path as `parseFieldPath` reads it. */
export function formatFieldPath(path: FieldPath): string {
  return path.map(formatStep).join('').replace(/^\./, '');
}

function formatStep(step: PathStep): string {
  switch (step.kind) {
    case 'Key':
      return `.${quote(step.key)}`;
    case 'Index':
      return `[${step.index}]`;
    case 'Item':
      return `[${quote(step.key)}=${quote(step.value)}]`;
  }
}

function quote(text: string): string {
  return text.replaceAll(/[.[\]\\=]/g, '\\$&');
}

function unquote(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1');
}
