/** What the first page of the site shows above its text. */
export const homeData = {
  template: 'splash',
  hero: {
    tagline:
      'Keeps the applications of a Kubernetes cluster up to date without an administrator. It finds new versions, puts them in place, watches them, and goes back by itself when one is bad.',
    actions: [
      { text: 'Start in ten minutes', link: '/start/', icon: 'right-arrow' },
      { text: 'How it works', link: '/concepts/pipeline/', variant: 'minimal' },
    ],
  },
};
