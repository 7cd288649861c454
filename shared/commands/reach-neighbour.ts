import { z } from 'zod'
import { NeighbourFound, NeighbourPlace } from '../domain/neighbours.ts'
import { minutes } from '../domain/time.ts'
import { defineCommand } from './define-command.ts'

export default defineCommand({
  verb: 'reach-neighbour',
  title: 'Try whether an isolated machine of this network can still be reached',
  args: z.object({
    /** Whom it is about; for the journals. */
    endpointId: z.string().max(64),
    name: z.string().max(253),
    ticketId: z.string().max(64).optional(),
    places: z.array(NeighbourPlace).min(1).max(4),
  }),
  output: z.object({
    found: NeighbourFound,
    /** What was sent, such as "udp 10.0.0.7:9"; absent: nothing was. */
    probe: z.string().optional(),
    /** When the same probe was answered last, before these; epoch ms by this agent's clock. */
    answeredAt: z.number().int().nullable(),
    /** Of each that was sent now. */
    answers: z.array(z.string()),
  }),
  risk: 'protective',
  ttlMs: minutes(2),
  platforms: ['linux'],
  isIdempotent: true,
  isUrgent: true,
})
