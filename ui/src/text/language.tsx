/** Which catalogue is shown: what was chosen here before, else what the browser asks for. */
import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';
import { de } from './de.ts';
import { type Catalogue, en } from './en.ts';

export const catalogues = { en, de } as const;
export type Language = keyof typeof catalogues;

interface Spoken {
  readonly language: Language;
  /** How the browser's user writes dates in that language, e.g. `en-GB`. */
  readonly locale: string;
  readonly text: Catalogue;
  readonly speak: (language: Language) => void;
}

const storageKey = 'headgate.language';
const LanguageContext = createContext<Spoken>({ language: 'en', locale: 'en', text: en, speak: () => undefined });

export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(preferredLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const spoken = useMemo<Spoken>(
    () => ({
      language,
      locale: localeOf(language, navigator.languages),
      text: catalogues[language],
      speak: (chosen) => {
        localStorage.setItem(storageKey, chosen);
        setLanguage(chosen);
      },
    }),
    [language],
  );
  return <LanguageContext value={spoken}>{children}</LanguageContext>;
}

export function useText(): Catalogue {
  return use(LanguageContext).text;
}

export function useLanguage(): Spoken {
  return use(LanguageContext);
}

function preferredLanguage(): Language {
  const wanted = [localStorage.getItem(storageKey), ...navigator.languages];
  return wanted.map((one) => one?.slice(0, 2)).find(isLanguage) ?? 'en';
}

export function isLanguage(text: string | null | undefined): text is Language {
  return text !== null && text !== undefined && Object.hasOwn(catalogues, text);
}

/** The first of the browser's locales that is of the language; else the language itself. */
export function localeOf(language: Language, locales: readonly string[]): string {
  return locales.find((one) => one.toLowerCase().startsWith(`${language}-`)) ?? language;
}
