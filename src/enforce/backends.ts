/** Every kind of backend by its name in `firewall.backend`, in the order in which `auto` tries them. */
import type { BackendKind } from './backend-kind.ts';
import { exec } from './exec.ts';
import { ipset } from './ipset.ts';
import { iptables } from './iptables.ts';
import { nftables } from './nftables.ts';
import { nginx } from './nginx.ts';

/**
 * ipset first, which every Docker, ufw and firewalld host of today gets along with; nftables, as fast, for hosts without
 * iptables; one iptables rule a ban last, because every packet walks them.
 */
const KINDS = { ipset, nftables, iptables, nginx, exec } satisfies Readonly<Record<string, BackendKind>>;

export type KindName = keyof typeof KINDS;

/** Neither `auto` nor `dry-run`, which has no firewall, is in it. */
export const BACKENDS: ReadonlyMap<string, BackendKind> = new Map(Object.entries(KINDS));
