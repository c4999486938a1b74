/** The keys of `firewall`. */
import * as z from 'zod';
import { duration, path, program, section } from './fields.ts';

/** Chains and targets that others own: flushing them would take down the host's own rules. */
const RESERVED_CHAIN =
  /^(INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING|ACCEPT|DROP|QUEUE|RETURN|REJECT|LOG|DOCKER.*|KUBE-.*)$/i;

export const firewall = section({
  backend: z.enum(['auto', 'ipset', 'nftables', 'iptables', 'nginx', 'exec', 'dry-run']).default('auto'),
  chain: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_-]{0,19}$/, 'expected a letter, then up to 19 letters, digits, _ or -')
    .refine((name) => !RESERVED_CHAIN.test(name), 'belongs to the kernel or to docker: zban needs a chain of its own')
    .default('ZBAN'),
  protect_ports: z.array(z.number().int().min(1).max(65_535)).max(15).default([22]),
  reconcile: duration('30s', '1s', '10m'),
  command_timeout: duration('10s', '100ms', '5m'),
  nginx: section({
    /** The include file. */
    file: path('/etc/nginx/zban.conf'),
    /** The file of the lanes, with any backend. */
    lanes: z.string().min(1).optional(),
    /** `deny` lines for the access module, or `geo` lines for a variable. */
    format: z.enum(['deny', 'geo']).default('deny'),
    test: program.prefault(['nginx', '-T']),
    reload: program.prefault(['nginx', '-s', 'reload']),
  }),
  exec: section({ apply: program.optional(), list: program.optional() }),
});

/** Durations are milliseconds. */
export type FirewallSettings = z.output<typeof firewall>;
