import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import { Fault } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import { startCollecting } from '../mailbox/collect.ts'
import { isKept, judge, keepMail, lookUp, type Verdict } from '../mailbox/mailbox.ts'
import { type ReadMail, readMail } from '../mailbox/read-mail.ts'
import { type MailSettings, mailDomain } from '../notify/mail-settings.ts'
import type { TicketTokens } from '../notify/ticket-token.ts'
import type { Store, Tx, Within } from '../store/store.ts'
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
    const keepAs = (verdict: Verdict) => (tx: Tx, openedId?: string) =>
      keepMail(tx, store.capabilities, mail, { verdict, now, openedId: openedId ?? null })
    const once = async (tx: Tx): Promise<void> => {
      if (await isKept(tx, mail.id)) throw new Fault('mail-kept', 'Somebody else read this mail at the same moment.')
      await keepAs(verdict)(tx)
    }
    const kept = verdict.kind === 'take' ? await say({ desk, store }, verdict, mail.text, once) : verdict
    const openedId = verdict.kind === 'open' ? await desk.open({ ...verdict, ...requestIn(mail), record: keepAs(verdict) }) : undefined
    // What a ticket has is kept by now; of what was opened before, or is on none, it is still to be written.
    if (kept.kind !== 'take') await store.db.transaction().execute((tx) => keepAs(kept)(tx, openedId))
  }
}

/** Nobody asked them whether they can carry on, so they can't. */
const requestIn = ({ id, subject, text }: ReadMail) => ({
  ...{ title: subject === '' ? text.slice(0, 100) : subject, text, urgency: 'high' as const },
  key: `mail:${createHash('sha256').update(id).digest('hex').slice(0, 32)}`,
})

/** @param keep what is kept in one transaction with it. */
async function say(
  { desk, store: { db } }: Pick<AnswersOptions, 'desk' | 'store'>,
  verdict: Extract<Verdict, { kind: 'take' }>,
  text: string,
  keep: Within,
): Promise<Verdict> {
  const { ticketId, person } = verdict
  const said = { ticketId, person: { ...person, record: keep }, text }
  const outcome = person.isStaff ? await commentNow({ db, desk }, said) : await desk.hearCustomer(said)
  return outcome.kind === 'done' ? verdict : { kind: 'hold', reason: `the ticket did not take it (${outcome.kind})`, ticketId }
}
