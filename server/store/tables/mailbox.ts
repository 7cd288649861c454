/** What came into the mailbox; each mail once, whatever its mailbox says of it later. */
export interface MailsTable {
  /** Its Message-ID, or a hash of it where it has none. */
  id: string
  /** `taken`: stands on its ticket; `held`: waits for a person; `dropped`: nobody wrote it, or a person said so. */
  status: 'taken' | 'held' | 'dropped'
  /** Why, as a sentence. */
  reason: string
  sender: string
  subject: string
  text: string
  /** The ticket that it belongs to, as far as that is known. */
  ticket_id: string | null
  received_at: number
}

export interface MailboxTables {
  mails: MailsTable
}
