/** Keel's metrics of webhooks under Keel's own names, so that dashboards made for it go on. */
import { Counter, type Registry } from 'prom-client';

const senderNames = {
  native: 'native_webhook_requests_total',
  dockerhub: 'dockerhub_webhook_requests_total',
  quay: 'quay_webhook_requests_total',
  azure: 'azure_webhook_requests_total',
  github: 'Github_webhook_requests_total',
  harbor: 'harbor_webhook_requests_total',
  jfrog: 'jfrog_webhook_requests_total',
  registry: 'registry_notification_requests_total',
} as const;

const labels = ['image'] as const;

/** Anybody may announce any image; only those that an App follows become a label. */
const otherImage = 'other';

/** By sender. */
export const keelWebhookDefinitions = Object.fromEntries(
  Object.entries(senderNames).map(([sender, name]) => [
    sender,
    { name, type: 'counter', help: helpOf(sender), labels } as const,
  ]),
);

/** Counts an announced image of a sender; nothing for senders that Keel does not have. */
export type CountKeelWebhook = (sender: string, image: string | undefined) => void;

/** @returns the function to count with; `image` is undefined for one that no App follows */
export function createKeelWebhookMetrics(registry: Registry): CountKeelWebhook {
  const counters = new Map(
    Object.entries(keelWebhookDefinitions).map(([sender, { name, help }]) => [
      sender,
      new Counter({ name, help, labelNames: [...labels], registers: [registry] }),
    ]),
  );
  return (sender, image) => counters.get(sender)?.inc({ image: image ?? otherImage });
}

function helpOf(sender: string): string {
  return `Images announced by ${sender} webhooks, as Keel counts them; image is "${otherImage}" for those that no App follows.`;
}
