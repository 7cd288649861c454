import { isIP } from 'node:net'
import { sql } from 'kysely'
import type { Severity } from '#shared/domain/severity.ts'
import type { Facts } from '#shared/domain/signal.ts'
import { raiseWithin } from '../../ingest/handled.ts'
import type { OwnTrouble } from '../../ingest/rows.ts'
import type { Matrix } from '../../route/matrix.ts'
import type { Tx } from '../../store/store.ts'
import type { SignalRow } from '../world.ts'

/*
 * A machine says who attacks it: from where passwords are tried, which client encrypts through its share. Whoever that is, is to be
 * contained, never the machine that suffers it. Where it is one of ours, it gets a ticket of its own. Promises: only a connected machine
 * of the same organisation and site, and only where one alone has that address: private addresses are the same at every customer.
 */

interface Accusation {
  kind: string
  severity: Severity
  address: unknown
  says: string
}

function accusationOf({ kind, severity }: SignalRow, facts: Facts): Accusation | undefined {
  if (kind === 'security.ransomware.encryption' && facts.throughShare === true) {
    const says = 'This machine encrypts files of another through a share'
    return { kind: 'security.ransomware.through-share', severity: 'critical', address: facts.clientAddress, says }
  }
  if (severity !== 'high' || !['security.logon.bruteforce', 'security.logon.spray'].includes(kind)) return undefined
  return { kind: 'security.logon.from-here', severity, address: facts.source, says: 'This machine tries to sign in to another' }
}

/** @returns whether any machine was accused. */
export async function raiseAccused(tx: Tx, signals: readonly SignalRow[], { containment }: Matrix, now: number): Promise<boolean> {
  const fresh = signals.filter(
    ({ kind, state, endpoint_id, age_ms }) =>
      kind.startsWith('security.') && state !== 'cleared' && endpoint_id !== null && age_ms <= containment.lateAfter,
  )
  const troubles = new Map<string, OwnTrouble>()
  for (const signal of fresh) {
    const accused = await troubleOf(tx, signal)
    if (accused) troubles.set(`${accused.endpointId} ${accused.kind}`, accused)
  }
  for (const trouble of troubles.values()) await raiseWithin(tx, trouble, now)
  return troubles.size > 0
}

async function troubleOf(tx: Tx, signal: SignalRow): Promise<OwnTrouble | undefined> {
  const accusation = accusationOf(signal, JSON.parse(signal.facts) as Facts)
  if (!accusation || typeof accusation.address !== 'string' || isIP(accusation.address) === 0) return undefined
  const { kind, severity, address, says } = accusation
  const machine = await machineAt(tx, signal.endpoint_id ?? '', address)
  if (!machine) return undefined
  const summary = `${says}: ${machine.witness} says so of its address ${address}. ${signal.summary}`.slice(0, 500)
  const facts = { address, witness: machine.witness, witnessId: signal.endpoint_id, says: signal.kind }
  return { organisationId: signal.organisation_id, endpointId: machine.id, kind, severity, fingerprint: kind, summary, facts }
}

/** The one machine beside this one that has this address now; undefined: none, or several. */
async function machineAt(tx: Tx, witnessId: string, address: string): Promise<{ id: string; witness: string } | undefined> {
  const witness = await tx
    .selectFrom('endpoints')
    .select(['organisation_id', 'site_id', 'hostname'])
    .where('id', '=', witnessId)
    .executeTakeFirst()
  if (!witness) return undefined
  const found = await tx
    .selectFrom('endpoints')
    .innerJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .innerJoin('presences', 'presences.endpoint_id', 'endpoints.id')
    .select('endpoints.id')
    .where('organisation_id', '=', witness.organisation_id)
    .where('site_id', witness.site_id === null ? 'is' : '=', witness.site_id)
    .where('removed_at', 'is', null)
    .where('is_connected', '=', 1)
    .where(sql<boolean>`inventories.places like ${`%"address":"${address}"%`}`)
    .limit(2)
    .execute()
  const [only, ...others] = found
  return only && others.length === 0 && only.id !== witnessId ? { id: only.id, witness: witness.hostname } : undefined
}
