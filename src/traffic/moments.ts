/** Sums from which mean and standard deviation follow. Integer samples keep them exact up to 2⁵³. */

export interface Moments {
  count: number;
  sum: number;
  squares: number;
}

export function emptyMoments(): Moments {
  return { count: 0, sum: 0, squares: 0 };
}

export function addSample(moments: Moments, sample: number): void {
  moments.count++;
  moments.sum += sample;
  moments.squares += sample * sample;
}

export function addMoments(to: Moments, from: Moments): void {
  to.count += from.count;
  to.sum += from.sum;
  to.squares += from.squares;
}

export function scaleMoments(moments: Moments, factor: number): void {
  moments.count *= factor;
  moments.sum *= factor;
  moments.squares *= factor;
}

/** Mean and population standard deviation, both 0 without samples. */
export function levelOf(moments: Moments): { mean: number; stddev: number } {
  if (moments.count === 0) return { mean: 0, stddev: 0 };
  const mean = moments.sum / moments.count;
  return { mean, stddev: Math.sqrt(Math.max(0, moments.squares / moments.count - mean * mean)) };
}
