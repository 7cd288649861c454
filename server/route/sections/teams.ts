import { z } from 'zod'
import { Power } from '#shared/api/session.ts'
import { Role } from '#shared/domain/endpoint.ts'
import { Tier } from '#shared/domain/tier.ts'
import { Name, refuse } from './words.ts'

/** "answer-ask on workstation" → that power, for that role only. */
const GrantedPower = z.string().transform((text, context) => {
  const [power, role] = text.split(' on ')
  const parsed = z.object({ power: Power, role: Role.optional() }).safeParse({ power, role })
  return parsed.success
    ? parsed.data
    : refuse(context, `"${text}" is no power; write one of ${Power.options.join(', ')}, or "answer-ask on workstation"`)
})

export const Teams = z.record(
  Name,
  z.strictObject({
    tier: Tier,
    powers: z.array(GrantedPower),
    passesTo: Name.optional(),
    /** The hours in which its time-boxes count. Absent: those of the promise. */
    calendar: Name.optional(),
    /** Of each customer's own people, who see their organisation only. */
    isCustomers: z.boolean().default(false),
  }),
)
