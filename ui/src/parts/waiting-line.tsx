/** Why something does not go on, and until when. */
import { Text } from '@mantine/core';
import { Until } from './times.tsx';

export interface Waiting {
  readonly reason: string;
  readonly message: string;
  readonly until?: string;
}

export function WaitingLine({ waiting, lines }: { readonly waiting: Waiting | undefined; readonly lines?: number }) {
  if (!waiting) {
    return null;
  }
  return (
    <Text size="sm" component="span" {...(lines !== undefined && { lineClamp: lines })} title={waiting.reason}>
      {waiting.message}
      {waiting.until !== undefined && (
        <>
          {' · '}
          <Text span fw={600} size="sm">
            <Until at={waiting.until} />
          </Text>
        </>
      )}
    </Text>
  );
}
