/** The HTTP API of a Headgate on a stage, as somebody with rights of their own asks it. */
import { makePerson, type Rule } from '../api-stage.ts';
import { freePort } from '../cluster/ports.ts';
import type { Stage } from './stage.ts';

export interface StageApi {
  /** For `startHeadgate`. */
  readonly settings: { readonly listen: string; readonly anonymousRead: false };
  /** @throws where it does not answer 200 */
  get<T>(path: string): Promise<T>;
  /** Server-sent events as they come, each as `[event, data]`; ends with the stream. */
  follow(path: string): AsyncGenerator<readonly [event: string, data: unknown]>;
}

export async function openStageApi(stage: Stage, rules: readonly Rule[]): Promise<StageApi> {
  const listen = `127.0.0.1:${await freePort('127.0.0.1')}`;
  const authorization = `Bearer ${await makePerson(stage, 'asker', rules)}`;
  const ask = async (path: string) => {
    const response = await fetch(`http://${listen}/api/v1/${path}`, { headers: { authorization } });
    if (response.status !== 200 || response.body === null) {
      throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    }
    return { response, body: response.body };
  };
  return {
    settings: { listen, anonymousRead: false },
    get: async <T>(path: string) => (await (await ask(path)).response.json()) as T,
    async *follow(path) {
      const { body } = await ask(path);
      let text = '';
      for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
        const blocks = (text + chunk).split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const [, event = '', data = ''] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
          if (event !== '') {
            yield [event, JSON.parse(data)];
          }
        }
      }
    },
  };
}
