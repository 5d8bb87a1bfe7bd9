/** Fields that differ, a line each: `~ path: before -> after`, `+ path: value`, `- path: value`. */
import { Code } from '@mantine/core';
import classes from './diff-lines.module.css';

const kinds: Readonly<Record<string, string>> = { '+': 'added', '-': 'removed', '~': 'changed' };

export function DiffLines({ lines, label }: { readonly lines: readonly string[]; readonly label: string }) {
  return (
    <Code block tabIndex={0} role="region" aria-label={label} className={classes['lines'] ?? ''}>
      {lines.map((line) => (
        <div key={line} className={classes[kinds[line.slice(0, 1)] ?? ''] ?? ''} dir="auto">
          {line}
        </div>
      ))}
    </Code>
  );
}
