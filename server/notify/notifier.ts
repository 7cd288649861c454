import type { z } from 'zod'
import type { Time } from '#shared/domain/time.ts'

/** What is told, with an id that stays the same however often it is tried. */
export interface Message {
  id: string
  /** ticket.opened, … */
  event: string
  ticketId: string | null
  createdAt: number
  body: unknown
}

/** The notifier says whether trying again could help; outbox.ts decides when. */
export type Delivery = { kind: 'delivered' } | { kind: 'failed'; reason: string; isRetryable: boolean }

/** A way to tell somebody: one file describes itself. */
export interface Notifier<Settings extends z.ZodType = z.ZodType> {
  name: string
  settings: Settings
  /** Never throws for what the other side does or leaves undone. `stop` ends it early. */
  deliver(message: Message, settings: z.infer<Settings>, time: Time, stop: AbortSignal): Promise<Delivery>
}

export const defineNotifier = <Settings extends z.ZodType>(notifier: Notifier<Settings>): Notifier<Settings> => notifier
