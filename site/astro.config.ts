import starlight from '@astrojs/starlight';
import { defineConfig } from 'astro/config';
import { addressOf, type Group, type Page, readNavigation } from './navigation.ts';

/** Built into dist/ without network; `make docs` builds and serves it. */
export default defineConfig({
  // Where it is published is not known here: addresses begin at the root of whatever host serves them.
  trailingSlash: 'always',
  integrations: [
    starlight({
      title: 'Headgate',
      description:
        'Keeps the applications of a Kubernetes cluster up to date, and goes back by itself when a version is bad.',
      logo: { src: './src/logo.svg' },
      favicon: '/favicon.svg',
      customCss: ['./src/site.css'],
      // Wrapped code needs no scrolling, which readers without a mouse cannot do.
      expressiveCode: { defaultProps: { wrap: true } },
      sidebar: readNavigation().map(sidebarGroup),
      tableOfContents: { minHeadingLevel: 2, maxHeadingLevel: 2 },
      lastUpdated: false,
      credits: false,
    }),
  ],
});

type SidebarItem = string | { label: string; slug: string } | SidebarGroup;

interface SidebarGroup {
  label: string;
  collapsed?: boolean;
  items: SidebarItem[];
}

function sidebarGroup({ label, items }: Group): SidebarGroup {
  return { label, collapsed: items.length > 12, items: items.map(sidebarItem) };
}

function sidebarItem(item: Page | Group): SidebarItem {
  return 'items' in item
    ? { ...sidebarGroup(item), collapsed: true }
    : { label: item.title, slug: addressOf(item.path) };
}
