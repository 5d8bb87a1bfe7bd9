/** The files of a source at one version, whatever it came from: a commit of a git repository, or an OCI artifact. */
export interface SourceTree {
  /** In the order of their paths, each path once. */
  readonly files: readonly SourceFile[];
  /** What is there but cannot be used; whoever needs one of them must say so. */
  readonly leftOut: readonly LeftOut[];
}

export interface SourceFile {
  /** From the root of the source, with `/` between folders; without `..`, `.` and empty parts. */
  readonly path: string;
  readonly content: Buffer;
}

export interface LeftOut {
  readonly path: string;
  readonly reason: 'SymbolicLink' | 'HardLink' | 'Submodule' | 'LfsPointer' | 'SpecialFile';
}
