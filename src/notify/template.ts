/** A template: what a webhook's service wants to be posted. docs/extending.md shows how to add one. */
import type { Severity } from '../model/notification.ts';
import type { Message } from './message.ts';

/** What the configuration of the webhook says beside its address. */
export interface TemplateOptions {
  readonly token: string | undefined;
  readonly chat: string | undefined;
}

export interface TemplateRequest {
  /** An object is sent as JSON, a text as it is. */
  readonly body: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Template {
  /** The service as people call it. */
  readonly service: string;
  /** The address where the configuration names none. */
  readonly url?: (options: TemplateOptions) => string;
  /** Keys of the configuration without which nothing can be sent. */
  readonly needs?: readonly (keyof TemplateOptions)[];
  /** Less urgent messages are not sent unless `min_severity` says so; all are without it. */
  readonly defaultSeverity?: Severity;
  /** Each message opens or closes an incident of its own: none is folded into a digest. */
  readonly isEachSent?: boolean;
  /** Undefined for a message that the service has no use for. Pure. */
  readonly render: (message: Message, options: TemplateOptions) => TemplateRequest | undefined;
}

/** The header for a token, where there is one (RFC 6750). */
export const bearer = ({ token }: TemplateOptions): Readonly<Record<string, string>> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };
