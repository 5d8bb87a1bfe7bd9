/** What the command line says of the HTTP API. */
import type { ApiSettings } from '../app/api-listener.ts';
import { type OptionDefinition, type Options, usageError } from './command.ts';

export const apiOptions: readonly OptionDefinition[] = [
  {
    flags: '--api-listen <address>',
    description: 'host:port of the HTTP API and the web UI; they are not there when absent',
  },
  { flags: '--api-prefix <path>', description: 'path below which the API and the web UI are, e.g. /headgate' },
  { flags: '--ui-folder <path>', description: 'folder with the built web UI; there is none when absent' },
  { flags: '--anonymous-read', description: 'let whoever reaches the API read everything without signing in' },
];

export function apiOf(options: Options): ApiSettings | undefined {
  const listen = options.text('apiListen');
  const prefix = options.text('apiPrefix');
  const pages = options.text('uiFolder');
  const anonymousRead = options.flag('anonymousRead');
  if (listen === undefined) {
    if (prefix !== undefined || pages !== undefined || anonymousRead) {
      throw usageError('there is no HTTP API; give --api-listen too');
    }
    return undefined;
  }
  return { listen, prefix, pages, anonymousRead };
}
