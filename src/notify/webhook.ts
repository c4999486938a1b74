/** Webhooks: one POST for each message, in the form of a template. */
import type { WebhookSettings } from '../settings/notify-settings.ts';
import type { BrokenChannel, Channel, Deliver } from './channel.ts';
import { post } from './http-post.ts';
import { loadAddress, loadSecret } from './secret.ts';
import type { Template, TemplateOptions } from './template.ts';
import { TEMPLATES } from './templates.ts';

export function openWebhooks(
  webhooks: readonly WebhookSettings[],
  environment: Readonly<NodeJS.ProcessEnv>,
  timeoutMs: number,
): readonly (Channel | BrokenChannel)[] {
  return webhooks.map((settings, index) => openWebhook(settings, `notify.webhook[${index}]`, environment, timeoutMs));
}

function openWebhook(
  settings: WebhookSettings,
  key: string,
  environment: Readonly<NodeJS.ProcessEnv>,
  timeoutMs: number,
): Channel | BrokenChannel {
  const template = TEMPLATES[settings.template];
  const { service, defaultSeverity, isEachSent } = template;
  const name = settings.name ?? settings.template;
  const broken = (problem: string): BrokenChannel => ({ name, service, problem });
  const address = loadAddress({ key: `${key}.url`, value: settings.url, file: settings.url_file }, environment);
  const token = loadSecret({ key: `${key}.token`, value: settings.token, file: settings.token_file }, environment);
  if (address.kind === 'error') return broken(address.message);
  if (token.kind === 'error') return broken(token.message);
  const loadOptions = (): TemplateOptions => ({
    token: token.kind === 'loaded' ? token.secret.reveal() : undefined,
    chat: settings.chat,
  });
  const missing = findMissing(template, address.kind === 'none', loadOptions());
  if (missing !== undefined) return broken(`${key}.${missing} is not set, and ${service} needs it`);
  const findUrl = () => (address.kind === 'loaded' ? address.secret.reveal() : (template.url?.(loadOptions()) ?? ''));
  return {
    ...{ name, service, settings },
    deliver: createDelivery(template, findUrl, loadOptions, timeoutMs),
    ...(defaultSeverity && { defaultSeverity }),
    ...(isEachSent && { isEachSent }),
    warnings: [address, token].flatMap((loaded) => (loaded.kind === 'loaded' ? loaded.warnings : [])),
  };
}

function findMissing(
  { url, needs = [] }: Template,
  isWithoutUrl: boolean,
  options: TemplateOptions,
): string | undefined {
  if (isWithoutUrl && url === undefined) return 'url_file';
  // An address of the template's own is made of the token.
  const needed = isWithoutUrl ? [...needs, 'token' as const] : needs;
  const missing = needed.find((option) => options[option] === undefined);
  return missing === 'token' ? 'token_file' : missing;
}

function createDelivery(
  template: Template,
  findUrl: () => string,
  loadOptions: () => TemplateOptions,
  timeoutMs: number,
): Deliver {
  const { service, render } = template;
  return async (message, signal) => {
    const request = render(message, loadOptions());
    if (request === undefined) return { outcome: 'ok' };
    const { body, headers = {} } = request;
    const isText = typeof body === 'string';
    return post(
      {
        ...{ service, url: findUrl(), timeoutMs },
        headers: { ...(isText ? {} : { 'content-type': 'application/json' }), ...headers },
        body: isText ? body : JSON.stringify(body),
      },
      signal,
    );
  };
}
