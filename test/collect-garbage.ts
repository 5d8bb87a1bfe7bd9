/** For tests of what a process keeps: collects garbage to the end, as `node --expose-gc` lets a program do. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let left = 3; left > 0; left -= 1) {
    collect();
  }
}
