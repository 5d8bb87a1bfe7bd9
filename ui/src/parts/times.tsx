/** Times in the viewer's zone, with UTC where one points at them, and how long things took. */
import { useEffect, useState } from 'react';
import { useLanguage } from '../text/language.tsx';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Until when something waits: the time, and how far away that is. */
export function Until({ at }: { readonly at: string }) {
  const { locale, text } = useLanguage();
  const now = useNow();
  const date = new Date(at);
  const away = date.getTime() - now;
  const isToday = Math.abs(away) < day / 2;
  return (
    <time dateTime={at} title={date.toISOString()}>
      {text.common.until} {isToday ? sayClock(date, locale) : sayDate(date, locale)}
      {Math.abs(away) < 2 * day && `, ${sayDistance(away, locale)}`}
    </time>
  );
}

function sayClock(date: Date, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(date);
}

/** A moment, as `in 3 minutes` and `4 hours ago` near to now, else as date and time. */
export function When({ at, relative = true }: { readonly at: string; readonly relative?: boolean }) {
  const { locale } = useLanguage();
  const now = useNow(relative);
  const date = new Date(at);
  const away = date.getTime() - now;
  const text = relative && Math.abs(away) < day ? sayDistance(away, locale) : sayDate(date, locale);
  return (
    <time dateTime={at} title={`${sayDate(date, locale)} (${date.toISOString().replace('.000Z', 'Z')})`}>
      {text}
    </time>
  );
}

export function sayDate(date: Date, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(date);
}

/** @param away milliseconds from now; the past is negative */
export function sayDistance(away: number, locale: string): string {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const size = Math.abs(away);
  if (size < minute) {
    return format.format(Math.round(away / second), 'second');
  }
  return size < hour
    ? format.format(Math.round(away / minute), 'minute')
    : format.format(Math.round(away / hour), 'hour');
}

/** `350 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`. */
export function sayDuration(ms: number): string {
  if (ms < second) {
    return `${Math.round(ms)} ms`;
  }
  if (ms < minute) {
    return `${(ms / second).toFixed(1)} s`;
  }
  if (ms < hour) {
    return `${Math.floor(ms / minute)} min ${Math.round((ms % minute) / second)} s`;
  }
  return `${Math.floor(ms / hour)} h ${Math.round((ms % hour) / minute)} min`;
}

/** The time now, anew each second; `ticking` false saves it where nobody sees it move. */
export function useNow(ticking = true): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) {
      return;
    }
    const timer = setInterval(() => setNow(Date.now()), second);
    return () => clearInterval(timer);
  }, [ticking]);
  return now;
}
