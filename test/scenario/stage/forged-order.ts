import { randomBytes, randomUUID } from 'node:crypto'
import type { CommandOrder } from '#shared/domain/command.ts'
import type { HostileCollector } from './hostile-collector.ts'

/** @returns what the agent said became of it. */
export async function tryCommand(hostile: HostileCollector, order: CommandOrder, sign: (order: CommandOrder) => Promise<string>) {
  hostile.command(await sign(order))
  const { startedAt, outcome, detail } = await hostile.resultOf(order.id)
  return { hasRun: startedAt !== null, said: `${outcome}: ${detail}` }
}

export const orderFor = ({ endpointId }: { endpointId: string }, more: Partial<CommandOrder> = {}): CommandOrder => ({
  ...{ id: randomUUID(), verb: 'release-host', args: {}, endpoints: [endpointId], nonce: randomBytes(16).toString('base64url') },
  ...{ issuedAt: Date.now(), expiresAt: Date.now() + 60_000, requestedBy: 'somebody', reason: 'because' },
  ...more,
})
