import { ImapFlow } from 'imapflow'
import type { Logger } from 'pino'
import { type Cancel, minutes, seconds, type Time } from '#shared/domain/time.ts'
import type { MailSettings } from '../notify/mail-settings.ts'

/** Looked at again even where the server says nothing of new mail. */
const everyMs = minutes(1)
/** A mail of this size is no answer; what is longer is read as far. */
const maxBytes = 1_048_576
/** So many in one go; the rest comes next. */
const maxAtOnce = 50

export interface CollectOptions {
  settings: NonNullable<MailSettings['imap']>
  time: Time
  log: Logger
  /** Has kept it, when it comes back. */
  take(raw: Buffer): Promise<void>
}

/** Reads what nobody has read, and marks it as read once it is kept. @returns its stop. */
export function startCollecting(options: CollectOptions): () => Promise<void> {
  const { time, log } = options
  let isStopped = false
  let cancel: Cancel = () => undefined
  let looking: Promise<void> = Promise.resolve()
  const look = (): void => {
    looking = collect(options, () => isStopped)
      .then(
        (isMore) => (isMore ? seconds(1) : everyMs),
        (error: unknown) => {
          // Its own words may repeat what was sent to it, a password too.
          log.warn({ code: (error as { code?: unknown }).code }, 'the mailbox could not be read; trying again in a minute')
          return everyMs
        },
      )
      .then((ms) => {
        if (!isStopped) cancel = time.after(ms, look)
      })
  }
  cancel = time.after(0, look)
  return async () => {
    isStopped = true
    cancel()
    await looking
  }
}

/** @returns whether there is more. A connection of its own each time: nothing has to be noticed to be dead. */
async function collect({ settings, take }: CollectOptions, isStopped: () => boolean): Promise<boolean> {
  const client = new ImapFlow(clientOf(settings))
  // Without a listener a socket that breaks would end the process; the call that waits for it fails as well.
  client.on('error', () => undefined)
  await client.connect()
  try {
    const lock = await client.getMailboxLock(settings.folder)
    try {
      const found = await client.search({ seen: false }, { uid: true })
      const uids = found === false || found === undefined ? [] : found
      const failures: unknown[] = []
      for (const uid of uids.slice(0, maxAtOnce)) {
        if (isStopped()) return false
        failures.push(...(await takeOne(client, String(uid), take)))
      }
      if (failures.length > 0) throw failures[0]
      return uids.length > maxAtOnce
    } finally {
      lock.release()
    }
  } finally {
    await client.logout().catch(() => client.close())
  }
}

/** @returns why it could not be kept: it stays unread then, and keeps no other from being read. */
async function takeOne(client: ImapFlow, uid: string, take: CollectOptions['take']): Promise<unknown[]> {
  const message = await client.fetchOne(uid, { source: { maxLength: maxBytes } }, { uid: true })
  const source = message ? message.source : undefined
  try {
    if (source) await take(source)
  } catch (error) {
    return [error]
  }
  await client.messageFlagsAdd(uid, ['\\Seen'], { uid: true })
  return []
}

const isLocal = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')

function clientOf({ host, port, user = '', password = '', tls }: CollectOptions['settings']) {
  return {
    ...{ host, port, secure: tls === 'from-the-start', auth: { user, pass: password }, logger: false as const },
    // A password goes over no wire in the clear; on this machine there is none.
    doSTARTTLS: tls === 'starttls' ? true : tls === 'none' && isLocal(host) ? false : undefined,
    tls: { rejectUnauthorized: !isLocal(host) },
    ...{ connectionTimeout: seconds(20), greetingTimeout: seconds(20), socketTimeout: minutes(2) },
  }
}
