import { z } from 'zod'
import { Authorities } from '../authority.ts'
import { defineDocument } from '../document.ts'

/**
 * Who may say who may command. An agent that has pinned nobody (`trust: collector`) pins `first`, and from then on
 * believes successions only, each signed by the authority that stays; so the collector's word counts here once.
 */
export default defineDocument({
  name: 'authorities',
  content: z.object({ first: Authorities, successions: z.array(z.string().max(2_000)).max(20) }),
})
