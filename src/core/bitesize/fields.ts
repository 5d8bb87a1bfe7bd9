/** A mapping of environments.bitesize that is read field by field; what nobody has read is told with its line. */

export interface Note {
  /** As in the file, e.g. `environments[0].services[1].http2`. */
  readonly path: string;
  /** Of the file, from 1; 0 where it is not known. */
  readonly line: number;
  readonly message: string;
}

export type Path = readonly (string | number)[];

export interface Report {
  readonly lineOf: (path: Path) => number;
  readonly notes: Note[];
}

export class Fields {
  readonly path: Path;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #report: Report;
  readonly #read = new Set<string>();

  constructor(value: unknown, path: Path, report: Report) {
    this.path = path;
    this.#values = isMapping(value) ? value : {};
    this.#report = report;
  }

  /** The value as it stands there. */
  take(name: string): unknown {
    this.#read.add(name);
    return this.#values[name] ?? undefined;
  }

  /** A text, or what YAML made a number or a truth value of. */
  text(name: string): string | undefined {
    const value = this.take(name);
    return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;
  }

  number(name: string): number | undefined {
    const value = Number(this.text(name) ?? Number.NaN);
    return Number.isFinite(value) ? value : undefined;
  }

  /** A list of texts, or one text as a list of one. */
  texts(name: string): readonly string[] {
    const value = this.take(name);
    return (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);
  }

  within(name: string): Fields {
    return new Fields(this.take(name), [...this.path, name], this.#report);
  }

  /** The mappings of a list. */
  each(name: string): readonly Fields[] {
    const value = this.take(name);
    const list = Array.isArray(value) ? value : [];
    return list.map((one, index) => new Fields(one, [...this.path, name, index], this.#report));
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined && this.#values[name] !== null;
  }

  note(name: string, message: string): void {
    const path = name === '' ? this.path : [...this.path, name];
    this.#report.notes.push({ path: describePath(path), line: this.#report.lineOf(path), message });
  }

  /** Tells of a field that has no counterpart, if it is there. */
  lose(name: string, message: string): void {
    this.#read.add(name);
    if (this.has(name)) {
      this.note(name, message);
    }
  }

  /** Tells of everything that was not read. */
  loseRest(): void {
    for (const name of Object.keys(this.#values)) {
      if (!this.#read.has(name)) {
        this.note(name, 'is not known and is left out');
      }
    }
  }
}

function describePath(path: Path): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '');
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
