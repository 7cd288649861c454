import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { defineNotifier, type Message } from '../notifier.ts'

/**
 * A POST of a CloudEvents 1.0 event in JSON (structured mode), signed so that the receiver knows who sent it and when; or,
 * with a template, of what a gateway for text messages or calls wants to have.
 */
export default defineNotifier({
  name: 'webhook',
  settings: z.strictObject({
    url: z.url({ protocol: /^https?$/ }),
    secret: z.string().min(16),
    /** `{"to":"+49…","text":"{{title}}"}`: {{title}}, {{text}}, {{link}}, {{id}} are put in, escaped as `contentType` needs it. */
    template: z.string().max(5_000).optional(),
    contentType: z.enum(['application/json', 'application/x-www-form-urlencoded', 'text/plain']).default('application/json'),
    /** What the gateway wants in `Authorization`. */
    authorization: z.string().max(1_000).optional(),
  }),
  async deliver(message, { url, secret, template, contentType, authorization }, { time, post, stop }) {
    const body = template === undefined ? JSON.stringify(cloudEvent(message)) : filled(template, contentType, message)
    const type = template === undefined ? 'application/cloudevents+json' : contentType
    const headers = { 'content-type': `${type}; charset=utf-8`, 'tierline-signature': sign(body, secret, time.now()) }
    return post(url, { headers: { ...headers, ...(authorization !== undefined && { authorization }) }, body }, stop)
  },
})

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md */
function cloudEvent({ id, event, ticketId, createdAt, body }: Message) {
  return {
    ...{ specversion: '1.0', id, source: '/tierline', type: `org.tierline.${event}`, time: new Date(createdAt).toISOString() },
    ...(ticketId === null ? {} : { subject: ticketId }),
    ...{ datacontenttype: 'application/json', data: body },
  }
}

/**
 * `t=<seconds>,v1=<hex>`: HMAC-SHA256 with the receiver's secret over "<seconds>.<body>". The instant is inside, so that
 * an old delivery can't be played again for ever.
 */
export function sign(body: string, secret: string, now: number): string {
  const at = Math.floor(now / 1_000)
  return `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`
}

const escapes = {
  'application/json': (text: string) => JSON.stringify(text).slice(1, -1),
  'application/x-www-form-urlencoded': encodeURIComponent,
  'text/plain': (text: string) => text,
}

/** In one pass: what is put in is never looked at again, whatever a machine wrote into it. */
function filled(template: string, contentType: keyof typeof escapes, { id, said }: Message): string {
  const values: Record<string, string> = { id, title: said.title, text: said.lines.join('\n'), link: said.link ?? '' }
  return template.replaceAll(/\{\{(\w+)\}\}/g, (whole, name: string) =>
    values[name] === undefined ? whole : escapes[contentType](values[name].toWellFormed()),
  )
}
