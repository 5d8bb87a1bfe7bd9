/** Label selectors in the text form that lists and watches take (labels.Selector.String of apimachinery), put to work here. */

export type Labels = Readonly<Record<string, string>>;

export interface PodSelector {
  readonly matches: (labels: Labels) => boolean;
  /** A `key=value` that every match has, to be looked up by; undefined where the selector asks for none. */
  readonly term: string | undefined;
}

/** Understands what decode-workload.ts writes. An empty text matches everything. */
export function compilePodSelector(text: string): PodSelector {
  const terms = splitTerms(text);
  const tests = terms.map(compileTerm);
  return {
    matches: (labels) => tests.every((test) => test(labels)),
    term: terms.find((term) => equality.test(term)),
  };
}

/** How a pod is found by its labels: each of them as PodSelector.term has it. */
export function termsOfLabels(labels: Labels): readonly string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`);
}

const equality = /^[^!=() ]+=[^=]*$/;
const membership = /^(\S+) (in|notin) \((.*)\)$/;

/** At commas, but not at those between the values of a set. */
function splitTerms(text: string): readonly string[] {
  return text === '' ? [] : text.split(/,(?![^(]*\))/);
}

function compileTerm(term: string): (labels: Labels) => boolean {
  const [, key = '', operator, list = ''] = membership.exec(term) ?? [];
  if (operator !== undefined) {
    const values = new Set(list.split(','));
    const isIn = (labels: Labels) => {
      const value = labels[key];
      return value !== undefined && values.has(value);
    };
    return operator === 'in' ? isIn : (labels) => !isIn(labels);
  }
  if (term.startsWith('!')) {
    return (labels) => labels[term.slice(1)] === undefined;
  }
  const at = term.indexOf('=');
  return at < 0 ? (labels) => labels[term] !== undefined : (labels) => labels[term.slice(0, at)] === term.slice(at + 1);
}
