import { expect, test } from 'vitest';
import { type Change, ChangeFeed } from './change-feed.ts';

function change(name: string): Change {
  return { kind: 'App', resource: 'apps', namespace: 'demo', name, resourceVersion: '1', change: 'changed' };
}

function names(feed: ChangeFeed, id: string): readonly string[] | 'Unknown' {
  const resumption = feed.since(id);
  return resumption.kind === 'Missed' ? resumption.changes.map(({ name }) => name) : 'Unknown';
}

test('what came after an id is told in order', () => {
  const feed = new ChangeFeed('epoch');
  const start = feed.lastId;
  feed.publish(change('a'));
  const middle = feed.lastId;
  feed.publish(change('b'));

  expect(names(feed, start)).toEqual(['a', 'b']);
  expect(names(feed, middle)).toEqual(['b']);
  expect(names(feed, feed.lastId)).toEqual([]);
});

test.each(['', 'epoch', 'epoch-', 'other-1', 'epoch-3', 'epoch--1', 'epoch-99999999999999999', '-1'])(
  'the id %j says nothing',
  (id) => {
    const feed = new ChangeFeed('epoch');
    feed.publish(change('a'));
    feed.publish(change('b'));

    expect(names(feed, id)).toBe('Unknown');
  },
);

test('what was long ago is not known any more, and the memory is bounded', () => {
  const feed = new ChangeFeed('epoch');
  const start = feed.lastId;
  for (let index = 0; index < 30_000; index += 1) {
    feed.publish(change(`app-${index}`));
  }

  expect(names(feed, start)).toBe('Unknown');
  expect(names(feed, 'epoch-29998')).toEqual(['app-29998', 'app-29999']);
});

test('a listener that has left is told nothing more', () => {
  const feed = new ChangeFeed('epoch');
  const heard: string[] = [];
  const leave = feed.subscribe(({ name }) => heard.push(name));
  feed.publish(change('a'));
  leave();
  feed.publish(change('b'));

  expect(heard).toEqual(['a']);
  expect(feed.listeners).toBe(0);
});
