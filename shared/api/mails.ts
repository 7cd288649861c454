import { z } from 'zod'

/** A mail that nobody took for granted: its sender is unknown or doubted, or it answers no ticket. All of it is a stranger's text. */
export const HeldMail = z.object({
  /** Its Message-ID. */
  id: z.string(),
  sender: z.string(),
  subject: z.string(),
  text: z.string(),
  /** Why it waits, as a sentence. */
  reason: z.string(),
  /** What it claims to answer. */
  ticketId: z.string().nullable(),
  receivedAt: z.number().int(),
})
export type HeldMail = z.infer<typeof HeldMail>

/** GET /api/mails (staff of the provider): those that wait for a person, the oldest first. */
export const HeldMails = z.object({ mails: z.array(HeldMail) })
/** POST /api/mails/take: it stands on this ticket from now on. */
export const TakeMail = z.object({ mail: z.string().max(1_000), ticketId: z.string().max(64) })
/** POST /api/mails/drop */
export const DropMail = z.object({ mail: z.string().max(1_000) })
export const MailSettled = z.object({ mail: z.string() })
