/** Process entry: argv -> command -> exit code. The only place that ends the process. */
import { runProcess } from './cli/process.ts';

// A diagnostic report (node --report-on-fatalerror) goes to whoever looks into a crash; secrets come by the environment, too.
if (process.report) {
  process.report.excludeEnv = true;
}

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => stop.abort());
}

const code = await runProcess(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
  signal: stop.signal,
});
await Promise.all([written(process.stdout), written(process.stderr)]);
process.exit(code);

/** A pipe holds 64 KiB and takes the rest as it is read; ending before would cut the output. A reader that left is no failure. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve());
    stream.write('', () => resolve());
  });
}
