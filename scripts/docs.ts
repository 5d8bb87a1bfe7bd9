/**
 * Builds the documentation as a site in site/dist, and shows it on this machine with --serve.
 *
 * usage: node scripts/docs.ts [--serve [--port PORT]]
 */
import { parseArgs } from 'node:util';
import { buildSite, siteFolder } from './site/build-site.ts';
import { serveFolder } from './site/serve-folder.ts';

const { values } = parseArgs({
  options: { serve: { type: 'boolean', default: false }, port: { type: 'string', default: '4321' } },
});
const started = performance.now();
await buildSite();
console.log(`${siteFolder} is built in ${((performance.now() - started) / 1_000).toFixed(1)} s`);
if (values.serve) {
  const { origin } = await serveFolder(siteFolder, Number(values.port));
  console.log(`shown at ${origin}/ until interrupted`);
}
