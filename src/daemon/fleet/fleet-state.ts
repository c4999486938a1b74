/** How far a host has read and sent in its fleet, as its database keeps it. */

/** Under which the database keeps it. */
export const STATE_KEY = 'fleet';

export interface Saved {
  readonly epoch: string;
  readonly lastId: string;
  /** Every row of the trail up to this one was sent. */
  readonly sent: number;
  /** Hosts heard of. */
  readonly hosts: readonly string[];
  /** Milliseconds by which the server's clock was ahead. */
  readonly aheadMs: number;
}

export function encodeSaved(saved: Saved): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(saved));
}

/** Undefined for a host that has never joined, and for what cannot be read back: then it joins anew. */
export function readSaved(bytes: Uint8Array | undefined): Saved | undefined {
  if (!bytes) return undefined;
  try {
    const saved = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Saved>;
    const { epoch, lastId, sent, hosts, aheadMs = 0 } = saved;
    if (typeof epoch !== 'string' || typeof lastId !== 'string' || typeof sent !== 'number') return undefined;
    const names = Array.isArray(hosts) ? hosts.filter((host) => typeof host === 'string') : [];
    return { epoch, lastId, sent, hosts: names, aheadMs: Number(aheadMs) || 0 };
  } catch {
    return undefined;
  }
}
