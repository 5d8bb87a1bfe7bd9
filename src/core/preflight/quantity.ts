/** Amounts as Kubernetes writes them: `500m`, `1.5Gi`, `2e3`. */

const factors: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** Undefined for what is no amount. Exact enough to compare: twice the precision that is ever written. */
export function parseQuantity(text: string): number | undefined {
  const [, number = '', exponent = '', suffix = ''] =
    /^([+-]?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18}))(?:([eE][+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i)?)$/.exec(text) ?? [];
  const factor = factors[suffix];
  return number === '' || factor === undefined ? undefined : Number(`${number}${exponent}`) * factor;
}
