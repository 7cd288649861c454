import type { HeldMail } from '#shared/api/mails.ts'
import type { View } from '../view.ts'

/** More than anybody goes through at once; the rest follows as these are decided. */
const maxRows = 200

export async function readHeldMails(view: View): Promise<HeldMail[]> {
  const rows = await view.heldMails().selectAll().orderBy('received_at').limit(maxRows).execute()
  return rows.map(({ id, sender, subject, text, reason, ticket_id, received_at }) => ({
    ...{ id, sender, subject, text, reason, ticketId: ticket_id, receivedAt: received_at },
  }))
}
