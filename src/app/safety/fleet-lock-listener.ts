/** FleetLock on a port of its own: nodes reach it, others need not. */

import { createRebootSlots } from '../../adapters/cluster/reboot-slots.ts';
import { createDirectRecords } from '../../adapters/cluster/records.ts';
import { OperationError } from '../../core/errors.ts';
import { type FleetLockContext, lockForReboot, unlockAfterReboot } from '../../engine/fleet-lock/fleet-lock.ts';
import type { GateDefaults } from '../../engine/gates/look-at-gates.ts';
import type { KubeClient } from '../../kube/client.ts';
import { type Clock, systemClock } from '../../kube/clock.ts';
import type { KubeConfig } from '../../kube/config.ts';
import { createFleetLockServer } from '../../server/fleet-lock.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { ownNamespace } from '../config.ts';
import { parseListenAddress } from '../listeners/listen-address.ts';
import { type OutboundSettings, openOutside } from '../outbound-setup.ts';

export interface FleetLockSettings {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  /** `GROUP=NUMBER` each; one in other groups. */
  readonly slots: readonly string[];
  /** Where the ConfigMap is; in a cluster that of the pod. */
  readonly namespace: string | undefined;
}

interface Parts {
  readonly client: KubeClient;
  readonly config: KubeConfig;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock?: Clock;
  readonly namespaces: readonly string[];
  readonly gateDefaults: GateDefaults;
  readonly outbound: OutboundSettings;
}

const slotsName = 'headgate-fleet-lock';

/**
 * Listens until it is closed; does nothing without settings.
 *
 * @returns where it listens, too
 * @throws USAGE for an address or a number that is none
 */
export async function openFleetLock(settings: FleetLockSettings | undefined, parts: Parts) {
  if (!settings) {
    return { address: undefined, close: async () => undefined };
  }
  const { client, log, metrics, gateDefaults, namespaces, clock = systemClock } = parts;
  const listen = parseListenAddress(settings.listen, '--fleet-lock-listen');
  const slots = new Map(settings.slots.map(parseSlots));
  const key = { namespace: await ownNamespace(settings.namespace), name: slotsName };
  const closing = new AbortController();
  const outside = openOutside({ ...parts, clock, onEnd: () => undefined, signal: closing.signal });
  const context: FleetLockContext = {
    ...outside,
    clock,
    namespaces,
    slots: createRebootSlots(client, key),
    records: createDirectRecords(client, clock),
    windows: gateDefaults.windows,
    vetoes: gateDefaults.vetoes,
    slotsOf: (group) => slots.get(group) ?? 1,
  };
  const server = createFleetLockServer({
    log,
    metrics,
    lock: async (node, signal) => await lockForReboot(context, node, signal),
    unlock: async (node, signal) => await unlockAfterReboot(context, node, signal),
  });
  const address = await server.listen(listen);
  log.info('listening for nodes that reboot', { address });
  return {
    address,
    close: async () => {
      await server.close();
      closing.abort();
      await outside.outbound.close();
    },
  };
}

const mostSlots = 1_000;

function parseSlots(text: string): readonly [group: string, slots: number] {
  const [, group = '', number = ''] = /^([a-zA-Z0-9.-]{1,63})=(\d{1,4})$/.exec(text) ?? [];
  const slots = Number(number);
  if (group === '' || slots < 1 || slots > mostSlots) {
    throw new OperationError(
      `--fleet-lock-slots: "${text.slice(0, 128)}" is no group with a number from 1 to ${mostSlots}; write for example workers=2`,
      { code: 'USAGE', retry: 'never' },
    );
  }
  return [group, slots];
}
