/** Which proxy a request goes through: the usual variables HTTPS_PROXY, HTTP_PROXY and NO_PROXY, given as values. */
import { BlockList, isIP } from 'node:net';
import { isNearby } from './reach.ts';

export interface ProxySettings {
  /** For plain http; an http or https address, maybe with user and password in it. */
  readonly http: string | undefined;
  /** For https, by CONNECT. */
  readonly https: string | undefined;
  /** Hosts to reach directly, separated by commas or spaces. */
  readonly exempt: string;
}

/**
 * The proxy for an address; undefined: none. Exempt are always this machine and link-local addresses, and by `exempt`: `*`, names and
 * what is below them (`example.com`, `.example.com`), addresses and their ranges (`10.0.0.0/8`), each but the ranges with `:port` if wanted.
 */
export function proxyFor(url: URL, settings: ProxySettings | undefined): string | undefined {
  const proxy = url.protocol === 'https:' ? settings?.https : settings?.http;
  if (settings === undefined || proxy === undefined) {
    return undefined;
  }
  const host = bareHost(url);
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const entries = settings.exempt.split(/[\s,]+/).filter((entry) => entry !== '');
  return isNearby(host) || entries.some((entry) => isExempt(entry.toLowerCase(), host, port)) ? undefined : proxy;
}

/** Without the brackets of IPv6 addresses and the dot at the end of whole names. */
export function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/(.)\.$/, '$1');
}

function isExempt(entry: string, host: string, port: string): boolean {
  if (entry === '*') {
    return true;
  }
  if (entry.includes('/')) {
    return isInRange(entry, host);
  }
  const [, withoutPort = entry, itsPort] = /^(\[.*\]|[^:]*):([0-9]+)$/.exec(entry) ?? [];
  const name = withoutPort.replace(/^\[(.*)\]$/, '$1').replace(/^\*?\./, '');
  return (itsPort === undefined || itsPort === port) && name !== '' && (host === name || host.endsWith(`.${name}`));
}

function isInRange(entry: string, host: string): boolean {
  const [network = '', bits = ''] = entry.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || !/^[0-9]{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
    return false;
  }
  const type = family === 4 ? 'ipv4' : 'ipv6';
  const range = new BlockList();
  range.addSubnet(network, Number(bits), type);
  return range.check(host, type);
}
