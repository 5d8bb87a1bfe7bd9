/** Under which topics of webhooks an App is listed. */
import { isOperationError } from '../core/errors.ts';
import { parseRepository, type Repository } from '../core/image/reference.ts';
import { topicsOfRepository } from '../core/webhook/topics.ts';
import type { AppObjectWire } from './decode-app.ts';

/** One topic for each way in which the App's sources may be announced; none for a source whose repository is not valid. */
export function topicsOfApp(app: AppObjectWire): readonly string[] {
  return imageRepositoriesOf(app).flatMap(topicsOfRepository);
}

/** The repositories of the App's sources, those that are valid, also when the rest of the App is not. */
export function imageRepositoriesOf(app: AppObjectWire): readonly Repository[] {
  return app.spec.sources.flatMap(({ image }) => {
    try {
      return [parseRepository(image.repository)];
    } catch (error) {
      if (isOperationError(error, 'REFERENCE_INVALID')) {
        return [];
      }
      throw error;
    }
  });
}
