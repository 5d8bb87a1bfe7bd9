import { describe, expect, test } from 'vitest';
import { chooseFiles, parseFileList } from './file-list.ts';

describe('chooseFiles', () => {
  // The rows of box/kube-applier's applylist/factory_test.go, and what its code says besides.
  test.each([
    { name: 'no file', files: [], expected: [] },
    { name: 'a .json file', files: ['a.json'], expected: ['a.json'] },
    { name: 'a .yaml file', files: ['a.yaml'], expected: ['a.yaml'] },
    { name: 'a file without ending', files: ['a'], expected: [] },
    { name: 'a .yml file', files: ['a.yml'], expected: [] },
    { name: 'an ending in capitals', files: ['a.YAML'], expected: [] },
    {
      name: 'several endings',
      files: ['a.json', 'b.jpg', 'a/b.yaml', 'a/b'],
      expected: ['a.json', 'a/b.yaml'],
    },
    {
      name: 'a blacklist',
      files: ['a.json', 'b.json', 'a/b/c.yaml', 'a/b', 'b/c.json'],
      blacklist: ['b.json', 'b/c.json'],
      expected: ['a.json', 'a/b/c.yaml'],
    },
    {
      name: 'a blacklist with a file that is not there',
      files: ['a/b.json', 'b/c', 'a/b/c.yaml', 'a/b/c', 'c.json'],
      blacklist: ['a/b/c.yaml', 'f.json'],
      expected: ['a/b.json', 'c.json'],
    },
    { name: 'a whitelist', files: ['a.json', 'b.json', 'c.yaml'], whitelist: ['b.json'], expected: ['b.json'] },
    {
      name: 'a file in both lists',
      files: ['a.json', 'b.json'],
      blacklist: ['b.json'],
      whitelist: ['a.json', 'b.json'],
      expected: ['a.json'],
    },
    { name: 'a whitelist of nothing that is there', files: ['a.json'], whitelist: ['b.json'], expected: [] },
    {
      name: 'the order of bytes',
      files: ['b.yaml', 'a/z.yaml', 'a.yaml', 'B.yaml'],
      expected: ['B.yaml', 'a.yaml', 'a/z.yaml', 'b.yaml'],
    },
  ])('$name', ({ files, blacklist = [], whitelist = [], expected }) => {
    expect(chooseFiles(files, { blacklist, whitelist })).toEqual(expected);
  });
});

describe('parseFileList', () => {
  test.each([
    { name: 'an empty text', text: '', expected: [] },
    { name: 'a path a line, sorted', text: 'b.json\na/b.yaml\n', expected: ['a/b.yaml', 'b.json'] },
    { name: 'lines that are comments', text: '#a.json\n# b.json\nc.json', expected: ['c.json'] },
    { name: 'a # that does not begin the line', text: ' #a.json', expected: [' #a.json'] },
    { name: 'empty lines and Windows line ends', text: '\r\na.json\r\n\r\n', expected: ['a.json'] },
    {
      name: 'paths written otherwise',
      text: './a.json\n/b.json\nc//d/../e.yaml',
      expected: ['a.json', 'b.json', 'c/e.yaml'],
    },
  ])('$name', ({ text, expected }) => {
    expect(parseFileList(text)).toEqual(expected);
  });
});
