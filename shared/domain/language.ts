import { z } from 'zod'

/** In which customers are told; each is a file of its own in server/notify/words. */
export const Language = z.enum(['en', 'de'])
export type Language = z.infer<typeof Language>

/** Whom the person at an isolated machine calls, such as "Service desk 030 1234567". */
export const CallWhom = z.array(z.string().trim().min(1).max(120)).max(3)
