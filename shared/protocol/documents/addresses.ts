import { z } from 'zod'
import { defineDocument } from '../document.ts'

/**
 * Where the agents' port answers, in the order in which agents try; the address they enrolled with comes last of all. A
 * list can't lead an agent to a stranger, because whoever answers must still show a certificate of the pinned CA. It does
 * open an isolated machine's firewall for what it names, so it is worth a signature.
 */
export const CollectorAddress = z
  .string()
  .max(300)
  .refine(isOrigin, 'an address is https://host:port and nothing more, such as https://rmm.example.org:7843')

export default defineDocument({
  name: 'addresses',
  content: z.object({ collectors: z.array(CollectorAddress).min(1).max(10) }),
})

/** Written the way a URL's origin is: lower case, no path, no user, no port where it is 443. */
function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'https:' && new URL(text).origin === text
}
