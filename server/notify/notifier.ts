import type { z } from 'zod'
import type { Time } from '#shared/domain/time.ts'
import type { SendMail } from './mail.ts'
import type { Post } from './post.ts'

/** What people read. It may hold text of machines and strangers: it is sent as text, never as markup. */
export interface Said {
  title: string
  lines: string[]
  /** Where it is answered, after signing in; null: the collector doesn't know its own address. */
  link: string | null
}

/** What is told, with an id that stays the same however often it is tried. */
export interface Message {
  id: string
  /** ticket.opened, … */
  event: string
  ticketId: string | null
  /** What people say aloud. */
  ticketNumber: number | null
  createdAt: number
  body: unknown
  said: Said
  /** Somebody shall get up for it. */
  isPage: boolean
}

/** The notifier says whether trying again could help; outbox.ts decides when. */
export type Delivery = { kind: 'delivered' } | { kind: 'failed'; reason: string; isRetryable: boolean }

/** What a notifier may use of the world. `stop` ends it early. */
export interface Around {
  time: Time
  stop: AbortSignal
  post: Post
  sendMail: SendMail
}

/** A way to tell somebody: one file describes itself. */
export interface Notifier<Settings extends z.ZodType = z.ZodType> {
  name: string
  settings: Settings
  /** Never throws for what the other side does or leaves undone. */
  deliver(message: Message, settings: z.infer<Settings>, around: Around): Promise<Delivery>
}

export const defineNotifier = <Settings extends z.ZodType>(notifier: Notifier<Settings>): Notifier<Settings> => notifier
