/** What a person may do: a button, a dialog that says what it means and asks for a reason, the call, and what came of it. */
import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { send } from '../api/client.ts';
import { useText } from '../text/language.tsx';
import { ProblemNote } from './query-state.tsx';

export interface Action {
  readonly label: string;
  /** What it means. */
  readonly lead?: string;
  readonly path: string;
  readonly method?: 'POST' | 'DELETE';
  readonly isGrave?: boolean;
  /** Asked for in the dialog besides the reason. */
  readonly asksUntil?: boolean;
  /** False: nothing to explain; it is done at once. */
  readonly asksReason?: boolean;
}

interface Answers {
  readonly reason?: string;
  readonly until?: string;
}

export function ActionButton({ action }: { readonly action: Action }) {
  const text = useText();
  const queries = useQueryClient();
  const [opened, { open, close }] = useDisclosure();
  const attempt = useMutation({
    mutationFn: (answers: Answers) => send(action.method ?? 'POST', action.path, answers),
    onSuccess: async () => {
      close();
      notifications.show({ message: `${action.label}: ${text.act.done}`, role: 'status' });
      await queries.invalidateQueries();
    },
    onError: (error) => {
      if (action.asksReason === false) {
        notifications.show({ color: 'red', title: text.act.failed, message: error.message, role: 'alert' });
      }
    },
  });
  const begin = () => (action.asksReason === false ? attempt.mutate({}) : open());
  return (
    <>
      <Button
        size="xs"
        variant={action.isGrave ? 'outline' : 'default'}
        {...(action.isGrave && { color: 'red' })}
        loading={attempt.isPending}
        onClick={begin}
      >
        {action.label}
      </Button>
      <Modal
        opened={opened}
        onClose={close}
        title={action.label}
        closeButtonProps={{ 'aria-label': text.common.close }}
      >
        <ActionForm action={action} attempt={attempt} onCancel={close} />
      </Modal>
    </>
  );
}

interface ActionFormProps {
  readonly action: Action;
  readonly attempt: {
    readonly mutate: (answers: Answers) => void;
    readonly isPending: boolean;
    readonly error: Error | null;
  };
  readonly onCancel: () => void;
}

function ActionForm({ action, attempt, onCancel }: ActionFormProps) {
  const text = useText();
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt.mutate({
      ...(reason.trim() !== '' && { reason: reason.trim() }),
      ...(until !== '' && { until: new Date(until).toISOString() }),
    });
  };
  return (
    <Stack component="form" onSubmit={submit}>
      {action.lead !== undefined && <Text size="sm">{action.lead}</Text>}
      <Textarea
        label={text.act.reason}
        description={text.act.reasonHint}
        value={reason}
        onChange={({ currentTarget }) => setReason(currentTarget.value)}
        data-autofocus
        autosize
        minRows={2}
        maxLength={1000}
      />
      {action.asksUntil && (
        <TextInput
          type="datetime-local"
          label={text.act.holdUntil}
          value={until}
          onChange={({ currentTarget }) => setUntil(currentTarget.value)}
        />
      )}
      {attempt.error && <ProblemNote error={attempt.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onCancel}>
          {text.common.cancel}
        </Button>
        <Button type="submit" {...(action.isGrave && { color: 'red' })} loading={attempt.isPending}>
          {action.label}
        </Button>
      </Group>
    </Stack>
  );
}
