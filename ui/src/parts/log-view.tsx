/** What a container writes, as it writes it. Colours and other codes of terminals are left out; what looks like HTML stays text. */
import { Box, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { addressOf } from '../api/client.ts';
import { useText } from '../text/language.tsx';
import classes from './log-view.module.css';
import { plainText } from './plain-text.ts';

/** As many as a person scrolls through; a browser gets slow beyond. */
const mostLines = 2_000;
/** Many lines at once are one change of the page. */
const gatherMs = 100;

interface LogViewProps {
  /** Of the API, below api/v1. */
  readonly path: string;
  readonly container: string;
  readonly label: string;
}

type End = { readonly kind: 'open' } | { readonly kind: 'ended'; readonly reason?: string };

export function LogView({ path, container, label }: LogViewProps) {
  const text = useText();
  const { lines, end } = useLog(path, container);
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever has not scrolled away sees each new line
  useEffect(() => {
    if (isAtEnd.current && box.current) {
      box.current.scrollTop = box.current.scrollHeight;
    }
  }, [lines]);
  const remember = () => {
    const { scrollTop = 0, scrollHeight = 0, clientHeight = 0 } = box.current ?? {};
    isAtEnd.current = scrollTop + clientHeight >= scrollHeight - 8;
  };
  return (
    <>
      <Box className={classes['log'] ?? ''} ref={box} onScroll={remember} tabIndex={0} role="log" aria-label={label}>
        {lines.length === 0 && <Text size="sm">{text.logs.empty}</Text>}
        {lines.map(({ number, line }) => (
          <div key={number} dir="auto">
            {line === '' ? ' ' : line}
          </div>
        ))}
      </Box>
      {end.kind === 'ended' && (
        <Text size="xs">{end.reason === undefined ? text.logs.ended : `${text.logs.broken}: ${end.reason}`}</Text>
      )}
    </>
  );
}

interface Line {
  readonly number: number;
  readonly line: string;
}

function useLog(path: string, container: string): { readonly lines: readonly Line[]; readonly end: End } {
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [end, setEnd] = useState<End>({ kind: 'open' });
  useEffect(() => {
    let gathered: Line[] = [];
    let count = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      const more = gathered;
      gathered = [];
      timer = undefined;
      setLines((before) => [...before, ...more].slice(-mostLines));
    };
    setLines([]);
    setEnd({ kind: 'open' });
    const source = new EventSource(addressOf(path, { container }), { withCredentials: true });
    source.addEventListener('line', ({ data }) => {
      count += 1;
      gathered.push({ number: count, line: plainText(String(JSON.parse(data))) });
      timer ??= setTimeout(show, gatherMs);
    });
    source.addEventListener('end', ({ data }) => {
      source.close();
      const { reason } = JSON.parse(data) as { readonly reason?: string };
      setEnd({ kind: 'ended', ...(reason !== undefined && { reason }) });
    });
    source.addEventListener('error', () => {
      // It would come back by itself and bring the same lines again.
      source.close();
      setEnd((before) => (before.kind === 'open' ? { kind: 'ended' } : before));
    });
    return () => {
      source.close();
      clearTimeout(timer);
    };
  }, [path, container]);
  return { lines, end };
}
