/** What a person may do: a button, a dialog that says what it means and asks for a reason, the call, and what came of it. */
import { Button, Group, Modal, NativeSelect, Stack, Text, Textarea } from '@mantine/core';
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
  /** Sent along with what is asked. */
  readonly fields?: Readonly<Record<string, string | boolean>>;
  readonly isGrave?: boolean;
  /** Asked for in the dialog besides the reason. */
  readonly asksFor?: boolean;
  /** False: nothing to explain; it is done at once. */
  readonly asksReason?: boolean;
}

interface Answers {
  readonly reason?: string;
  readonly for?: string;
}

export function ActionButton({ action }: { readonly action: Action }) {
  const text = useText();
  const queries = useQueryClient();
  const [opened, { open, close }] = useDisclosure();
  const closeButtonProps = { 'aria-label': text.common.close };
  const attempt = useMutation({
    mutationFn: (answers: Answers) => send(action.method ?? 'POST', action.path, { ...action.fields, ...answers }),
    onSuccess: async () => {
      close();
      notifications.show({ message: `${action.label}: ${text.act.done}`, role: 'status', closeButtonProps });
      await queries.invalidateQueries();
    },
    onError: (error) => {
      if (action.asksReason === false) {
        notifications.show({
          ...{ color: 'red', title: text.act.failed, message: error.message, role: 'alert' },
          closeButtonProps,
        });
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
      <Modal.Root opened={opened} onClose={close} lockScroll={false}>
        <Modal.Overlay />
        <Modal.Content>
          <Modal.Body pt="md">
            <ActionForm action={action} attempt={attempt} onCancel={close} />
          </Modal.Body>
        </Modal.Content>
      </Modal.Root>
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
  const [time, setTime] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt.mutate({
      ...(reason.trim() !== '' && { reason: reason.trim() }),
      ...(time !== '' && { for: time }),
    });
  };
  return (
    <Stack component="form" onSubmit={submit}>
      <Modal.Title fw={700}>{action.label}</Modal.Title>
      {action.lead !== undefined && <Text size="sm">{action.lead}</Text>}
      <Textarea
        label={text.act.reason}
        description={text.act.reasonHint}
        value={reason}
        onChange={({ currentTarget }) => setReason(currentTarget.value)}
        data-autofocus
        autosize
        minRows={2}
        maxLength={500}
      />
      {action.asksFor && (
        <NativeSelect
          label={text.act.holdFor}
          value={time}
          onChange={({ currentTarget }) => setTime(currentTarget.value)}
          data={Object.entries(text.act.holdTimes).map(([value, label]) => ({ value, label }))}
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
