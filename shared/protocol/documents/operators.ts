import { z } from 'zod'
import { Operator } from '../authority.ts'
import { defineDocument } from '../document.ts'

/** Whoever is not in the newest register is an operator no longer; that is how one is revoked. */
export const maxOperators = 60

/** Everybody whose key may sign commands, whole; by one of the authorities, renewed every few days. */
export default defineDocument({
  name: 'operators',
  signedBy: 'authority',
  content: z.object({ operators: z.array(Operator).max(maxOperators) }),
})
