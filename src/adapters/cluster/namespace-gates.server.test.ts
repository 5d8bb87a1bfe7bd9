import { expect, inject, test, vi } from 'vitest';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { startApiProxy } from '../../../test/servers/api-proxy.ts';
import type { OperationError } from '../../core/errors.ts';
import { createKubeClient } from '../../kube/client.ts';
import { watchNamespaceGates } from './namespace-gates.ts';

test('a watch that is interrupted later leaves what is known as it is: no Update waits for ever', async () => {
  const direct = await connectTo(inject('kubeconfig'));
  const namespace = await createNamespace(direct);
  const proxy = await startApiProxy(inject('kubeconfig'));
  const client = createKubeClient(proxy.config);
  const end = new AbortController();
  const errors: OperationError[] = [];
  const gates = watchNamespaceGates({
    client,
    namespaces: [namespace],
    onChange: () => undefined,
    onError: (error) => void errors.push(error),
    signal: end.signal,
  });
  await gates.ready;
  expect(gates.windowsOf(namespace)).toEqual({ kind: 'Known', windows: [] });

  await proxy.stop();
  await vi.waitFor(() => expect(errors).not.toEqual([]), { timeout: 30_000 });

  expect(gates.windowsOf(namespace)).toEqual({ kind: 'Known', windows: [] });
  end.abort();
  await Promise.all([client.close(), direct.close()]);
});
