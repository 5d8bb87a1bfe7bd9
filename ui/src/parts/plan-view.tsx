/** What an Update sets and what going back sets, side by side. Images as a table; what other kinds of deploy wrote down as they wrote it. */
import { Table, Text } from '@mantine/core';
import { useText } from '../text/language.tsx';
import classes from './app-table.module.css';
import { YamlView } from './yaml-view.tsx';

interface ContainerChange {
  readonly container: string;
  readonly before: string;
  readonly after: string;
  readonly restore: string;
}

interface WorkloadPlan {
  readonly kind: string;
  readonly name: string;
  readonly containers: readonly ContainerChange[];
}

export function PlanView({ plan }: { readonly plan: Readonly<Record<string, unknown>> }) {
  const text = useText();
  const { workloads, ...others } = plan;
  return (
    <>
      {isWorkloadPlans(workloads) && <WorkloadTable workloads={workloads} />}
      {Object.keys(others).length > 0 && <YamlView value={others} label={text.update.plan} />}
    </>
  );
}

function WorkloadTable({ workloads }: { readonly workloads: readonly WorkloadPlan[] }) {
  const text = useText();
  const { before, after } = text.update;
  const rows = workloads.flatMap(({ kind, name, containers }) =>
    containers.map((one) => ({ ...one, workload: `${kind}/${name}` })),
  );
  return (
    <Table className={classes['table'] ?? ''} aria-label={text.update.plan}>
      <Table.Thead>
        <Table.Tr>
          {[text.common.name, before, after, text.act.rollBack].map((heading) => (
            <Table.Th key={heading} scope="col">
              {heading}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={`${row.workload} ${row.container}`}>
            <Table.Th scope="row">
              <Text size="sm" fw={600}>
                {row.workload}
              </Text>
              <Text size="xs">{row.container}</Text>
            </Table.Th>
            <Table.Td data-label={before}>
              <del>
                <bdi>{row.before}</bdi>
              </del>
            </Table.Td>
            <Table.Td data-label={after}>
              <ins>
                <bdi>{row.after}</bdi>
              </ins>
            </Table.Td>
            <Table.Td data-label={text.act.rollBack}>
              <bdi>{row.restore}</bdi>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function isWorkloadPlans(value: unknown): value is readonly WorkloadPlan[] {
  return Array.isArray(value) && value.length > 0;
}
