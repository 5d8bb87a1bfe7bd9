import { sayWhy } from '../resources/say-why.ts';
import { appCommand } from './one-object.ts';
import { harmless } from './table.ts';

export const whyCommand = appCommand({
  name: 'why',
  summary: 'Say in one sentence what an App runs, and why it does not move.',
  show: (app, updates) => harmless(sayWhy(app, updates[0])),
  toJson: (app, updates) => ({ why: sayWhy(app, updates[0]) }),
});
