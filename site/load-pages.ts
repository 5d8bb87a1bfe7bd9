/** Reads the Markdown of the repository as it stands, so that the same files do for the site and for whoever reads them on a forge. */
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Loader, LoaderContext } from 'astro/loaders';
import { homeData } from './home.ts';
import { addressOf, docsFolder, pagesOf, readNavigation, titleOf } from './navigation.ts';
import { linkWithinSite } from './site-links.ts';

export function loadPages(): Loader {
  return {
    name: 'headgate-pages',
    load: async (context) => {
      context.store.clear();
      const pages = [
        'index.md',
        ...readNavigation()
          .flatMap(pagesOf)
          .map(({ path }) => path),
      ];
      // One after the other: the order of what is stored is the same in each build.
      for (const path of pages) {
        await loadPage(path, context);
      }
      context.watcher?.add(docsFolder);
    },
  };
}

async function loadPage(path: string, context: LoaderContext): Promise<void> {
  const { store, config, parseData, renderMarkdown, generateDigest } = context;
  const file = join(docsFolder, path);
  const contents = await readFile(file, 'utf8');
  const id = addressOf(path);
  // The layout shows the title, which is the first heading of the page.
  const text = linkWithinSite(contents.replace(/^# .+$/m, ''), path);
  const rendered = await renderMarkdown(text, { fileURL: pathToFileURL(file) });
  const data = { title: titleOf(contents) ?? 'Headgate', ...(id === 'index' ? homeData : {}) };
  store.set({
    id,
    data: await parseData({ id, data, filePath: file }),
    body: text,
    filePath: relative(fileURLToPath(config.root), file),
    digest: generateDigest(text),
    rendered: { ...rendered, html: withReachableTables(rendered.html) },
    assetImports: rendered.metadata?.imagePaths ?? [],
  });
}

/** A table that is wider than the screen is scrolled, also by keyboard; a head without words is none. */
function withReachableTables(html: string): string {
  return html.replaceAll('<table>', '<table tabindex="0">').replaceAll('<th></th>', '<td></td>');
}
