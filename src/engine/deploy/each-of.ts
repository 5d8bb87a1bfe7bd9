/** Does the same to many, several at once. */

/** Answers in the order of the items. The first rejection ends it; what is under way then is not waited for. */
export async function eachOf<T, R>(
  items: readonly T[],
  mostAtOnce: number,
  action: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await action(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(mostAtOnce, items.length) }, worker));
  return results;
}
