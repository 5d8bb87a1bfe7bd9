/** What holds for all Apps of a namespace, as whoever owns it says. */
import type { Window } from '../../core/gates/window.ts';

export type NamespaceWindows =
  | { readonly kind: 'Known'; readonly windows: readonly Window[] }
  /** They are there and cannot be read: nothing begins until somebody has corrected them. */
  | { readonly kind: 'Unusable'; readonly because: string };

export interface NamespaceGates {
  /** From a watched copy; costs nothing. */
  windowsOf(namespace: string): NamespaceWindows;
}
