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
  const time = waiting.until !== undefined && (
    <Text component={lines === undefined ? 'span' : 'div'} fw={600} size="sm">
      <Until at={waiting.until} />
    </Text>
  );
  return (
    <>
      <Text
        size="sm"
        component={lines === undefined ? 'span' : 'div'}
        {...(lines !== undefined && { lineClamp: lines })}
        title={waiting.reason}
      >
        <bdi>{waiting.message}</bdi>
        {lines === undefined && time && (
          <>
            {' · '}
            {time}
          </>
        )}
      </Text>
      {lines !== undefined && time}
    </>
  );
}
