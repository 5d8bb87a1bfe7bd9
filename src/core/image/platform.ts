/** Operating system and processor that an image was built for, written as `linux/arm64` or `linux/arm/v7`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

export const platformPattern = '^[a-z0-9]+/[a-z0-9_]+(/[a-z0-9.]+)?$';

/** Undefined for what is none. */
export function parsePlatform(text: string): Platform | undefined {
  const [os = '', architecture = '', variant] = new RegExp(platformPattern).test(text) ? text.split('/') : [];
  return os === '' ? undefined : { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return variant === undefined ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

/** Those of `wanted` that are not among `offered`, each once. One that is wanted without variant is there with any. */
export function missingPlatforms(wanted: readonly Platform[], offered: readonly Platform[]): readonly Platform[] {
  const isOffered = ({ os, architecture, variant }: Platform) =>
    offered.some(
      (one) => one.os === os && one.architecture === architecture && (variant === undefined || one.variant === variant),
    );
  const byText = new Map(wanted.map((platform) => [formatPlatform(platform), platform]));
  return [...byText.values()].filter((platform) => !isOffered(platform));
}
