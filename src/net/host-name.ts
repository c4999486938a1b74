/** Names of hosts, as an allowlist may have them in place of addresses. */

const HOST_NAME = /^(?=.*[a-z])[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?$/i;
/** True for a DNS name such as `office.example.com` (RFC 1123); an address is none. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && HOST_NAME.test(text);
}
