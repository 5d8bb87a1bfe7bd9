/** A table that is a list of cards on a narrow screen; each row has a heading of its own. */
import { Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './app-table.module.css';

export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => ReactNode;
}

interface DataTableProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** The first is the heading of its row. */
  readonly columns: readonly [Column<Row>, ...Column<Row>[]];
  /** Said where there is no row. */
  readonly empty: string;
}

export function DataTable<Row>({ label, rows, keyOf, columns, empty }: DataTableProps<Row>) {
  const [first, ...others] = columns;
  if (rows.length === 0) {
    return <Text size="sm">{empty}</Text>;
  }
  return (
    <Table className={classes['table'] ?? ''} aria-label={label} verticalSpacing="xs">
      <Table.Thead>
        <Table.Tr>
          {columns.map(({ heading }) => (
            <Table.Th key={heading} scope="col">
              {heading}
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <Table.Tr key={keyOf(row)}>
            <Table.Th scope="row">{first.cell(row)}</Table.Th>
            {others.map(({ heading, cell }) => (
              <Table.Td key={heading} data-label={heading}>
                <div>{cell(row)}</div>
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** A name that leads to a page, with the namespace below it. */
export function NamedInNamespace({ name, namespace }: { readonly name: ReactNode; readonly namespace: string }) {
  return (
    <>
      {name}
      <Text size="xs" fw={400}>
        {namespace}
      </Text>
    </>
  );
}
