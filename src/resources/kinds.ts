/** Every kind of the API group, with its names and what `kubectl get` shows of it. */
import { AppSpecSchema, AppStatusSchema } from './app.ts';
import type { KindDefinition, PrinterColumn } from './kind.ts';
import { RejectionSpecSchema } from './rejection.ts';
import { group, version } from './schema-parts.ts';
import { UpdateSpecSchema, UpdateStatusSchema } from './update.ts';

const age: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

export const appKind: KindDefinition = {
  group,
  version,
  kind: 'App',
  plural: 'apps',
  shortNames: [],
  description: 'An application that Headgate keeps up to date.',
  spec: AppSpecSchema,
  status: AppStatusSchema,
  validations: [
    {
      rule: 'self.metadata.name.size() <= 52',
      message: 'metadata.name: an App may have at most 52 characters, so that its Updates can carry it as a label',
    },
  ],
  printerColumns: [
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Current', type: 'string', jsonPath: '.status.current', description: 'Tags in use.' },
    { name: 'Available', type: 'string', jsonPath: '.status.available', description: 'Newer tags.' },
    { name: 'Waiting', type: 'string', jsonPath: '.status.waiting.reason' },
    { name: 'Update', type: 'string', jsonPath: '.status.update', priority: 1 },
    { name: 'Suspended', type: 'boolean', jsonPath: '.spec.suspend', priority: 1 },
    age,
  ],
};

export const updateKind: KindDefinition = {
  group,
  version,
  kind: 'Update',
  plural: 'updates',
  shortNames: [],
  description:
    'One attempt to bring an App from one set of versions to another; journal while it runs, record afterwards.',
  spec: UpdateSpecSchema,
  status: UpdateStatusSchema,
  printerColumns: [
    { name: 'App', type: 'string', jsonPath: '.spec.app' },
    { name: 'Versions', type: 'string', jsonPath: '.status.versions' },
    { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
    { name: 'Waiting', type: 'string', jsonPath: '.status.waiting.reason' },
    { name: 'Failure', type: 'string', jsonPath: '.status.failure.reason' },
    { name: 'By', type: 'string', jsonPath: '.spec.trigger.by', priority: 1 },
    age,
  ],
};

export const rejectionKind: KindDefinition = {
  group,
  version,
  kind: 'Rejection',
  plural: 'rejections',
  shortNames: [],
  description: 'A version, by digest, that must not be taken again. Deleting the object lifts it.',
  spec: RejectionSpecSchema,
  printerColumns: [
    { name: 'App', type: 'string', jsonPath: '.spec.app' },
    { name: 'Tag', type: 'string', jsonPath: '.spec.tag' },
    { name: 'Author', type: 'string', jsonPath: '.spec.author' },
    // Not of type date: the API server shows those as the time since, and "<invalid>" where they are still to come.
    { name: 'Expires', type: 'string', jsonPath: '.spec.expiresAt' },
    { name: 'Reason', type: 'string', jsonPath: '.spec.reason', priority: 1 },
    { name: 'Digest', type: 'string', jsonPath: '.spec.digest', priority: 1 },
    age,
  ],
};

export const kinds: readonly KindDefinition[] = [appKind, updateKind, rejectionKind];
