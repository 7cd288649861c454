import { z } from 'zod'
import { defineNotifier } from '../notifier.ts'

/** A mail in plain text, through the mail server that the operator named. Mails of one ticket are one thread. */
export default defineNotifier({
  name: 'email',
  settings: z.strictObject({ to: z.email().max(320) }),
  deliver: ({ id, ticketNumber, said }, { to }, { sendMail }) =>
    sendMail({
      ...{ id, to, subject: said.title, ticketNumber },
      text: [...said.lines, ...(said.link === null ? [] : ['', said.link])].join('\n'),
    }),
})
