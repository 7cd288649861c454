import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Time } from '#shared/domain/time.ts'
import { startCollecting } from '../mailbox/collect.ts'
import { judge, keepMail, lookUp, type Verdict } from '../mailbox/mailbox.ts'
import { type ReadMail, readMail } from '../mailbox/read-mail.ts'
import { type MailSettings, mailDomain } from '../notify/mail-settings.ts'
import type { TicketTokens } from '../notify/ticket-token.ts'
import type { Store } from '../store/store.ts'
import { commentNow } from './comment-now.ts'
import type { Desk } from './desk.ts'

export interface AnswersOptions {
  settings: MailSettings | undefined
  tokens: TicketTokens
  store: Store
  desk: Pick<Desk, 'comment' | 'hearCustomer' | 'open'>
  time: Time
  log: Logger
}

/** Answers that come by mail, each to its ticket. @returns its stop. */
export function startAnswers({ settings, log, time, ...room }: AnswersOptions): () => Promise<void> {
  if (!settings?.imap) return async () => undefined
  const ownServer = settings.imap.trusts ?? mailDomain(settings.from)
  return startCollecting({ settings: settings.imap, time, log, take: createTake({ ...room, time, ownServer }) })
}

export function createTake({
  store,
  tokens,
  desk,
  time,
  ownServer,
}: Omit<AnswersOptions, 'settings' | 'log'> & { ownServer: string | undefined }): (raw: Buffer) => Promise<void> {
  return async (raw) => {
    const mail = await readMail(raw, ownServer)
    const now = time.now()
    const known = await lookUp(store.db, mail, tokens.numberIn(mail.threads), now)
    if (!known) return
    const verdict = judge(mail, known)
    const kept = verdict.kind === 'take' ? await say(desk, store, verdict, mail.text) : verdict
    const ticketId = verdict.kind === 'open' ? await desk.open({ ...verdict, ...requestIn(mail) }) : undefined
    await keepMail(store, mail, kept, now, ticketId)
  }
}

/** Nobody asked them whether they can carry on, so they can't. */
const requestIn = ({ id, subject, text }: ReadMail) => ({
  ...{ title: subject === '' ? text.slice(0, 100) : subject, text, urgency: 'high' as const },
  key: `mail:${createHash('sha256').update(id).digest('hex').slice(0, 32)}`,
})

async function say(
  desk: AnswersOptions['desk'],
  { db }: Store,
  verdict: Extract<Verdict, { kind: 'take' }>,
  text: string,
): Promise<Verdict> {
  const { ticketId, person } = verdict
  const said = { ticketId, person, text }
  const outcome = person.isStaff ? await commentNow({ db, desk }, said) : await desk.hearCustomer(said)
  return outcome.kind === 'done' ? verdict : { kind: 'hold', reason: `the ticket did not take it (${outcome.kind})`, ticketId }
}
