/** zban as a service of systemd: is it installed, does it start at boot, and how is it started from where it stands? */

import type { Ask } from '../enforce/backend-kind.ts';
import { about, type Finding } from './finding.ts';

const { ok, warn } = about('service');

/** Of `zban.service`, in the words of systemctl(1). */
export interface Service {
  /** `loaded`, `not-found`, `masked`, … */
  readonly load: string;
  /** `active`, `inactive`, `failed`, `activating`, … */
  readonly active: string;
  /** `enabled`, `disabled`, …; empty when there is no unit. */
  readonly boot: string;
}

/** Undefined where systemd does not answer. */
export async function findService(ask: Ask): Promise<Service | undefined> {
  const text = await ask('systemctl', 'show', 'zban', '--property=LoadState,ActiveState,UnitFileState');
  const property = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text ?? '')?.[1] ?? '';
  const load = property('LoadState');
  if (load === '') return undefined;
  return { load, active: property('ActiveState'), boot: property('UnitFileState') };
}

export function checkService(service: Service | undefined): Finding[] {
  if (!service) return [];
  if (service.load !== 'loaded') {
    const what = service.load === 'not-found' ? 'is not installed' : `is ${service.load}`;
    return [warn(`${what}: zban does not start at boot`, startWith(service))];
  }
  if (service.boot === 'enabled') return [ok('starts at boot')];
  return [warn('does not start at boot', 'systemctl enable zban')];
}

/** How zban is started here; undefined is a zban that is no service. */
export function startWith(service: Service | undefined): string {
  if (!service) return 'zban run';
  if (service.load === 'not-found')
    return 'sudo scripts/install, in a checkout of zban; or without a service: zban run';
  if (service.load === 'masked') return 'systemctl unmask zban && systemctl start zban';
  if (service.active === 'failed') return 'journalctl -u zban -n 20 says why it ended; then: systemctl start zban';
  if (service.active === 'activating') return 'it is starting: systemctl status zban, journalctl -u zban -n 20';
  if (service.active === 'active')
    return 'it runs, but does not answer: journalctl -u zban -n 20, systemctl restart zban';
  return 'systemctl start zban';
}

/** How it takes a changed configuration. */
export function reloadWith(service: Service | undefined): string {
  return service?.active === 'active' ? 'systemctl reload zban' : 'send SIGHUP to zban run, or start it again';
}

/** How it is started anew. */
export function restartWith(service: Service | undefined): string {
  return service?.active === 'active' ? 'systemctl restart zban' : 'end zban run and start it again';
}
