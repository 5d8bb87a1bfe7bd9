/** Who did what by the API, when, from where and why. */
import { List } from '@mantine/core';
import { When } from './times.tsx';

interface Done {
  readonly action: string;
  readonly by: string;
  readonly at: string;
  readonly from: string;
  readonly reason: string;
}

export function ActionList({ actions }: { readonly actions: readonly Done[] }) {
  return (
    <List size="sm">
      {actions.toReversed().map(({ action, by, at, from, reason }) => (
        <List.Item key={`${at} ${action} ${by}`}>
          <When at={at} />: <bdi>{by}</bdi> {action} ({from}){reason !== '' && <bdi>: {reason}</bdi>}
        </List.Item>
      ))}
    </List>
  );
}
