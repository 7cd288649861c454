import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds } from '#shared/domain/time.ts'
import { type Delivery, defineNotifier, type Message } from '../notifier.ts'

/** Long enough for a slow service, short enough that its queue moves. */
const timeoutMs = seconds(10)

/** A POST of a CloudEvents 1.0 event in JSON (structured mode), signed so that the receiver knows who sent it and when. */
export default defineNotifier({
  name: 'webhook',
  settings: z.object({ url: z.url({ protocol: /^https?$/ }), secret: z.string().min(16) }),
  async deliver(message, { url, secret }, time, stop) {
    const body = JSON.stringify(cloudEvent(message))
    const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8', 'tierline-signature': sign(body, secret, time.now()) }
    const late = new AbortController()
    const cancel = time.after(timeoutMs, () => late.abort())
    try {
      // A redirect could lead anywhere, with our signature; whoever moved says so to an administrator.
      const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: AbortSignal.any([stop, late.signal]) })
      await response.body?.cancel()
      return judge(response.status)
    } catch (error) {
      return {
        kind: 'failed',
        isRetryable: true,
        reason: late.signal.aborted ? `no answer within ${timeoutMs / 1_000} s` : reasonOf(error),
      }
    } finally {
      cancel()
    }
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

/** 408, 425, 429 and 5xx may be different next time (RFC 9110 §15); the rest would answer the same again. */
function judge(status: number): Delivery {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const isRetryable = status >= 500 || [408, 425, 429].includes(status)
  const reason = status >= 300 && status < 400 ? `it answered ${status}, and redirects are not followed` : `it answered ${status}`
  return { kind: 'failed', isRetryable, reason }
}

/** fetch says "fetch failed" and keeps why in the cause. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? sentenceOf(error.cause) : sentenceOf(error)
