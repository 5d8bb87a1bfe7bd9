/** When an image or an artifact was made, as its maker says. */

/** Config of an image (OCI image spec, "Image Configuration", `created`). */
export function createdInConfig(config: Buffer): Date | undefined {
  try {
    const parsed: unknown = JSON.parse(config.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && 'created' in parsed ? readTime(parsed.created) : undefined;
  } catch {
    // Foreign bytes: then it tells nothing.
    return undefined;
  }
}

/** Annotations of a manifest (OCI image spec, "Pre-Defined Annotation Keys"). */
export function createdInAnnotations(annotations: Readonly<Record<string, string>>): Date | undefined {
  return readTime(annotations['org.opencontainers.image.created']);
}

/** Undefined for what is no time in the sense of RFC 3339. */
export function readTime(value: unknown): Date | undefined {
  const isTime =
    typeof value === 'string' &&
    /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/.test(value);
  const time = isTime ? new Date(value) : undefined;
  return time === undefined || Number.isNaN(time.getTime()) ? undefined : time;
}
