/** Who is behind an address, in one line for every screen. */
import type { Who } from '../model/who.ts';

/** `AS16276 OVH, FR · rDNS ns1.example.net · verified Googlebot`; empty where nothing is known. */
export function describeWho({ owner, hostName, hostNameConfirmed, robot }: Who): string {
  const parts: string[] = [];
  if (owner) {
    const system = owner.asn > 0 ? `AS${owner.asn}` : '';
    const named = [system, owner.name].filter((part) => part !== '').join(' ');
    parts.push([named, owner.country].filter((part) => part !== '').join(', '));
  }
  if (hostName !== undefined) parts.push(`rDNS ${hostName}${hostNameConfirmed ? '' : ' (unconfirmed)'}`);
  if (robot !== undefined) parts.push(`verified ${robot}`);
  return parts.join(' · ');
}
