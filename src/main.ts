/** Process entry: argv -> command -> exit code. The only place that ends the process. */
import { runProgram } from './cli/program.ts';

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => stop.abort());
}

const code = await runProgram(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
  signal: stop.signal,
});
process.exit(code);
