/** What the spelling test uses of https://github.com/wooorm/nspell, which has no types of its own. */
declare module 'nspell' {
  interface Speller {
    correct(word: string): boolean;
    add(word: string): Speller;
  }

  function nspell(dictionary: { aff: Uint8Array; dic: Uint8Array }): Speller;
  export = nspell;
}
