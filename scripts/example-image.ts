/**
 * Pushes a small web application to try Headgate with: it answers with its version on port 8080, is 1 MB large, and is good or bad as asked.
 *
 * usage: node scripts/example-image.ts HOST/REPOSITORY:TAG [--behaviour good|never-ready|crash|unready-later] [--insecure]
 *
 * --insecure   plain http
 */
import { parseArgs } from 'node:util';
import { makeWebImage, webBehaviours } from '../test/images/web-image.ts';
import { pushImage } from './oci/push.ts';
import { readTarget } from './oci/push-target.ts';

const { values, positionals } = parseArgs({
  options: { behaviour: { type: 'string', default: 'good' }, insecure: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const behaviour = webBehaviours.find((known) => known === values.behaviour);
if (behaviour === undefined) {
  throw new Error(`--behaviour ${values.behaviour}: must be one of ${webBehaviours.join(', ')}`);
}
const target = readTarget(positionals[0] ?? '', values.insecure);
const digest = await pushImage(makeWebImage({ version: target.tag, behaviour }), target);
console.log(`pushed ${positionals[0]} ${digest}`);
