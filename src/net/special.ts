/**
 * Networks that no client can have: nobody is ever banned there. A rule for one would shut nobody out, or the host itself
 * (without fe80::/10 IPv6 has no neighbours and no router). Source: IANA's IPv4 and IPv6 Special-Purpose Address
 * Registries (RFC 6890).
 */
import { parsePrefix, type Reasoned } from './prefix.ts';

const REASONS: Readonly<Record<string, string>> = {
  '0.0.0.0/8': 'no address of a client: "this network" (RFC 791)',
  '127.0.0.0/8': 'loopback',
  '169.254.0.0/16': 'link-local (RFC 3927)',
  '224.0.0.0/4': 'multicast (RFC 5771)',
  '240.0.0.0/4': 'reserved or broadcast (RFC 1112, RFC 8190)',
  '::/128': 'no address of a client: unspecified (RFC 4291)',
  '::1/128': 'loopback',
  'fe80::/10': 'link-local (RFC 4291)',
  'ff00::/8': 'multicast (RFC 4291)',
};

export const SPECIAL_NETWORKS: readonly Reasoned[] = Object.entries(REASONS).flatMap(([text, reason]) => {
  const prefix = parsePrefix(text);
  return prefix ? [{ prefix, reason }] : [];
});
