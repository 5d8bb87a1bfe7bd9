/** A choice of workloads and of their containers: wire form and decoding. */
import Type, { type Static } from 'typebox';
import type { WorkloadTarget } from '../../core/app/workload-target.ts';
import { workloadKinds } from '../../core/workload/workload.ts';
import { DnsLabel } from '../schema-parts.ts';

export const TargetSchema = Type.Object(
  {
    kind: Type.Optional(Type.Enum([...workloadKinds], { description: 'Kind of the workload; all four when absent.' })),
    name: Type.Optional(Type.String({ description: 'Name of the workload.', minLength: 1, maxLength: 253 })),
    selector: Type.Optional(
      Type.Object(
        {
          matchLabels: Type.Record(Type.String(), Type.String({ maxLength: 63 }), {
            description: 'Labels that the workload itself must have.',
            minProperties: 1,
            maxProperties: 16,
          }),
        },
        { description: 'Chooses workloads by their labels.' },
      ),
    ),
    containers: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String({ description: 'Container or init container.', ...DnsLabel }),
          source: Type.String({ description: 'Name of the source whose image it gets.', ...DnsLabel }),
        }),
        {
          description: 'Containers to set. When absent: those whose image comes from a repository of the sources.',
          maxItems: 32,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
        },
      ),
    ),
  },
  {
    'x-kubernetes-validations': [
      {
        rule: 'has(self.name) != has(self.selector)',
        message: 'exactly one of name and selector must be set',
      },
    ],
  },
);

export type TargetWire = Static<typeof TargetSchema>;

/** @param note told of each problem: field, and what would be right */
export function decodeTarget(
  target: TargetWire,
  field: string,
  { known, note }: { readonly known: readonly string[]; readonly note: (field: string, problem: string) => void },
): WorkloadTarget {
  if ((target.name === undefined) === (target.selector === undefined)) {
    // Neither would choose every workload of the namespace.
    note(field, 'exactly one of name and selector must be set');
  }
  for (const [index, { source }] of (target.containers ?? []).entries()) {
    if (!known.includes(source)) {
      note(
        `${field}.containers[${index}].source`,
        `there is no source "${source}"; the sources are ${known.join(', ')}`,
      );
    }
  }
  return {
    kind: target.kind,
    choose:
      target.name === undefined
        ? { by: 'labels', labels: target.selector?.matchLabels ?? {} }
        : { by: 'name', name: target.name },
    containers: target.containers ?? [],
  };
}
