import type { RegistryAccess } from '../../engine/ports/registry.ts';

/** What came back from a registry, whatever its status, with a body of bounded size. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Who answered: after a redirect not who was asked. */
  readonly origin: string;
  /** With what it was asked. */
  readonly access: RegistryAccess;
}
