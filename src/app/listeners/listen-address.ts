import { OperationError } from '../../core/errors.ts';

const highestPort = 65_535;

/**
 * Reads `host:port`; an absent host is every address, port 0 takes a free one.
 *
 * @param option of the command line, for the message
 * @throws USAGE
 */
export function parseListenAddress(listen: string, option: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(|[^:\s]+|\[[0-9a-fA-F:.]+\]):([0-9]{1,5})$/.exec(listen) ?? [];
  if (port === '' || Number(port) > highestPort) {
    throw new OperationError(`${option}: "${listen}" is not host:port; write for example :8080 or 127.0.0.1:8080`, {
      code: 'USAGE',
      retry: 'never',
    });
  }
  return { host: host.replace(/^\[|\]$/g, '') || '0.0.0.0', port: Number(port) };
}
