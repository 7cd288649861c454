import { DropMail, HeldMails, MailSettled, TakeMail } from '#shared/api/mails.ts'
import { mustBeDone } from '../desk-outcome.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { readHeldMails } from '../reads/mails.ts'
import { defineRoute, type Route } from '../route.ts'
import { actorIn } from './tickets.ts'

const access = { who: 'person', power: 'work-tickets', reach: 'provider' } as const

/** What came by mail and waits for somebody: nobody knows whose it is, so it is the provider's to decide. */
export default function mails({ heldMails }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/mails',
      summary: 'Mails that wait for a person: an unknown or doubted sender, or no ticket that they answer',
      access,
      answer: HeldMails,
      handle: async ({ by }) => ({ mails: await readHeldMails(by.view) }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/mails/take',
      summary: 'Put a mail that waits on a ticket',
      access,
      names: { 'body.ticketId': 'ticket' },
      action: 'mail.take',
      body: TakeMail,
      answer: MailSettled,
      handle: async ({ body: { mail, ticketId }, by }) => {
        mustBeDone(await heldMails.take(mail, ticketId, actorIn(by)))
        return { mail }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/mails/drop',
      summary: 'Put a mail that waits aside',
      access,
      action: 'mail.drop',
      body: DropMail,
      answer: MailSettled,
      handle: async ({ body: { mail }, by }) => {
        if (!(await heldMails.drop(mail, by.record))) throw refuse('not-found', 'No such mail waits: somebody has decided on it.')
        return { mail }
      },
    }),
  ]
}
