import { createTransport } from 'nodemailer'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds } from '#shared/domain/time.ts'
import { type MailSettings, mailDomain } from './mail-settings.ts'
import type { Delivery } from './notifier.ts'

export interface Mail {
  /** Stays the same however often it is tried, so that a mail server or reader can tell a repetition. */
  id: string
  to: string
  subject: string
  /** Plain text and nothing else: what machines and strangers wrote can't become markup. */
  text: string
  /** What it is about: mails of one ticket are one thread, and an answer finds its way back. */
  ticketNumber: number | null
}

/** Hands a mail to the mail server; what that does with it afterwards comes back as a bounce. */
export type SendMail = (mail: Mail) => Promise<Delivery>

export interface MailRoom {
  send: SendMail
  close(): void
}

/**
 * An own pool of connections to the one mail server that the operator named, which may well be on this machine.
 * @param tokenOf what an answer to a ticket's mail is known again by.
 */
export function openMail(settings: MailSettings | undefined, tokenOf: (ticketNumber: number) => string): MailRoom {
  if (!settings) return { send: async () => notConfigured, close: () => undefined }
  const transport = createTransport(transportOf(settings))
  const domain = mailDomain(settings.from)
  return {
    async send({ id, to, subject, text, ticketNumber }) {
      const token = ticketNumber === null ? undefined : tokenOf(ticketNumber)
      const thread = token === undefined ? undefined : `<ticket-${token}@${domain}>`
      try {
        await transport.sendMail({
          ...{ from: settings.from, to, text, messageId: `<${id}@${domain}>`, headers: automatic },
          subject: token === undefined ? subject : `${subject} [#${token}]`,
          ...(thread !== undefined && { references: thread, inReplyTo: thread }),
          // Nothing of a text may make the collector read a file or fetch an address.
          ...{ disableFileAccess: true, disableUrlAccess: true },
        })
        return { kind: 'delivered' }
      } catch (error) {
        return failed(error)
      }
    },
    close: () => transport.close(),
  }
}

/** RFC 3834: nobody's automatic answer shall answer this, and ours is known again when it comes back. */
const automatic = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All', 'X-Tierline': 'notice' }

const notConfigured: Delivery = {
  kind: 'failed',
  isRetryable: false,
  reason: 'no mail server is configured; start the collector with --mail FILE',
}

const isLocal = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')

function transportOf({ smtp }: MailSettings) {
  const { host, port, user, password } = smtp
  const auth = user === undefined || password === undefined ? {} : { auth: { user, pass: password } }
  return {
    ...{
      pool: true as const,
      maxConnections: 2,
      host,
      port,
      secure: smtp.tls === 'from-the-start',
      ignoreTLS: smtp.tls === 'none',
      ...auth,
    },
    // A password goes over no wire in the clear; on this machine there is none.
    requireTLS: smtp.tls === 'starttls' && !isLocal(host),
    tls: { rejectUnauthorized: !isLocal(host) },
    ...{ connectionTimeout: seconds(10), greetingTimeout: seconds(10), socketTimeout: seconds(20), logger: false as const },
  }
}

/** A mail server's own words may repeat what it was sent, so only its codes are kept (RFC 5321 §4.2.1: 5xx is final). */
function failed(error: unknown): Delivery {
  const codes = error as { code?: unknown; responseCode?: unknown }
  const status = typeof codes.responseCode === 'number' ? codes.responseCode : undefined
  const isFinal = status !== undefined && status >= 500 && codes.code !== 'EAUTH'
  if (status !== undefined) return { kind: 'failed', isRetryable: !isFinal, reason: `the mail server answered ${status}` }
  return { kind: 'failed', isRetryable: true, reason: typeof codes.code === 'string' ? `mail: ${codes.code}` : sentenceOf(error) }
}
