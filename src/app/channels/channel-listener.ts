/** Serves the folder of channels, where somebody asked for it. */
import { OperationError } from '../../core/errors.ts';
import { createChannelServer } from '../../server/channel.ts';
import type { Logger } from '../../telemetry/log.ts';
import { parseListenAddress } from '../listeners/listen-address.ts';

export interface ChannelListenerSettings {
  readonly channelFolder?: string | undefined;
  readonly channelListen?: string | undefined;
}

/** @throws USAGE for an address that is none, or a folder that is missing */
export async function openChannelListener(
  { channelFolder: folder, channelListen: listen }: ChannelListenerSettings,
  log: Logger,
): Promise<{ close(): Promise<unknown> }> {
  if (listen === undefined) {
    return { close: () => Promise.resolve() };
  }
  if (folder === undefined) {
    throw new OperationError('--channel-listen: there is nothing to serve; give --channel-folder too', {
      code: 'USAGE',
      retry: 'never',
    });
  }
  const server = createChannelServer({ folder });
  log.info('serving channels', { address: await server.listen(parseListenAddress(listen, '--channel-listen')) });
  return server;
}
