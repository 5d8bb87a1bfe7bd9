/**
 * What an announced push does: the Apps that follow it are checked now, past what is remembered of their last check and
 * past answers that several Apps share; an Update that writes into that repository looks whether it was merged. It starts nothing else, so that a webhook can be lost, repeated or invented.
 *
 * A storm costs one check of a repository a second: calls in between are put together (pace.ts), all Apps on the
 * repository are then woken together and share one answer, and the work queue holds each of them once.
 */
import type { Repository } from '../core/image/reference.ts';
import { topicsOfRepository } from '../core/webhook/topics.ts';
import type { CheckMemory } from '../engine/check/check-memory.ts';
import type { Clock } from '../kube/clock.ts';
import { keyOf } from '../kube/objects.ts';
import { gitUrlsOf, registryRepositoriesOf, topicsOfUrl, writtenUnder } from '../resources/app/app-topics.ts';
import type { AppObjectWire } from '../resources/app/decode-app.ts';
import { pace } from './pace.ts';

export interface AnnouncementContext {
  /** Apps with a source under a topic, over all namespaces looked after. */
  readonly appsOn: (topic: string) => readonly AppObjectWire[];
  readonly findApp: (namespace: string, name: string) => AppObjectWire | undefined;
  /** What is asked of the repository from now on is not answered from before. */
  readonly forgetAnswers: (repository: Repository) => void;
  /** The same of a git repository. */
  readonly forgetGit: (url: string) => void;
  readonly memory: Pick<CheckMemory, 'expire'>;
  readonly wakeApp: (key: string) => void;
  /** Wakes the Update of an App that is under way. */
  readonly wakeUpdateOf: (app: AppObjectWire) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface Announcements {
  /** Wakes all Apps under a topic; false when there is none. */
  wakeTopic(topic: string): boolean;
  /** Wakes one App; false when there is none. */
  wakeApp(namespace: string, name: string): boolean;
}

const gapMs = 1_000;

/** Ends with the signal. */
export function createAnnouncements(context: AnnouncementContext): Announcements {
  const check = (app: AppObjectWire, concerns: (topic: string) => boolean) => {
    for (const repository of registryRepositoriesOf(app).filter((one) => topicsOfRepository(one).some(concerns))) {
      context.forgetAnswers(repository);
    }
    for (const url of gitUrlsOf(app).filter((one) => concerns(topicsOfUrl(one) ?? ''))) {
      context.forgetGit(url);
    }
    const key = keyOf(app);
    context.memory.expire(key);
    context.wakeApp(key);
  };
  const checkTopic = pace({ ...context, gapMs }, (topic) => {
    for (const app of context.appsOn(topic)) {
      check(app, (one) => one === topic);
    }
    for (const app of context.appsOn(writtenUnder(topic))) {
      context.wakeUpdateOf(app);
    }
  });
  const checkApp = pace({ ...context, gapMs }, (subject) => {
    const [namespace = '', name = ''] = subject.split('/');
    const app = context.findApp(namespace, name);
    if (app) {
      check(app, () => true);
    }
  });
  return {
    wakeTopic(topic) {
      const isKnown = [topic, writtenUnder(topic)].some((one) => context.appsOn(one).length > 0);
      if (isKnown) {
        checkTopic(topic);
      }
      return isKnown;
    },
    wakeApp(namespace, name) {
      const isKnown = context.findApp(namespace, name) !== undefined;
      if (isKnown) {
        checkApp(`${namespace}/${name}`);
      }
      return isKnown;
    },
  };
}
