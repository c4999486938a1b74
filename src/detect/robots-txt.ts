/** The path by which crawlers ask what they may read (RFC 9309). */
import { PathFeatures } from '../parse/path-features.ts';

const path = new TextEncoder().encode('/robots.txt');

/** Its pattern among hashes of this key. */
export function robotsTxtPattern(hashKey: number): number {
  const features = new PathFeatures(hashKey);
  features.read(path, 0, path.length);
  return features.pattern;
}
