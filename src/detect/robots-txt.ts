/** The path by which crawlers ask what they may read (RFC 9309). */
import { PathFeatures } from '../parse/request-features.ts';

function patternOf(path: string): number {
  const bytes = new TextEncoder().encode(path);
  const features = new PathFeatures();
  features.read(bytes, 0, bytes.length);
  return features.pattern;
}

/** Its pattern. */
export const ROBOTS_TXT = patternOf('/robots.txt');
