/** A bare git repository on disk whose commits a test writes: what servers give away. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TestRepository {
  /** The bare repository. */
  readonly directory: string;
  /** One commit on top of the branch; answers its id. */
  commit(files: CommitFiles, options?: CommitOptions): string;
  /** The same for many, in one run of git; answers the id of the last. */
  commitAll(commits: readonly CommitFiles[], options?: CommitOptions): string;
  tag(name: string, options?: { readonly annotated?: boolean; readonly commit?: string }): void;
  /** Runs git in the repository; answers its output without the last line end. */
  git(...words: readonly string[]): string;
  /** Writes an object as it is given; answers its id. */
  write(type: string, text: string): string;
  /** Makes a tree of lines as `git ls-tree` prints them, also one that git would refuse to check out. */
  makeTree(lines: string): string;
}

/** What changes by path; undefined removes a file. */
export type CommitFiles = Readonly<
  Record<string, string | { readonly linkTo: string } | { readonly submodule: string } | undefined>
>;

export interface CommitOptions {
  /** Default `main`. */
  readonly branch?: string;
  /** The first of them forgets all commits of the branch, as a forced push does. */
  readonly orphan?: boolean;
}

const environment = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.org',
  GIT_COMMITTER_DATE: '2026-05-04T12:00:00Z',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.org',
};

/** A folder for repositories, for example the root of a server. */
export function makeGitRoot(): { readonly directory: string; remove(): void } {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-git-'));
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** Makes an empty repository `<root>/<name>` as a hosting service sets it up: partial clones and pushes are allowed. */
export function makeRepository(root: string, name: string, format: 'sha1' | 'sha256' = 'sha1'): TestRepository {
  const directory = join(root, name);
  run(root, ['init', '--quiet', '--bare', '--initial-branch=main', `--object-format=${format}`, directory]);
  run(directory, ['config', 'uploadpack.allowFilter', 'true']);
  run(directory, ['config', 'http.receivepack', 'true']);
  let sequence = 0;
  const commitAll = (commits: readonly CommitFiles[], { branch = 'main', orphan = false }: CommitOptions = {}) => {
    const ref = `refs/heads/${branch}`;
    const isNew = orphan || run(directory, ['for-each-ref', ref]) === '';
    const stream = commits.map((files, index) => {
      sequence += 1;
      return commitOf(files, { ref, sequence, isFirst: isNew && index === 0, isTop: index === 0 });
    });
    run(directory, ['fast-import', '--quiet', '--force'], stream.join(''));
    return run(directory, ['rev-parse', ref]);
  };
  return {
    directory,
    commit: (files, options) => commitAll([files], options),
    commitAll,
    tag(tagName, { annotated = false, commit = 'main' } = {}) {
      run(directory, ['tag', ...(annotated ? ['--annotate', '--message=a tag'] : []), tagName, commit]);
    },
    git: (...words) => run(directory, words),
    write: (type, text) => run(directory, ['hash-object', '-w', '-t', type, '--stdin'], text),
    makeTree: (lines) => writeTree(directory, lines),
  };
}

interface CommitPlace {
  readonly ref: string;
  readonly sequence: number;
  readonly isFirst: boolean;
  readonly isTop: boolean;
}

/** In the language of git-fast-import. */
function commitOf(files: CommitFiles, { ref, sequence, isFirst, isTop }: CommitPlace): string {
  const start = Math.floor(Date.parse('2026-05-04T12:00:00Z') / 1_000);
  return [
    ...(isFirst ? [`reset ${ref}\n`] : []),
    `commit ${ref}\n`,
    `committer Ada <ada@example.org> ${start + sequence} +0000\n`,
    data(`commit ${sequence}`),
    ...(isTop && !isFirst ? [`from ${ref}^0\n`] : []),
    ...Object.entries(files).map(([path, content]) => entryOf(path, content)),
    '\n',
  ].join('');
}

function entryOf(path: string, content: CommitFiles[string]): string {
  if (content === undefined) {
    return `D ${path}\n`;
  }
  if (typeof content === 'string') {
    return `M 100644 inline ${path}\n${data(content)}`;
  }
  return 'linkTo' in content
    ? `M 120000 inline ${path}\n${data(content.linkTo)}`
    : `M 160000 ${content.submodule} ${path}\n`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

/** By the format of tree objects, for git's own commands let no `..` pass. */
function writeTree(directory: string, lines: string): string {
  const entries = lines
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [about = '', name = ''] = line.split('\t');
      const [mode = '', , object = ''] = about.split(' ');
      return Buffer.concat([Buffer.from(`${mode.replace(/^0/, '')} ${name}\0`), Buffer.from(object, 'hex')]);
    });
  return run(directory, ['hash-object', '-w', '-t', 'tree', '--literally', '--stdin'], Buffer.concat(entries));
}

function run(directory: string, words: readonly string[], input: string | Buffer = ''): string {
  const options = { cwd: directory, env: environment, input, encoding: 'utf8', stdio: 'pipe' } as const;
  return execFileSync('git', words, options).trimEnd();
}
