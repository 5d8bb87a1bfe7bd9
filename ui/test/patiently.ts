/** What takes many steps of the controllers, on a machine that other tests use too: the wait of the stage, several times over. */
import type { ApiStage } from '../../test/api-stage.ts';

const mostTries = 10;

/** @throws what the check said last */
export async function patiently(
  stage: Pick<ApiStage, 'until' | 'clock'>,
  stepMs: number,
  check: () => Promise<void>,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await stage.until(async () => {
        await stage.clock.advance(stepMs);
        await check();
      });
      return;
    } catch (error) {
      if (tries === mostTries) {
        throw error;
      }
    }
  }
}
