/** Who a proxy in front of us says it has signed in. */
import type { Caller } from './caller.ts';

const signedIn = 'system:authenticated';
const reserved = 'system:';
const shortest = 1;
const longest = 512;

/** Undefined for a name or a group that no proxy may say: of Kubernetes itself, empty, without end, or with control characters. */
export function callerOfProxy(name: string, groups: readonly string[]): Caller | undefined {
  return [name, ...groups].every(mayBeSaid) ? { name, groups: [...groups, signedIn] } : undefined;
}

function mayBeSaid(text: string): boolean {
  const isInBounds = text.length >= shortest && text.length <= longest;
  return isInBounds && !text.startsWith(reserved) && !/\p{Cc}/u.test(text);
}
