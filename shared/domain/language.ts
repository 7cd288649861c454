import { z } from 'zod'

/** In which customers are told; each is a file of its own in server/notify/words. */
export const Language = z.enum(['en', 'de'])
export type Language = z.infer<typeof Language>
