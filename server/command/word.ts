import type { DesiredIsolation, IsolationStatus } from '#shared/domain/endpoint.ts'
import { plainText } from '#shared/domain/plain-text.ts'
import type { Tx } from '../store/store.ts'
import { desiredBy, putDesired } from './command.ts'

/**
 * What an agent says its machine's network is, or is on its way to; undefined: it failed on a way that we don't know.
 * Whether there is a proof is no matter here: what it holds on to, it goes on proving.
 * @param verb of the command that it names, as far as we know that command.
 */
export function wordOf({ actual }: Pick<IsolationStatus, 'actual'>, verb: string | undefined): DesiredIsolation | undefined {
  switch (actual) {
    case 'open':
    case 'releasing':
    case 'refused':
      return 'open'
    case 'isolated':
    case 'isolating':
    case 'unproven':
    case 'ineffective':
    case 'drifted':
      return 'isolated'
    case 'failed':
      return verb === undefined ? undefined : desiredBy[verb]
  }
}

/** What an agent's word is compared with: what was wanted when the backup was made. */
export interface Known {
  desired: DesiredIsolation
  /** Of that wish; 0: nobody ever wanted anything. */
  desiredAt: number
  /** Of the command that the agent names. */
  verb: string | undefined
}

export async function readKnown(tx: Tx, endpointId: string, { commandId }: IsolationStatus): Promise<Known> {
  const row = await tx.selectFrom('isolations').select(['desired', 'desired_at']).where('endpoint_id', '=', endpointId).executeTakeFirst()
  const named = tx.selectFrom('commands').select('verb').where('endpoint_id', '=', endpointId)
  const command =
    commandId === undefined
      ? undefined
      : await named
          .where(({ eb, or }) => or([eb('id', '=', plainText(commandId)), eb('bulk_id', '=', plainText(commandId))]))
          .executeTakeFirst()
  return { desired: row?.desired ?? 'open', desiredAt: row?.desired_at ?? 0, verb: command?.verb }
}

/** Its word is what is wanted from now on. No command goes out for it: it is true already. */
export const adoptWord = (tx: Tx, endpointId: string, said: DesiredIsolation, now: number): Promise<void> =>
  putDesired(tx, endpointId, { desired: said, desired_at: now, desired_by: 'agent' })
