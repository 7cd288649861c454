import { dropMail, heldMail, takeMail } from '../mailbox/mailbox.ts'
import type { Store, Within } from '../store/store.ts'
import { commentNow } from './comment-now.ts'
import type { Desk, DeskOutcome, Person } from './desk.ts'

/** Mails that wait for a person: on which ticket they belong, if on any. */
export interface HeldMails {
  /** Says it on the ticket, as what it is: words of this sender, let through by this person. `missing`: no such mail waits. */
  take(id: string, ticketId: string, person: Person): Promise<DeskOutcome>
  /** @returns false: no such mail waits. */
  drop(id: string, within?: Within): Promise<boolean>
}

export function createHeldMails({ store: { db }, desk }: { store: Store; desk: Pick<Desk, 'comment'> }): HeldMails {
  return {
    async take(id, ticketId, person) {
      const mail = await heldMail(db, id)
      if (!mail) return { kind: 'missing' }
      const text = `${mail.sender} wrote by mail, “${mail.subject}”:\n\n${mail.text}`
      const takes: Person = {
        ...person,
        async record(tx, made) {
          if (!(await takeMail(tx, id, ticketId))) throw new TakenMeanwhile()
          await person.record?.(tx, made)
        },
      }
      return commentNow({ db, desk }, { ticketId, person: takes, text }).catch((error: unknown): DeskOutcome => {
        if (error instanceof TakenMeanwhile) return { kind: 'missing' }
        throw error
      })
    },
    drop: (id, within) =>
      db.transaction().execute(async (tx) => {
        const isDropped = await dropMail(tx, id)
        if (isDropped) await within?.(tx)
        return isDropped
      }),
  }
}

/** Undoes the comment that it is thrown within. */
class TakenMeanwhile extends Error {}
