/**
 * The composition root: builds every part for one configuration, wires them in the order of the data flow, and takes
 * them down again in the order that loses nothing.
 */
import { hostname } from 'node:os';
import type { LoadedConfig } from '../config/load.ts';
import { formatDuration } from '../config/duration.ts';
import { startControlServer } from '../control/server.ts';
import type { AuditEntry } from '../core/audit.ts';
import { formatAuditLine, formatBaselineLine } from '../core/audit-line.ts';
import type { EngineEvent } from '../core/event.ts';
import type { Status } from '../core/status.ts';
import { createEnforcer } from '../enforce/enforcer.ts';
import { startLoadSampler } from '../host/load.ts';
import { createMetrics } from '../http/metrics.ts';
import { startHttpServer } from '../http/server.ts';
import type { Notification } from '../notify/notification.ts';
import { openRecords } from './records.ts';
import { Bans } from './bans.ts';
import { DataPlane } from './data-plane.ts';
import { systemDraft } from './drafts.ts';
import { pickEnforcement } from './enforcement.ts';
import { createHandlers } from './handlers.ts';
import type { Log } from './log.ts';
import type { Heartbeat } from './notify-systemd.ts';
import { createProtection } from './protection.ts';
import { assembleStatus } from './status.ts';
import { Troubles } from './troubles.ts';
import { VERSION } from './version.ts';
