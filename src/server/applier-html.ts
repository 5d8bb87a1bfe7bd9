/** The status page of `headgate apply`, without script and readable without style. */
import { type ApplierRun, type FileAttempt, isSuccess } from '../core/kube-applier/applier-run.ts';

export interface ApplierPage {
  /** Newest first. */
  readonly runs: readonly ApplierRun[];
  readonly trouble: string | undefined;
  readonly diffUrlFormat: string | undefined;
}

const style = `
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 1rem auto; max-width: 60rem; padding: 0 1rem; }
pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
details { border-top: 1px solid; padding: .5rem 0; }
summary { cursor: pointer; overflow-wrap: anywhere; }`;

/** Everything that a file or a commit says is escaped. */
export function renderApplierPage(page: ApplierPage): string {
  const body =
    page.runs.length === 0
      ? '<p>No run has ended yet.</p>'
      : page.runs.map((run, index) => renderRun(run, page, index)).join('\n');
  const trouble =
    page.trouble === undefined ? '' : `<p role="alert">The last attempt could not run: ${escapeHtml(page.trouble)}</p>`;
  return renderPage(`<form method="post" action="api/v1/forceRun"><button type="submit">Force a run</button></form>
${trouble}
${body}`);
}

/** A whole page around its content, which is HTML already. */
export function renderPage(content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Headgate apply</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Headgate apply</h1>
${content}
</main>
</body>
</html>
`;
}

function renderRun(run: ApplierRun, { diffUrlFormat }: ApplierPage, index: number): string {
  const failed = run.files.filter((file) => !file.success);
  const good = run.files.filter((file) => file.success);
  const heading = `${index === 0 ? 'Last run' : 'Earlier run'}: ${run.type}, ${isSuccess(run) ? 'success' : 'failure'}`;
  const facts = [
    ['Started', time(run.startedAt)],
    ['Finished', time(run.finishedAt)],
    ['Latency', `${((run.finishedAt.getTime() - run.startedAt.getTime()) / 1_000).toFixed(3)} s`],
    ['Commit', commitLink(run.commit, diffUrlFormat)],
    ['Blacklist', list(run.blacklist)],
    ['Whitelist', list(run.whitelist)],
  ];
  return `<section aria-labelledby="run-${index}">
<h2 id="run-${index}">${escapeHtml(heading)}</h2>
<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('')}</dl>
<pre>${escapeHtml(run.commitLog)}</pre>
${renderFiles(`Errors (${failed.length})`, failed, true)}
${renderFiles(`Successes (${good.length})`, good, false)}
</section>`;
}

function renderFiles(heading: string, files: readonly FileAttempt[], open: boolean): string {
  const items = files.map(
    ({ path, output }) =>
      `<details${open ? ' open' : ''}><summary>${escapeHtml(path)}</summary><pre>${escapeHtml(output.join('\n'))}</pre></details>`,
  );
  return `<h3>${escapeHtml(heading)}</h3>\n${items.join('\n')}`;
}

function commitLink(commit: string | undefined, format: string | undefined): string {
  if (commit === undefined) {
    return 'none: the folder has no history';
  }
  const url = format?.replaceAll('%s', encodeURIComponent(commit));
  return url !== undefined && /^https?:\/\//.test(url)
    ? `<a href="${escapeHtml(url)}">${escapeHtml(commit)}</a>`
    : escapeHtml(commit);
}

function list(paths: readonly string[]): string {
  return paths.length === 0 ? 'empty' : escapeHtml(paths.join(', '));
}

function time(date: Date): string {
  return `<time datetime="${date.toISOString()}">${date.toISOString()}</time>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What others say, as text. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}
