import { isIP } from 'node:net';
import { bareHost } from '../../network/proxy.ts';
import { isFurtherIn, type reachOf, reachOfHost } from '../../network/reach.ts';

/**
 * Why one host may not send us to another; undefined: it may. A host may send us as far into the network as it lies itself, and over https
 * also to a sister in its own domain, for then the certificate says that the sister is who she is.
 *
 * @param isProxied whether a host is reached through a proxy, which alone knows its address
 */
export async function findTrespass(from: URL, to: URL, isProxied: (url: URL) => boolean): Promise<string | undefined> {
  const [origin, target] = [bareHost(from), bareHost(to)];
  if (origin === target) {
    return undefined;
  }
  const reach = isProxied(to) && isIP(target) === 0 ? 'public' : await reachOfHost(target);
  if (reach === undefined || reach === 'public') {
    return undefined;
  }
  if (reach !== 'linkLocal' && to.protocol === 'https:' && areSisters(origin, target)) {
    return undefined;
  }
  const own = isIP(origin) === 0 && isProxied(from) ? 'public' : ((await reachOfHost(origin)) ?? 'public');
  return isFurtherIn(reach, own) ? `${to.host} is a ${nameOf(reach)} address, which ${from.host} is not` : undefined;
}

function nameOf(reach: ReturnType<typeof reachOf>): string {
  return reach === 'linkLocal' ? 'link-local' : reach;
}

/** `auth.example.com` of `registry.example.com`; of `ghcr.io` only what is below itself. */
function areSisters(origin: string, target: string): boolean {
  const labels = origin.split('.');
  const domain = labels.length > 2 ? labels.slice(1).join('.') : origin;
  return isIP(origin) === 0 && domain.includes('.') && (target === domain || target.endsWith(`.${domain}`));
}
